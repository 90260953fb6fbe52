"""What comes back of labels is taken in at once, and drawn with the next key or once no key comes.

So a key pays for one frame, not for three: its own, its event's and its answer's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from scanflow_tui.session.events import LabelGiven, LabelUndone, NoteWritten, PlaceKept

if TYPE_CHECKING:
    from scanflow_tui.client.source import Update
    from scanflow_tui.tui.screens.label import LabelScreen

OF_A_DESK = frozenset({LabelGiven, LabelUndone, NoteWritten, PlaceKept})
"""Facts that change nothing but what stands on a desk."""


class Soon:
    """``draw`` is called a moment after ``wanted``, unless ``drawn`` came first."""

    def __init__(self, screen: LabelScreen, draw: Callable[[], None]) -> None:
        self._screen = screen
        self._draw = draw
        self._key_s = 0.0
        self._is_stale = False
        self._is_due = False

    def heard(self, update: Update) -> bool:
        """Take in what only says that labels are saved, or somebody else's; else False."""
        bench = self._screen.bench
        if update.vitals is not None or update.link is not None or bench.open_work is None:
            return False
        if self._screen.scanflow.transport is not None:
            return False
        if not all(type(event.fact) in OF_A_DESK for event in update.events):
            return False
        before = bench.work
        bench.catch_up()
        if bench.work is not before or bench.open_work is None:
            return False
        self.wanted()
        return True

    def pressed(self) -> None:
        """A key came."""
        self._key_s = self._screen.scanflow.direct.now_s()

    def is_typing(self) -> bool:
        """Whether the last key is so near that the next one is waited for."""
        direct = self._screen.scanflow.direct
        return direct.now_s() < self._key_s + direct.still_s

    def drawn(self) -> None:
        """Everything is on the screen."""
        self._is_stale = False

    def catch_up(self) -> None:
        """The bars are about to be painted: they never say "saved" above tiles that do not."""
        if self._is_stale:
            self._is_stale = False
            self._draw()

    def wanted(self) -> None:
        """Something is to be drawn that no key waits for."""
        self._is_stale = True
        direct = self._screen.scanflow.direct
        if not self._is_due:
            self._is_due = True
            direct.later(direct.now_s() + direct.still_s, self._screen, self._look)

    def _look(self) -> None:
        self._is_due = False
        if not self._is_stale or not self._screen.is_current:
            return
        if self.is_typing():
            direct = self._screen.scanflow.direct
            self._is_due = True
            direct.later(self._key_s + direct.still_s, self._screen, self._look)
        else:
            self._draw()
