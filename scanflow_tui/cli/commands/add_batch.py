"""``scanflow add-batch``: hand a production batch to a session; it is copied and checked."""

from __future__ import annotations

from pathlib import Path

from scanflow_tui.cli import output, reach
from scanflow_tui.cli.running import follow, report
from scanflow_tui.contract.commands import AddBatch
from scanflow_tui.contract.errors import Missing


def execute(path: str, session: str | None, wait: bool, root: str | None, as_json: bool) -> int:
    """Copy the batch; with ``--wait`` follow its run until it ends or needs a person."""
    full = Path(path).resolve()
    if not full.exists():
        raise Missing("there is no batch here", where=str(full))
    with reach.acting(session, root) as link:
        batch = link.send(AddBatch(str(full), full.name)).value
        if not wait:
            if as_json:
                output.write_json({"batch": batch})
            else:
                output.write(f"{batch}: arrived")
            return 0
        number = link.wait(
            lambda state: state.batches[batch].run if batch in state.batches else None
        )
        follow(link, number)
        state = link.state
    return report(state, number, as_json, detached=False)
