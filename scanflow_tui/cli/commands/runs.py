"""``scanflow runs``: the runs of a session, or the nodes of one, with the reasons."""

from __future__ import annotations

from scanflow_tui.cli import output, reach
from scanflow_tui.cli.commands.status import run_json
from scanflow_tui.cli.figures import why
from scanflow_tui.contract.states import FACES
from scanflow_tui.session.unreached import state_shown


def execute(session: str | None, number: int | None, root: str | None, as_json: bool) -> int:
    """Print runs, or one run's nodes."""
    with reach.reading(session, root) as link:
        state = link.state
    if number is not None:
        run = reach.run_of(state, number)
        if as_json:
            output.write_json(run_json(state, run.number))
            return 0
        rows = []
        for node in run.nodes.values():
            last = node.attempts[-1] if node.attempts else None
            face = FACES[state_shown(run, node)]
            rows.append(
                (
                    f"{face.symbol} {face.word}",
                    node.id,
                    f"{last.seconds:.1f} s" if last and last.seconds is not None else "",
                    why(run, node),
                )
            )
        output.table(("state", "node", "time", "reason"), rows)
        if not any(node.attempts for node in run.nodes.values()):
            output.note(f"run {run.number} started no step")
        return 0
    if as_json:
        output.write_json([run_json(state, known) for known in state.runs])
        return 0
    listed: list[tuple[str, ...]] = []
    for run in state.runs.values():
        face = FACES[run.state]
        listed.append(
            (
                str(run.number),
                f"{face.symbol} {face.word}",
                run.batch or "",
                run.check.finding.verdict if run.check else "",
                run.decision.action if run.decision else "",
                run.reason,
            )
        )
    output.table(("run", "state", "batch", "verdict", "action", "reason"), listed)
    return 0
