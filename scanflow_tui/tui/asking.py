"""The driver that asks the terminal what it can show, and keeps its answers from the keys."""

from __future__ import annotations

import os
import selectors
import time
from codecs import getincrementaldecoder

from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from scanflow_tui.images.probe import QUERIES
from scanflow_tui.images.replies import ReplyFilter
from scanflow_tui.tui.answered import Answered, Asked, Cleared

READ_BYTES = 4096
TICK_S = 0.1
SILENT = ("dumb", "linux")
"""Terminals, by TERM, that print what they do not know."""


class AskingDriver(LinuxDriver):
    """Asks once, after the first start; nothing waits for the answers."""

    _has_asked = False

    def start_application_mode(self) -> None:
        """Enter the application's screen, then ask."""
        LinuxDriver.start_application_mode(self)  # type: ignore[no-untyped-call]
        self.process_message(Cleared())
        if not self._has_asked and self.input_tty and os.environ.get("TERM") not in SILENT:
            self._has_asked = True
            self.process_message(Asked())
            self.write(QUERIES)
            self.flush()

    def run_input_thread(self) -> None:
        """Read keys until the end; what the terminal answered goes to the app as a message."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")(errors="replace").decode
        replies = ReplyFilter(time.monotonic())
        n_told, was_open = 0, True
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                text = ""
                if selector.select(TICK_S):
                    data = os.read(self.fileno, READ_BYTES)
                    if not data:
                        break
                    text = decode(data)
                passed = replies.feed(text, time.monotonic())
                # An empty text would mean the end to the parser.
                events = [*parser.feed(passed)] if passed else []
                for event in (*events, *parser.tick()):
                    self.process_message(event)
                is_open = replies.is_open(time.monotonic())
                if len(replies.replies) > n_told or is_open != was_open:
                    n_told, was_open = len(replies.replies), is_open
                    self.process_message(Answered(tuple(replies.replies), is_open))
        try:
            for _ in parser.feed(""):
                pass
        except (EOFError, ParseError):
            pass
