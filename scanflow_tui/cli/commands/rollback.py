"""``scanflow rollback``: put an earlier version of the model back into production."""

from __future__ import annotations

from scanflow_tui.cli import output, reach
from scanflow_tui.contract.commands import RollBack
from scanflow_tui.contract.errors import Refused


def execute(
    session: str | None, to: int | None, reason: str, root: str | None, as_json: bool
) -> int:
    """One act; what is in production is compared first."""
    with reach.acting(session, root) as link:
        now = link.state.champion
        if now is None:
            raise Refused("no model is in production yet")
        back = link.send(RollBack(now, to, reason)).value
    if as_json:
        output.write_json({"from": now, "to": int(back)})
    else:
        output.write(f"version {back} is in production again (was {now})")
    return 0
