"""``scanflow retry``: try a node that ended badly again, or all of a run; what succeeded stays."""

from __future__ import annotations

from scanflow_tui.cli import output, reach
from scanflow_tui.cli.running import follow, report
from scanflow_tui.contract.commands import Retry
from scanflow_tui.contract.errors import UsageError
from scanflow_tui.contract.states import BAD, GOOD
from scanflow_tui.session.state import RunView

CODES = ("", "frozen", "new")


def execute(
    node: str | None,
    session: str | None,
    number: int | None,
    code: str,
    again: bool,
    root: str | None,
    as_json: bool,
) -> int:
    """Try again and follow the run. Changed code is refused until ``--code`` says which."""
    if code not in CODES:
        raise UsageError(f"there is no code {code!r}", hint="It is frozen or new.")
    with reach.acting(session, root) as link:
        run = reach.latest_run(link.state, number, lambda run: _is_meant(run, node, again))
        link.send(Retry(run.number, node, code, again))
        follow(link, run.number)
        state = link.state
    changes = state.runs[run.number].changes
    if code == "new" and changes:
        output.note(f"run {run.number} goes on with new {', '.join(changes)}")
    output.note(f"node {node}: tried again" if node else f"run {run.number}: resumed")
    return report(state, run.number, as_json, detached=False)


def _is_meant(run: RunView, node: str | None, again: bool) -> bool:
    if again:
        return node in run.nodes and run.nodes[node].state in (*GOOD, *BAD)
    if node is None:
        return run.state == "cancelled" or any(item.state in BAD for item in run.nodes.values())
    return node in run.nodes and run.nodes[node].state in BAD
