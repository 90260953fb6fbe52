"""``scanflow cancel``: cancel a run, or one of its nodes."""

from __future__ import annotations

from scanflow_tui.cli import output, reach
from scanflow_tui.contract.commands import Cancel
from scanflow_tui.contract.states import RUN_ENDED


def execute(
    session: str | None, number: int | None, node: str | None, root: str | None, as_json: bool
) -> int:
    """Ask for it; the outcome comes when the steps have ended."""
    with reach.acting(session, root) as link:
        run = reach.latest_run(link.state, number, lambda run: run.state not in RUN_ENDED)
        link.send(Cancel(run.number, node))
    if as_json:
        output.write_json({"run": run.number, "node": node, "cancelled": True})
    else:
        output.write(f"run {run.number}{f', node {node}' if node else ''}: asked to end")
    return 0
