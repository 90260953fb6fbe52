"""``scanflow gc``: show what no session names, then remove it when told so."""

from __future__ import annotations

import time
from contextlib import nullcontext

from scanflow_tui.cli import output
from scanflow_tui.cli.storing import folders_of, names_of, size_text
from scanflow_tui.contract.errors import UsageError
from scanflow_tui.session import keeping, places

SHOWN_MAX = 20


def execute(remove: bool, age_min: int, root: str | None, as_json: bool) -> int:
    """List, or remove. Nothing is removed while a session is at work, or cannot be read."""
    if age_min < 0:
        raise UsageError(f"an age is not negative: {age_min}")
    folder = places.sessions_root(root)
    sessions = folders_of(folder)
    with keeping.at_rest(sessions) if remove else nullcontext():
        named: set[str] = set()
        for session in sessions:
            named |= names_of(session)
        held = keeping.holdings(folder)
        gone = keeping.unnamed(folder, held, named, time.time(), age_min * 60)
        n_bytes = sum(item.n_bytes for item in gone)
        if remove:
            n_bytes = keeping.release(folder, gone, lambda item: None)
    if as_json:
        output.write_json(
            {
                "sessions": str(folder),
                "removed": remove,
                "bytes": n_bytes,
                "items": [
                    {"kind": item.kind, "name": item.name, "bytes": item.n_bytes} for item in gone
                ],
            }
        )
        return 0
    if not folder.is_dir():
        output.write(f"No sessions in {folder} yet.")
        return 0
    if not gone:
        output.write(f"Every artifact in {folder} is named by a session.")
        return 0
    rows = [(item.kind, item.name[:16], size_text(item.n_bytes)) for item in gone[:SHOWN_MAX]]
    output.table(("kind", "name", "size"), rows)
    if len(gone) > SHOWN_MAX:
        output.write(f"and {len(gone) - SHOWN_MAX} more (--json lists all)")
    if remove:
        output.write(f"{len(gone)} removed, {size_text(n_bytes)} free again")
    else:
        said = f"{len(gone)} that no session names, {size_text(n_bytes)}; nothing was removed: "
        output.write(said + "scanflow gc --yes does")
    return 0
