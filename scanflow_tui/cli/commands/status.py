"""``scanflow status``: where a session stands, and what a person has to do."""

from __future__ import annotations

from typing import Any

from scanflow_tui.cli import output, reach
from scanflow_tui.contract.errors import PersonNeeded
from scanflow_tui.contract.states import FACES
from scanflow_tui.session.folds import needs, summary
from scanflow_tui.session.state import SessionState

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
        for run in state.runs.values():
            batch = f", batch {run.batch}" if run.batch else ""
            verdict = f", {run.check.finding.verdict}" if run.check else ""
            face = FACES[run.state]
            said = f"run {run.number}{batch}{verdict}: {face.word} {run.reason}".rstrip()
            output.write(f"  {face.symbol} {said}")
        for run_number, node, form in asked:
            act = ACTS[form].format(session=state.name)
            output.write(f"  ? node {node} of run {run_number} needs you: {act}")
    return PersonNeeded.exit_code if asked else 0


def status_json(state: SessionState) -> dict[str, Any]:
    """What the table says, for machines."""
    return {
        "session": state.name,
        "id": state.session,
        "seq": state.seq,
        "summary": summary(state),
        "engine": state.engine,
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
                "reason": node.reason,
                "attempts": len(node.attempts),
                "seconds": node.attempts[-1].seconds if node.attempts else None,
                "cpu_s": node.attempts[-1].cpu_s if node.attempts else None,
                "outcome": node.attempts[-1].outcome if node.attempts else "",
            }
            for node in run.nodes.values()
        ],
    }
