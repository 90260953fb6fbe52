"""Which attempts a run has, which to look at first, and their title. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanflow_tui.contract.states import ATTEMPT_ENDED
from scanflow_tui.tui.present.times import duration, elapsed
from scanflow_tui.tui.theme import face

if TYPE_CHECKING:
    from scanflow_tui.session.state import AttemptView, RunView, SessionState

Named = tuple[str, "AttemptView"]


def run_in_view(state: SessionState | None, wanted: int | None) -> RunView | None:
    """The run that was chosen, else the newest that is open, else the newest."""
    if state is None or not state.runs:
        return None
    if wanted in state.runs:
        return state.runs[wanted]
    open_ones = [run for run in state.runs.values() if run.ended_at is None]
    asking = [run for run in open_ones if run.state == "needs_you"]
    return (asking or open_ones[-1:] or [state.runs[max(state.runs)]])[0]


def attempts_of(run: RunView | None) -> list[Named]:
    """(node, attempt) in the order in which they were started."""
    if run is None:
        return []
    found = [(node.id, attempt) for node in run.nodes.values() for attempt in node.attempts]
    return sorted(found, key=lambda named: named[1].intended_at)


def first_to_read(attempts: list[Named], node: str | None) -> int:
    """Index of the attempt to show: the node's last, what runs, what failed, or the last."""
    of_node = [i for i, (name, _) in enumerate(attempts) if name == node]
    if of_node:
        return of_node[-1]
    for wanted in ({"running"}, {"failed", "lost", "doubt", "timed_out"}):
        fitting = [i for i, (_, attempt) in enumerate(attempts) if attempt.state in wanted]
        if fitting:
            return fitting[-1]
    return len(attempts) - 1


def title(named: Named, now_us: int, *, ascii: bool) -> str:
    """``train, attempt 1 · ✔ exit 0 · 41 s``."""
    node, attempt = named
    symbol, word, _ = face(attempt.state, ascii=ascii)
    text = f"{node}, attempt {attempt.number} · {symbol} "
    if attempt.state not in ATTEMPT_ENDED:
        since = attempt.claimed_at or attempt.intended_at
        return f"{text}{word} {elapsed((now_us - since) / 1e6)}"
    if attempt.signal is not None:
        text += f"signal {attempt.signal}"
    else:
        text += word if attempt.code is None else f"exit {attempt.code}"
    return text if attempt.seconds is None else f"{text} · {duration(attempt.seconds)}"
