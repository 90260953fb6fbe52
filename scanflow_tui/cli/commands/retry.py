"""``scanflow retry``: try a failed node again."""

from __future__ import annotations

from scanflow_tui.cli import output, reach
from scanflow_tui.cli.commands.run import follow, report
from scanflow_tui.contract.commands import Retry
from scanflow_tui.contract.states import BAD
from scanflow_tui.session.state import RunView


def execute(
    node: str, session: str | None, number: int | None, root: str | None, as_json: bool
) -> int:
    """Try again and follow the run."""
    with reach.acting(session, root) as link:
        run = reach.latest_run(link.state, number, lambda run: _is_bad(run, node))
        link.send(Retry(run.number, node))
        follow(link, run.number)
        state = link.state
    output.note(f"node {node}: tried again")
    return report(state, run.number, as_json, detached=False)


def _is_bad(run: RunView, node: str) -> bool:
    return node in run.nodes and run.nodes[node].state in BAD
