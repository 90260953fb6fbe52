"""``scanflow approve``: promote the candidate that was evaluated, or discard it."""

from __future__ import annotations

from scanflow_tui.cli import output, reach
from scanflow_tui.cli.figures import table_rows
from scanflow_tui.contract.commands import Approve, Discard
from scanflow_tui.contract.errors import PersonNeeded, Refused
from scanflow_tui.contract.evidence import Table, to_json
from scanflow_tui.session.folds import needs
from scanflow_tui.session.state import SessionState


def execute(
    session: str | None, discard: bool, show: bool, reason: str, root: str | None, as_json: bool
) -> int:
    """Print the evaluation, then promote or discard; exit 6 where the gate refuses."""
    if show:
        with reach.reading(session, root) as link:
            _, _, table = _asked(link.state)
        print_table(table, as_json)
        return PersonNeeded.exit_code
    with reach.acting(session, root) as link:
        run, node, table = _asked(link.state)
        if not as_json:
            print_table(table, as_json=False)
        if discard:
            link.send(Discard(run, node, reason))
            said = f"run {run}: the candidate was discarded"
        else:
            version = link.send(Approve(run, node, link.state.champion or 0, reason)).value
            said = f"version {version} is in production"
    if as_json:
        output.write_json(
            {"run": run, "promoted": not discard, "table": to_json(table), "said": said}
        )
    else:
        output.write(said)
    return 0


def _asked(state: SessionState) -> tuple[int, str, Table]:
    for run, node, form in needs(state):
        table = state.runs[run].table
        if form == "approve" and table is not None:
            return run, node, table
    raise Refused(f"session {state.name} asks for no approval now")


def print_table(table: Table, as_json: bool) -> None:
    """The evaluation, and what the gate says."""
    if as_json:
        output.write_json(to_json(table))
        return
    output.write(table.sentence)
    output.table(
        ("data", "n", "before", "no labels", "after", "change", "worst class"), table_rows(table)
    )
    for refusal in table.gate.refusals:
        output.write(f"the gate refuses: {refusal}")
    for warning in table.gate.warnings:
        output.write(f"note: {warning}")
