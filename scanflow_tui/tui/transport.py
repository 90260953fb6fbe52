"""The replay transport: what a recorded source offers beside ``Source``, and how play moves on.

Pure but for the protocol; the timer that calls ``due`` is the screen's.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from scanflow_tui.contract.records import dataclass

if TYPE_CHECKING:
    from scanflow_tui.session.events import Event
    from scanflow_tui.session.state import SessionState

GAP_S_MAX = 2.0
"""Longer silences of a recording are played as this long: nobody watches a weekend pass."""


@runtime_checkable
class Transport(Protocol):
    """A source with a cursor. ``times`` holds microseconds UTC by seq, ``decisions`` seqs."""

    seq: int
    last: int
    verdict: str
    times: Sequence[int]
    decisions: Sequence[int]

    async def seek(self, seq: int) -> SessionState:
        """Move the cursor; the state after that event."""

    async def event(self, seq: int) -> Event | None:
        """The event with this number."""


@dataclass(slots=True)
class Playing:
    """Whether the tape runs, and how fast."""

    on: bool = False
    speed: int = 1


def wait_s(times: Sequence[int], seq: int, speed: int) -> float:
    """Seconds until the event after ``seq`` is due."""
    if seq + 1 >= len(times):
        return 0.0
    gap = (times[seq + 1] - times[seq]) / 1e6
    return min(max(gap, 0.0), GAP_S_MAX) / max(speed, 1)


def due(times: Sequence[int], seq: int, elapsed_s: float, speed: int) -> int:
    """The seq to show after ``elapsed_s`` seconds of play from ``seq`` on."""
    while seq + 1 < len(times):
        gap = wait_s(times, seq, speed)
        if gap > elapsed_s:
            break
        elapsed_s -= gap
        seq += 1
    return seq


def decision_before(decisions: Sequence[int], seq: int) -> int | None:
    """The last decision before ``seq``."""
    at = bisect_left(decisions, seq)
    return decisions[at - 1] if at else None


def decision_after(decisions: Sequence[int], seq: int) -> int | None:
    """The first decision after ``seq``."""
    at = bisect_right(decisions, seq)
    return decisions[at] if at < len(decisions) else None
