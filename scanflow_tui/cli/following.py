"""Following a run on the command line: what it came to, and progress while it goes."""

from __future__ import annotations

from scanflow_tui.cli.output import Progress
from scanflow_tui.client.source import Update
from scanflow_tui.contract.states import RUN_ENDED
from scanflow_tui.session.folds import needs
from scanflow_tui.session.state import SessionState


def end_of(state: SessionState, number: int) -> str | None:
    """The run's state once it ended, or waits for a person or for another run."""
    run = state.runs.get(number)
    if run is None:
        return None
    if run.state in RUN_ENDED:
        return run.state
    waits = run.state == "waiting" or any(asked == number for asked, _, _ in needs(state))
    return run.state if waits and not run.n_active else None


class Follower:
    """Tells progress from updates: the running nodes and the first one's own progress."""

    def __init__(self, number: int, tell: Progress) -> None:
        self._number = number
        self._tell = tell
        self._text = ""

    def seen(self, update: Update) -> None:
        """One update came."""
        run = update.state.runs.get(self._number)
        if run is None:
            return
        active = [node for node in run.nodes.values() if node.state in ("running", "retrying")]
        share: float | None = None
        if update.vitals is not None and active:
            vital = update.vitals.attempts.get(active[0].attempts[-1].name)
            share = vital.progress if vital else None
        held = [
            f"{node.id} waits: {node.attempts[-1].queued_reason}"
            for node in run.nodes.values()
            if node.state == "queued" and node.attempts and node.attempts[-1].queued_reason
        ]
        names = ", ".join([*(node.id for node in active), *held])
        if names:
            self._text = f"run {self._number}: {names}"
        self._tell(share, self._text)
