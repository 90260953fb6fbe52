"""``scanflow status``: where a session stands, and what a person has to do."""

from __future__ import annotations

from typing import Any

from scanflow_tui.cli import output, reach
from scanflow_tui.cli.figures import engine_line, troubled, why
from scanflow_tui.contract.errors import PersonNeeded
from scanflow_tui.contract.states import FACES, RUN_ENDED
from scanflow_tui.session.folds import needs, summary
from scanflow_tui.session.state import RunView, SessionState
from scanflow_tui.session.unreached import unreached

ACTS = {
    "label": "scanflow label {session}",
    "decide": "scanflow decide --session {session}",
    "approve": "scanflow approve {session}",
}


def execute(session: str | None, root: str | None, as_json: bool) -> int:
    """Print the state; exit 7 when a person has to act."""
    with reach.reading(session, root) as link:
        state = link.state
    asked = needs(state)
    if as_json:
        output.write_json(status_json(state))
    else:
        output.write(f"{state.name}: {summary(state)}")
        if line := engine_line(state):
            output.write(f"  {line}")
        for run in state.runs.values():
            batch = f", batch {run.batch}" if run.batch else ""
            verdict = f", {run.check.finding.verdict}" if run.check else ""
            face = FACES[run.state]
            said = f"run {run.number}{batch}{verdict}: {face.word} {run.reason}".rstrip()
            output.write(f"  {face.symbol} {said}")
            if run.state not in RUN_ENDED or run.number == max(state.runs):
                _print_troubled(state.name, run)
        for run_number, node, form in asked:
            act = ACTS[form].format(session=state.name)
            output.write(f"  ? node {node} of run {run_number} needs you: {act}")
    return PersonNeeded.exit_code if asked else 0


def _print_troubled(session: str, run: RunView) -> None:
    """The nodes that went wrong or wait, and the commands that help."""
    for node in troubled(run):
        output.write(f"    {FACES[node.state].symbol} {node.id}: {why(run, node)}")
    failed = [node.id for node in troubled(run) if node.state != "queued"]
    if failed and run.state == "failed":
        where = f"--session {session} --run {run.number}"
        output.write(f"    its log: scanflow logs {failed[0]} {where}")
        output.write(f"    again, when it is mended: scanflow retry {where}")


def status_json(state: SessionState) -> dict[str, Any]:
    """What the table says, for machines."""
    return {
        "session": state.name,
        "id": state.session,
        "seq": state.seq,
        "summary": summary(state),
        "engine": state.engine,
        "engine_reason": state.engine_reason,
        "engine_answers": state.engine_reachable,
        "champion": state.champion,
        "needs": [
            {
                "run": run,
                "node": node,
                "form": form,
                "command": ACTS[form].format(session=state.name),
            }
            for run, node, form in needs(state)
        ],
        "runs": [run_json(state, number) for number in state.runs],
    }


def run_json(state: SessionState, number: int) -> dict[str, Any]:
    """One run with its nodes, for machines."""
    run = state.runs[number]
    return {
        "run": number,
        "batch": run.batch,
        "champion": run.champion,
        "state": run.state,
        "reason": run.reason,
        "verdict": run.check.finding.verdict if run.check else None,
        "action": run.decision.action if run.decision else None,
        "nodes": [
            {
                "node": node.id,
                "state": node.state,
                "reason": unreached(run, node) or node.reason,
                "attempts": len(node.attempts),
                "attempt": node.attempts[-1].name if node.attempts else None,
                "asks": list(node.attempts[-1].asks) if node.attempts else [],
                "seconds": node.attempts[-1].seconds if node.attempts else None,
                "cpu_s": node.attempts[-1].cpu_s if node.attempts else None,
                "outcome": node.attempts[-1].outcome if node.attempts else "",
                "waits_for": node.attempts[-1].queued_reason if node.attempts else "",
            }
            for node in run.nodes.values()
        ],
    }
