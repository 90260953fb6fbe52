"""The driver that reads keys in the app's own thread, and writes a small frame at once.

No thread has to wake up between a key and its frame. Where the input cannot be waited for (a file),
it is read as the framework reads it.
"""

from __future__ import annotations

import asyncio
import errno
import os
import re
import select
import signal
import threading
from codecs import getincrementaldecoder
from collections.abc import Callable
from contextvars import copy_context
from itertools import chain
from typing import TYPE_CHECKING

from textual._parser import ParseError
from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver

from scanflow_tui.images.replies import PASTE_BEGINS
from scanflow_tui.tui.terminal.key_parser import KeyParser

if TYPE_CHECKING:
    from typing import IO

    from textual.app import App
    from textual.message import Message

READ_BYTES = 4096
TICK_S = 0.1
_SEQUENCES = re.compile(r"(?=\x1b)")
AT_ONCE_CHARS_MAX = 4096
"""What is longer is written by a thread: the terminal may take its time."""


class QuickDriver(LinuxDriver):
    """Subclasses sieve what was read, and are asked whether to look again without a key."""

    def __init__(
        self,
        app: App[object],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self.arrive: Callable[[Message], object] = app.post_message
        """Who gets what the terminal says, in the app's thread and in order."""
        self._parser = KeyParser(debug)
        self._decode = getincrementaldecoder("utf-8")(errors="replace").decode
        self._tick: asyncio.TimerHandle | None = None
        self._is_read = False
        self._is_taking = False
        self._context = copy_context()

    def sieved(self, text: str) -> str:
        """What of the text that was read is for the key parser."""
        return text

    def heard(self) -> bool:
        """Something was read, or time went by; whether to look again after a moment."""
        return False

    # -- in and out

    def send_message(self, message: Message) -> None:
        """Hand a message to the app; from a thread or a signal's handler, a moment later."""
        if self._is_taking:
            self.arrive(message)
        else:
            self._loop.call_soon_threadsafe(self.arrive, message, context=self._context)

    def start_application_mode(self) -> None:
        """Enter the application's screen."""
        self._context = copy_context()
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._writer_thread is not None:
            self._writer_thread.stop()
            assert self._file is not None
            self._writer_thread = Writer(self._file)
            self._writer_thread.start()

    def run_input_thread(self) -> None:
        """Have the app's own loop wait for keys; this thread is needed no more."""
        self._is_read = True
        self._loop.call_soon_threadsafe(self._begin, context=self._context)

    def disable_input(self) -> None:
        """Read no more, until the application's screen is entered again."""
        if self._is_read:
            self._is_read = False
            self._end()
        super().disable_input()

    def _begin(self) -> None:
        if self._is_read:
            try:
                self._loop.add_reader(self.fileno, self._readable)
            except OSError:
                self._is_read = False
                threading.Thread(target=super().run_input_thread, daemon=True).start()

    def _end(self) -> None:
        self._loop.remove_reader(self.fileno)
        if self._tick is not None:
            self._tick.cancel()
            self._tick = None
        try:
            for _ in self._parser.feed(""):
                pass
        except (EOFError, ParseError):
            pass
        self._parser = KeyParser(self._debug)

    def _readable(self) -> None:
        try:
            data = os.read(self.fileno, READ_BYTES)
        except OSError as error:
            self._loop.remove_reader(self.fileno)
            is_told = signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
            if error.errno != errno.EIO or not is_told:
                self._app._handle_exception(error)
            # Else the terminal is gone, of which a signal tells.
            return
        if data:
            self._take(self._decode(data))
        else:
            self._loop.remove_reader(self.fileno)

    def _take(self, text: str) -> None:
        self._is_taking = True
        try:
            text = self.sieved(text)
            # What was heard comes first: a key behind an answer finds it taken in.
            is_due = self.heard()
            # Then what time made of the text before: an escape that waited long enough is a key,
            # however late the loop comes to it.
            for message in self._parsed(text):
                self.process_message(message)
            again = is_due or self._parser.is_waiting
        except Exception as error:
            self._app._handle_exception(error)
            return
        finally:
            self._is_taking = False
        if again:
            self.look_again()

    def _parsed(self, text: str) -> list[Message]:
        """What the time that went by says, and then the text."""
        found: list[Message] = []
        for piece in [text] if PASTE_BEGINS in text else _SEQUENCES.split(text):
            try:
                for message in chain(self._parser.tick(), self._parser.keys(piece)):
                    found.append(message)
            except (ArithmeticError, ValueError):
                # Numbers that are none end the framework's parser: that was no key.
                self._parser = KeyParser(self._debug)
        return found

    def look_again(self) -> None:
        """Look after a moment what the time that went by makes of what was read."""
        if self._tick is None and self._is_read:
            self._tick = self._loop.call_later(TICK_S, self._time_passed)

    def _time_passed(self) -> None:
        self._tick = None
        self._take("")


class Writer(WriterThread):
    """Writes in order: a short text at once where nothing waits, else from its thread."""

    def __init__(self, file: IO[str]) -> None:
        super().__init__(file)
        self._n_left = 0
        self._count = threading.Lock()
        self._room = select.poll()
        self._room.register(file.fileno(), select.POLLOUT)

    def write(self, text: str) -> None:
        """Write, or put it behind what waits."""
        if not self._n_left and len(text) <= AT_ONCE_CHARS_MAX and self._has_room():
            self._put(text)
            return
        with self._count:
            self._n_left += 1
        super().write(text)

    def _has_room(self) -> bool:
        return any(event & select.POLLOUT for _, event in self._room.poll(0))

    def _put(self, text: str) -> None:
        # Past the file's own layers: without a buffer (PYTHONUNBUFFERED) they lose the rest of a
        # write that a signal cut short, and half a picture swallows the frames behind it.
        data = memoryview(text.encode(errors="backslashreplace"))
        while data:
            try:
                data = data[os.write(self._file.fileno(), data) :]
            except BlockingIOError:
                self._room.poll()

    def run(self) -> None:
        """Write what waits, in order."""
        while (text := self._queue.get()) is not None:
            self._put(text)
            with self._count:
                self._n_left -= 1
