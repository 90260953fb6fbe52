"""A pseudo-terminal that counts bytes and answers as a terminal of a kind would, after a while.

It paints nothing: what a program wrote is kept with its moment, and read as text when asked.
"""

from __future__ import annotations

import fcntl
import heapq
import os
import pty
import random
import re
import select
import signal
import struct
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyte

from tests.pty.terminal import UNFINISHED, UNKNOWN

READ_BYTES = 65_536
CELL_PX = (10, 20)
SPLIT_GAP_S = 0.01
"""Between the parts of an answer that comes torn."""

ESCAPE = rb"\x1b"
SIXEL_BEGINS, KITTY_SENT, KITTY_PLACED = b"\x1bP0;1;0q", b"\x1b_Ga=t,", b"\x1b_Ga=p,"


@dataclass(frozen=True)
class Kind:
    """A terminal by its answers: (what it is asked, a pattern; what it says)."""

    name: str
    answers: tuple[tuple[bytes, bytes], ...]


_DECRPM = re.compile(rb"\x1b\[\?(\d+)\$p")
XTERM = Kind(
    "xterm (sixel)",
    (
        (rb"\x1b\[>0q", b"\x1bP>|XTerm(379)\x1b\\"),
        (rb"\x1b\[16t", b"\x1b[6;%d;%dt" % (CELL_PX[1], CELL_PX[0])),
        (rb"\x1b\[\?2;1;0S", b"\x1b[?2;0;%(width)d;%(height)dS"),
        (rb"\x1b\[c", b"\x1b[?63;1;2;4;6;9;15;22c"),
    ),
)
KITTY = Kind(
    "kitty",
    (
        (rb"\x1b\[>0q", b"\x1bP>|kitty(0.32.2)\x1b\\"),
        (rb"\x1b\[16t", b"\x1b[6;%d;%dt" % (CELL_PX[1], CELL_PX[0])),
        (rb"\x1b\[14t", b"\x1b[4;%(height)d;%(width)dt"),
        (rb"\x1b_Gi=31,[^\x1b]*\x1b\\", b"\x1b_Gi=31;OK\x1b\\"),
        (rb"\x1b\[\?2026\$p", b"\x1b[?2026;2$y"),
        (rb"\x1b\[c", b"\x1b[?62;c"),
    ),
)
PLAIN = Kind("no pictures", ((rb"\x1b\[c", b"\x1b[?1;2c"),))
DUMB = Kind("says nothing", ())
KINDS = (KITTY, XTERM, PLAIN, DUMB)


@dataclass(frozen=True)
class Chunk:
    """What came in one read, and when (seconds of the performance counter)."""

    at_s: float
    data: bytes


