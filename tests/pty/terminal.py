"""A real program in a pseudo-terminal, and what its screen shows. Read until; never sleep."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Sequence
from types import TracebackType

import pyte

# What pyte would print: strings to the terminal, and private sequences it does not know.
UNKNOWN = re.compile(
    rb"\x1b[P_^\]].*?(?:\x1b\\|\x07)|\x1b\[[<>=?][0-9;]*(?:\$p|[ucmqt])", re.DOTALL
)
UNFINISHED = re.compile(rb"\x1b(?:[P_^\]](?:(?!\x1b\\|\x07).)*|\[[<>=?]?[0-9;]*)?\Z", re.DOTALL)
"""What may go on in the next read."""

FRAMES = str.maketrans("│┃║", "   ")
READ_BYTES = 65_536
PATIENCE_S = 90.0
QUIET_S = 0.1


FENCE = b"\x1b[c"
"""The query that a terminal is asked last."""

SIXEL_ANSWERS = ("\x1bP>|foot(1.13.1)\x1b\\", "\x1b[6;20;10t", "\x1b[?62;4;22c")
"""What a terminal with sixel says of itself."""

XTERM_ANSWERS = ("\x1bP>|XTerm(379)\x1b\\", "\x1b[?2;0;1000;800S", "\x1b[?63;1;2;4;22c")


class Terminal:
    """``keys`` types, ``until`` waits for a text on the screen, ``ended`` for the exit code.

    ``answers`` are typed once the program has asked the terminal what it is; ``raw`` is all that
    was printed.
    """

    def __init__(
        self,
        command: Sequence[str],
        columns: int = 120,
        lines: int = 40,
        answers: Sequence[str | bytes] = (),
    ) -> None:
        self.raw = b""
        self._rest = b""
        self._answers = b"".join(_bytes(answer) for answer in answers)
        self._due = b""
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self._code: int | None = None
        dropped = ("NO_COLOR", "TERM_PROGRAM", "TEXTUAL_DRIVER", "COLUMNS", "LINES")
        environ = {name: value for name, value in os.environ.items() if name not in dropped}
        environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        self._pid, self._master = pty.fork()
        if self._pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
            os.execve(command[0], list(command), environ)
        os.set_blocking(self._master, False)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._code is None:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        os.close(self._master)

    def text(self) -> str:
        """The whole screen."""
        return "\n".join(self.screen.display)

    def keys(self, typed: str | bytes) -> None:
        """Type. What the program does not take yet is typed while it is read."""
        self._due += _bytes(typed)
        self._type()

    def until(self, *texts: str) -> None:
        """Read until the screen shows all of these. Raises AssertionError with the screen."""
        end = time.monotonic() + PATIENCE_S
        while not all(text in self.text() for text in texts):
            assert self._read(end), f"{texts} not shown in\n{self.text()}"

    def spoil(self, text: str) -> None:
        """Write over the screen's first line, as another program on the terminal would."""
        self._stream.feed(f"\x1b[1;1H{text}".encode())

    def until_match(self, pattern: str) -> re.Match[str]:
        """Read until the screen's text matches; frames are blanks in it."""
        end = time.monotonic() + PATIENCE_S
        while (found := re.search(pattern, self.text().translate(FRAMES), re.MULTILINE)) is None:
            assert self._read(end), f"{pattern!r} does not match\n{self.text()}"
        return found

    def whole(self) -> None:
        """Read until nothing more comes for a moment: no half of a frame is on the screen."""
        end = time.monotonic() + PATIENCE_S
        while select.select([self._master], [], [], QUIET_S)[0]:
            assert self._read(end), f"the program ended on\n{self.text()}"

    def until_printed(self, pattern: bytes) -> None:
        """Read until the program printed this, a regular expression."""
        end = time.monotonic() + PATIENCE_S
        while not re.search(pattern, self.raw, re.DOTALL):
            assert self._read(end), f"{pattern!r} was not printed; the screen is\n{self.text()}"

    def until_printed_again(self, pattern: bytes, n_before: int) -> None:
        """Read until the program printed this more often than so many times."""
        end = time.monotonic() + PATIENCE_S
        while len(re.findall(pattern, self.raw)) <= n_before:
            assert self._read(end), f"{pattern!r} was not printed again\n{self.text()}"

    def until_gone(self, text: str) -> None:
        """Read until the screen does not show this any more."""
        end = time.monotonic() + PATIENCE_S
        while text in self.text():
            assert self._read(end), f"{text} is still shown in\n{self.text()}"

    def signal(self, number: signal.Signals) -> None:
        """Send the program a signal."""
        os.kill(self._pid, number)

    def closed(self) -> int:
        """Close the window; the program's exit code."""
        os.close(self._master)
        self._master = os.open(os.devnull, os.O_RDONLY)
        self._code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        return self._code

    def ended(self) -> int:
        """Read to the end of the program; its exit code."""
        end = time.monotonic() + PATIENCE_S
        while self._read(end):
            pass
        self._code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        return self._code

    def _type(self) -> None:
        # A terminal never waits for a program that waits for it: so much as there is room for.
        try:
            while self._due:
                self._due = self._due[os.write(self._master, self._due) :]
        except BlockingIOError:
            return

    def _read(self, end: float) -> bool:
        while not self._is_heard(end):
            self._type()
        try:
            data = os.read(self._master, READ_BYTES)
        except OSError:  # Linux's way to say that the other end is closed
            return False
        self.raw += data
        if self._answers and FENCE in self.raw:
            answers, self._answers = self._answers, b""
            self.keys(answers)
        self._rest += data
        held = UNFINISHED.search(self._rest)
        at = held.start() if held is not None else len(self._rest)
        whole, self._rest = self._rest[:at], self._rest[at:]
        self._stream.feed(UNKNOWN.sub(b"", whole))
        return bool(data)

    def _is_heard(self, end: float) -> bool:
        """Wait until something comes, or more can be typed."""
        left = max(end - time.monotonic(), 0.0)
        reads, writes, _ = select.select(
            [self._master], [self._master] if self._due else [], [], left
        )
        if not (reads or writes):
            raise AssertionError(
                f"nothing came in {PATIENCE_S:.0f} s; the screen was\n{self.text()}"
            )
        return bool(reads)


def _bytes(typed: str | bytes) -> bytes:
    return typed.encode() if isinstance(typed, str) else typed
