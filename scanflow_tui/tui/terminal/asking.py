"""The driver that asks the terminal what it can show, and keeps its answers from the keys."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.events import AppFocus, Resize
from textual.message import Message
from textual.messages import InBandWindowResize

from scanflow_tui.tui.terminal.answered import Answered
from scanflow_tui.tui.terminal.quick_driver import QuickDriver

if TYPE_CHECKING:
    from types import FrameType

    from scanflow_tui.images.replies import ReplyFilter


CELLS_MAX = 1_000_000
"""Of a window, as a terminal may tell it by itself; more would be no window."""


class AskingDriver(QuickDriver):
    """``ask`` it once, after the first paint; nothing waits for the answers."""

    last_words: Callable[[], str] = staticmethod(lambda: "")
    """What is written before the application's screen is left."""

    _replies: ReplyFilter | None = None
    _told = (0, True)
    """How many answers the app was told of, and that others may come."""

    def stop_application_mode(self) -> None:
        """Leave the application's screen, and nothing of ours in the terminal's memory."""
        self.write(self.last_words())
        super().stop_application_mode()

    def start_application_mode(self) -> None:
        """Enter the application's screen, which is empty then."""
        super().start_application_mode()
        self._cleared()
        before = signal.getsignal(signal.SIGWINCH)

        def resized(number: int, frame: FrameType | None) -> None:
            if callable(before):
                before(number, frame)
            self._cleared()

        signal.signal(signal.SIGWINCH, resized)

    def process_message(self, message: Message) -> None:
        """Pass a message on; a new size that the terminal tells by itself is noticed, and a window
        that may have been covered meanwhile.
        """
        if isinstance(message, Resize) and not self._is_told(message):
            return
        super().process_message(message)
        is_seen = isinstance(message, AppFocus) and self._loses_pictures
        if is_seen or isinstance(message, InBandWindowResize):
            self._cleared()

    def _is_told(self, window: Resize) -> bool:
        """Whether the terminal said that it tells its size, and this is one."""
        return self._in_band_window_resize and 0 < window.size.area <= CELLS_MAX

    @property
    def _loses_pictures(self) -> bool:
        # xterm paints its last 16 again, and no others, where a window that lay over it goes.
        replies = self._replies
        return replies is not None and any("XTerm(" in reply for reply in replies.replies)

    def _cleared(self) -> None:
        """Nothing is known of the screen: also where it is as large as before, for it may have
        been smaller in between.
        """
        super().process_message(Answered((), is_open=True, is_cleared=True))

    def ask(self) -> bool:
        """Ask the terminal what it can show; False where it is not to be asked, or was."""
        from scanflow_tui.images.probe import QUERIES, SILENT_TERMS
        from scanflow_tui.images.replies import ReplyFilter

        is_silent = os.environ.get("TERM", "") in SILENT_TERMS
        if self._replies is not None or not self.input_tty or is_silent:
            return False
        self._replies = ReplyFilter(time.monotonic())
        self.write(QUERIES)
        self.flush()
        self.look_again()
        return True

    def sieved(self, text: str) -> str:
        """What of the text is no answer."""
        replies = self._replies
        return text if replies is None else replies.feed(text, time.monotonic())

    def heard(self) -> bool:
        """Tell the app what is new of the answers; whether one may be under way."""
        self._told = self._tell(self._told)
        replies = self._replies
        return replies is not None and (self._told[1] or replies.is_holding)

    def _tell(self, told: tuple[int, bool]) -> tuple[int, bool]:
        """Tell the app what is new of the answers; what it knows then."""
        replies = self._replies
        if replies is None:
            return told
        known = (len(replies.replies), replies.is_open(time.monotonic()))
        if known != told:
            self.process_message(Answered(tuple(replies.replies), is_open=known[1]))
        return known
