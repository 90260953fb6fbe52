"""A program in a pseudo-terminal of a known size: started, read until something shows, ended."""

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
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

COLUMNS, LINES = 120, 36
READ_BYTES = 65_536
SEQUENCES = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # operating system commands, as the title
    r"|\x1b[P_^X][^\x1b]*\x1b\\"
    r"|\x1b\[[0-?]*[ -/]*[@-~]"
    r"|\x1b[ -/]*[0-~]"
)
CORNERS = "┌┏╭"


class Terminal:
    """A child whose standard streams are a terminal; ``started`` is the moment before its fork."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        self.started = time.perf_counter()
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            size = struct.pack("HHHH", LINES, COLUMNS, 0, 0)
            fcntl.ioctl(0, termios.TIOCSWINSZ, size)
            os.execve(command[0], list(command), dict(environ))
        self._bytes = bytearray()

    def text(self) -> str:
        """What was printed until now, without control sequences."""
        return SEQUENCES.sub("", self._bytes.decode("utf-8", "replace"))

    def until(self, is_shown: Callable[[str], bool], timeout_s: float) -> float:
        """Read until something is shown; seconds since the start. Raises TimeoutError."""
        end = time.monotonic() + timeout_s
        while True:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self._master], [], [], left)[0]:
                raise TimeoutError(self.text()[-2000:])
            try:
                data = os.read(self._master, READ_BYTES)
            except OSError:
                raise TimeoutError("the program ended: " + self.text()[-2000:]) from None
            arrived = time.perf_counter() - self.started
            self._bytes += data
            if is_shown(self.text()):
                return arrived

    def cpu_s(self) -> float:
        """CPU seconds of all threads of the child until now, its own children apart."""
        tasks = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9

    def kill(self) -> None:
        """End the child by kill -9, then close the terminal."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._master)

    def hang_up(self, patience_s: float = 20.0) -> bool:
        """Close the terminal, as a lost login does; whether the child ended by itself."""
        os.close(self._master)
        end = time.monotonic() + patience_s
        while time.monotonic() < end:
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                return True
            time.sleep(0.01)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return False


def is_framed(text: str) -> bool:
    """Whether the header and the corner of a pane have been painted."""
    return "ScanFlow" in text and any(corner in text for corner in CORNERS)
