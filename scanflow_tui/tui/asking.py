"""The driver that asks the terminal what it can show, and keeps its answers from the keys."""

from __future__ import annotations

import os
import selectors
import signal
import time
from codecs import getincrementaldecoder
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message
from textual.messages import InBandWindowResize

from scanflow_tui.tui.answered import Answered

if TYPE_CHECKING:
    from types import FrameType

    from scanflow_tui.images.replies import ReplyFilter

READ_BYTES = 4096
TICK_S = 0.1


class AskingDriver(LinuxDriver):
    """``ask`` it once, after the first paint; nothing waits for the answers."""

    last_words: Callable[[], str] = staticmethod(lambda: "")
    """What is written before the application's screen is left."""

    _replies: ReplyFilter | None = None

    def stop_application_mode(self) -> None:
        """Leave the application's screen, and nothing of ours in the terminal's memory."""
        self.write(self.last_words())
        super().stop_application_mode()

    def start_application_mode(self) -> None:
        """Enter the application's screen, which is empty then."""
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self._cleared()
        before = signal.getsignal(signal.SIGWINCH)

        def resized(number: int, frame: FrameType | None) -> None:
            if callable(before):
                before(number, frame)
            self._cleared()

        signal.signal(signal.SIGWINCH, resized)

    def process_message(self, message: Message) -> None:
        """Pass a message on; a new size that the terminal tells by itself is noticed."""
        super().process_message(message)
        if isinstance(message, InBandWindowResize):
            self._cleared()

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
        return True

    def run_input_thread(self) -> None:
        """Read keys until the end; what the terminal answered goes to the app as a message."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")(errors="replace").decode
        told = (0, True)
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                text = ""
                if selector.select(TICK_S):
                    data = os.read(self.fileno, READ_BYTES)
                    if not data:
                        break
                    text = decode(data)
                replies = self._replies
                if replies is not None:
                    text = replies.feed(text, time.monotonic())
                # An empty text would mean the end to the parser.
                events = [*parser.feed(text)] if text else []
                for event in (*events, *parser.tick()):
                    self.process_message(event)
                told = self._tell(told)
        try:
            for _ in parser.feed(""):
                pass
        except (EOFError, ParseError):
            pass

    def _tell(self, told: tuple[int, bool]) -> tuple[int, bool]:
        """Tell the app what is new of the answers; what it knows then."""
        replies = self._replies
        if replies is None:
            return told
        known = (len(replies.replies), replies.is_open(time.monotonic()))
        if known != told:
            self.process_message(Answered(tuple(replies.replies), is_open=known[1]))
        return known
