"""``scanflow share GROUP`` and ``unshare``: who may label beside the owner."""

from __future__ import annotations

from scanflow_tui.cli import output, reach
from scanflow_tui.contract.commands import Share, Unshare


def execute(group: str | None, session: str | None, root: str | None, as_json: bool) -> int:
    """Admit a Unix group, or (None) nobody; says what its members type."""
    with reach.acting(session, root) as link:
        link.send(Unshare() if group is None else Share(group))
        folder = link.folder
    if as_json:
        output.write_json({"session": folder.name, "group": group})
    elif group is None:
        output.write(f"session {folder.name} is yours alone again; what others said stays")
    else:
        output.write(f"members of {group} may label session {folder.name} and read it:")
        output.write(f"  scanflow label {folder.name} --sessions {folder.parent}")
    return 0
