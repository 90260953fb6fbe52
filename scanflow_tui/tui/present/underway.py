"""What a run is still doing, where a screen has nothing of its own to show yet. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from scanflow_tui.contract.states import NODE_ENDED
from scanflow_tui.tui.theme import TONES, face

if TYPE_CHECKING:
    from scanflow_tui.session.state import RunView, SessionState
    from scanflow_tui.tui.known import Known

_OPEN = frozenset({"queued", "running", "retrying"})


def node_rows(known: Known, run: RunView) -> list[Text]:
    """A row a node that ran, runs or waits: state, how far, what it waits for."""
    rows = []
    for node in run.nodes.values():
        if node.state in NODE_ENDED and not node.attempts:
            continue
        symbol, word, tone = face(node.state)
        text = Text(f"  {symbol} {node.id:<12}{word}", TONES[tone], no_wrap=True, end="")
        vital = known.vital(node.attempts[-1].name) if node.attempts else None
        if vital is not None and node.state == "running" and vital.progress is not None:
            text.append(f"  {vital.progress:.0%} {vital.text}", TONES["plain"])
        other = None if known.state is None else runs_elsewhere(known.state, run, node.id)
        if other is not None:
            text.append(f"  {elsewhere_text(other)}", TONES["plain"])
        rows.append(text)
    return rows


def runs_elsewhere(state: SessionState, run: RunView, node_id: str) -> RunView | None:
    """The run whose running node this waiting one equals, by all that the state tells.

    Equal: same code, environment and champion, and every input a file or the champion's.
    """
    node = run.nodes.get(node_id)
    if node is None or node.state != "waiting" or node.planned != "run":
        return None
    for other in state.runs.values():
        twin = other.nodes.get(node_id)
        if other is run or twin is None or twin.state not in _OPEN or not twin.attempts:
            continue
        sources = twin.attempts[-1].sources.values()
        same = (other.code, other.environment, other.champion)
        if same == (run.code, run.environment, run.champion) and all(map(_is_shared, sources)):
            return other
    return None


def waits_elsewhere(state: SessionState | None, run: RunView | None) -> tuple[str, RunView] | None:
    """The first node of a run that waits for its like in another run, and that run."""
    if state is None or run is None:
        return None
    for node in run.nodes:
        other = runs_elsewhere(state, run, node)
        if other is not None:
            return node, other
    return None


def elsewhere_text(other: RunView) -> str:
    """Why a node waits although its inputs are there."""
    return f"run {other.number} is running the same step: its result will be taken"


def _is_shared(source: str) -> bool:
    return not source or source.startswith(("champion.", "file:"))