class CountingTerminal:
    """A program in a terminal of a kind. ``round_trip_s`` is how long answers are under way.

    ``split`` tears each answer at a random place. Keys take half the round trip.
    """

    def __init__(
        self, command: Sequence[str], kind: Kind, *, size: tuple[int, int] = (120, 40),
        round_trip_s: float = 0.0, split: random.Random | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.size = size
        self.round_trip_s = round_trip_s
        self.n_answered = 0
        self._kind = kind
        self._split = split
        self._torn_until_s = 0.0
        self._chunks: list[Chunk] = []
        self._due: list[tuple[float, int, bytes]] = []
        self._n_due = 0
        self._asked = b""
        self._lock = threading.Condition()
        self._screen, self._fed, self._rest = pyte.Screen(*size), 0, b""
        self._stream = pyte.ByteStream(self._screen)
        self.started_s = time.perf_counter()
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            px = (size[0] * CELL_PX[0], size[1] * CELL_PX[1])
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], *px))
            os.execve(command[0], list(command), dict(_environ(environ or {})))
        self._wake_read, self._wake_write = os.pipe()
        self._is_over = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    # -- typing and reading

    def type(self, keys: str) -> float:
        """Type; the moment of it."""
        now_s = time.perf_counter()
        self._later(self.round_trip_s / 2, keys.encode())
        return now_s

    def mark(self) -> int:
        """A place in what was written, for ``since``."""
        with self._lock:
            return len(self._chunks)

    def since(self, mark: int) -> list[Chunk]:
        """What was written since a mark."""
        with self._lock:
            return self._chunks[mark:]

    def bytes_since(self, mark: int) -> bytes:
        """The same as one piece."""
        return b"".join(chunk.data for chunk in self.since(mark))

    def quiet(self, still_s: float, timeout_s: float = 60.0) -> None:
        """Wait until nothing was written for so long. Raises TimeoutError."""
        end_s = time.perf_counter() + timeout_s
        with self._lock:
            while True:
                last_s = self._chunks[-1].at_s if self._chunks else self.started_s
                left_s = last_s + still_s - time.perf_counter()
                if left_s <= 0:
                    return
                if time.perf_counter() > end_s:
                    raise TimeoutError("it writes on and on")
                self._lock.wait(left_s)

    def until(self, is_so: Callable[[str], bool], timeout_s: float = 60.0) -> float:
        """Wait for something on the screen; when the last of it came. Raises TimeoutError."""
        end_s = time.perf_counter() + timeout_s
        while True:
            seen = self.mark()
            if is_so(self.text()):
                return self._chunks[min(seen, len(self._chunks)) - 1].at_s
            with self._lock:
                if len(self._chunks) == seen and not self._lock.wait_for(
                    lambda seen=seen: len(self._chunks) > seen or self._is_over,  # type: ignore[misc]
                    max(0.0, end_s - time.perf_counter()),
                ):
                    raise TimeoutError(self.text())
                if self._is_over and len(self._chunks) == seen:
                    raise TimeoutError("the program ended:\n" + self.text())

    def text(self) -> str:
        """The screen's characters now."""
        with self._lock:
            new = self._chunks[self._fed :]
            self._fed = len(self._chunks)
        self._rest += b"".join(chunk.data for chunk in new)
        held = UNFINISHED.search(self._rest)
        at = held.start() if held is not None else len(self._rest)
        whole, self._rest = self._rest[:at], self._rest[at:]
        self._stream.feed(UNKNOWN.sub(b"", whole))
        return "\n".join(self._screen.display)

    # -- the child

    def cpu_s(self) -> float:
        """CPU seconds of all threads of the child until now."""
        tasks = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9

    def resident_bytes(self) -> tuple[int, int]:
        """Memory of the child: now, and the most it ever was."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = dict(re.findall(r"(VmRSS|VmHWM):\s+(\d+)", status))
        return int(found["VmRSS"]) * 1024, int(found["VmHWM"]) * 1024

    def close(self) -> None:
        """End the child, and let go of the terminal."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self._is_over = True
        os.write(self._wake_write, b".")
        self._thread.join()
        for descriptor in (self._master, self._wake_read, self._wake_write):
            os.close(descriptor)

    # -- the thread

    def _later(self, wait_s: float, data: bytes) -> None:
        if wait_s <= 0:
            os.write(self._master, data)
            return
        with self._lock:
            self._n_due += 1
            heapq.heappush(self._due, (time.perf_counter() + wait_s, self._n_due, data))
        os.write(self._wake_write, b".")

    def _serve(self) -> None:
        while not self._is_over:
            with self._lock:
                wait_s = max(0.0, self._due[0][0] - time.perf_counter()) if self._due else None
            ready = select.select([self._master, self._wake_read], [], [], wait_s)[0]
            if self._master in ready and not self._read():
                break
            if self._wake_read in ready:
                os.read(self._wake_read, READ_BYTES)
            self._send_due()
        with self._lock:
            self._is_over = True
            self._lock.notify_all()

    def _read(self) -> bool:
        try:
            data = os.read(self._master, READ_BYTES)
        except OSError:
            return False
        at_s = time.perf_counter()
        with self._lock:
            self._chunks.append(Chunk(at_s, data))
            self._lock.notify_all()
        self._answer(data)
        return bool(data)

    def _send_due(self) -> None:
        while True:
            with self._lock:
                if not self._due or self._due[0][0] > time.perf_counter():
                    return
                data = heapq.heappop(self._due)[2]
            os.write(self._master, data)

    def _answer(self, data: bytes) -> None:
        """Answer what was asked, in order; a query may be torn between two reads."""
        if b"\x1b" not in data and not self._asked:
            return
        text = self._asked + data
        patterns = [pattern for pattern, _ in self._kind.answers]
        asked = _any_of((*patterns, _DECRPM.pattern))
        end = 0
        for found in asked.finditer(text):
            end = found.end()
            at = next(n for n, group in enumerate(found.groups()) if group is not None)
            if at < len(patterns):
                self._reply(self._kind.answers[at][1])
        self._asked = text[end:][-64:] if b"\x1b" in text[end:][-64:] else b""

    def _reply(self, said: bytes) -> None:
        px = {b"width": self.size[0] * CELL_PX[0], b"height": self.size[1] * CELL_PX[1]}
        data = said % px if b"%(" in said else said
        self.n_answered += 1
        if self._split is None:
            self._later(self.round_trip_s, data)
            return
        # Torn, and in order all the same: the next answer begins after this one's rest.
        now_s = time.perf_counter()
        wait_s = max(self.round_trip_s, self._torn_until_s - now_s)
        self._torn_until_s = now_s + wait_s + 2 * SPLIT_GAP_S
        at = self._split.randrange(1, len(data))
        self._later(wait_s, data[:at])
        self._later(wait_s + SPLIT_GAP_S, data[at:])


@lru_cache
def _any_of(patterns: tuple[bytes, ...]) -> re.Pattern[bytes]:
    """One of these, a group each; their escape stands in front, so that pictures are passed fast.

    A terminal that looks at every byte of a page eight times is the slowest part of what it times.
    """
    tails = b"|".join(b"(%s)" % pattern.removeprefix(ESCAPE) for pattern in patterns)
    return re.compile(ESCAPE + b"(?:" + tails + b")")


def _environ(more: Mapping[str, str]) -> dict[str, str]:
    dropped = ("NO_COLOR", "TERM_PROGRAM", "TMUX", "STY", "COLUMNS", "LINES", "TEXTUAL_FPS")
    environ = {name: value for name, value in os.environ.items() if name not in dropped}
    environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
    return environ | dict(more)
