"""What the screens know of a session: the state, vitals and link as last heard. No I/O, no clock.

The app alone changes it (``hear``); screens and presenters read.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from scanflow_tui.contract.records import dataclass, field

if TYPE_CHECKING:
    from scanflow_tui.client.source import AttemptVital, Link, Update, Vitals
    from scanflow_tui.session.state import SessionState


Measured = tuple[float, float | None, int | None]
"""Steady seconds, CPU seconds, resident bytes."""

POINT_S = 0.9
POINTS_KEPT = 64


@dataclass(slots=True)
class Known:
    """``state`` is None until the snapshot came; ``error`` says why none will."""

    name: str = ""
    state: SessionState | None = None
    vitals: Vitals | None = None
    link: Link | None = None
    link_text: str = ""
    link_since_s: float = 0.0
    unsaved: int = 0
    writable: bool = True
    error: str = ""
    history: dict[str, deque[Measured]] = field(default_factory=dict)
    """What was measured of each running attempt, a point a second at most."""

    def hear_state(self, state: SessionState) -> None:
        """The session as opened, or at another event of a replay."""
        self.state = state
        self.name = state.name or self.name
        if self.link is None:
            self.link = "connected" if self.writable else "recorded"

    def hear(self, update: Update, now_s: float) -> None:
        """Take one update of a source in; ``now_s`` is any steady clock."""
        self.state = update.state
        self.name = update.state.name or self.name
        if update.vitals is not None:
            self.vitals = update.vitals
            self._measure(update.vitals, now_s)
        if update.link is not None and update.link != self.link:
            self.link = update.link
            self.link_since_s = now_s
        if update.link is not None:
            self.link_text = update.text

    def _measure(self, vitals: Vitals, now_s: float) -> None:
        for name in [name for name in self.history if name not in vitals.attempts]:
            del self.history[name]
        for name, vital in vitals.attempts.items():
            points = self.history.setdefault(name, deque(maxlen=POINTS_KEPT))
            if not points or now_s - points[-1][0] >= POINT_S:
                points.append((now_s, vital.cpu_s, vital.rss_bytes))

    def vital(self, attempt: str) -> AttemptVital | None:
        """The latest of a running attempt, by engine name."""
        return None if self.vitals is None else self.vitals.attempts.get(attempt)
