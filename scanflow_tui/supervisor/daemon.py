"""Becoming a daemon: the lock first, then two forks, then a word to whoever started it.

Nothing heavy is imported here, because a fork comes before DuckDB, threads and asyncio. The lock is
an ``flock`` that dies with the process; a socket is only ever unlinked under it.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from pathlib import Path

from scanflow_tui.contract import wire
from scanflow_tui.contract.errors import ScanflowError
from scanflow_tui.session import locking

BUSY_CODE = 75
SILENT_CODE = 76
"""The daemon ended without a word: killed, most likely."""

LOCK_TRIES_S = 2.0
LOCK_PAUSE_S = 0.05


def take_lock(path: Path, socket_path: Path) -> int | None:
    """The session's lock as an open descriptor, or None where another process holds it.

    A reader that copies the file holds it for a moment, so it is tried for 2 s while nobody answers
    at the socket.
    """
    until_s = time.monotonic() + LOCK_TRIES_S
    while True:
        handle = _opened(path)
        left_s = until_s - time.monotonic()
        is_ours = locking.taken(handle, left_s, LOCK_PAUSE_S, lambda: answers(socket_path))
        if is_ours and _is_there(handle, path):
            return handle
        # Whoever held it may have taken the file away: a lock on that one would keep nobody out.
        os.close(handle)
        if not is_ours:
            return None


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _is_there(handle: int, path: Path) -> bool:
    """Whether the path still leads to the open file."""
    try:
        return os.path.samestat(os.fstat(handle), path.lstat())
    except OSError:
        return False


def answers(socket_path: Path) -> bool:
    """Whether somebody listens at a socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dialled:
        try:
            folder = os.open(socket_path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            dialled.connect(f"/proc/self/fd/{folder}/{socket_path.name}")
        except OSError:
            return False
        finally:
            os.close(folder)
    return True


def detach(log_path: Path) -> Starter:
    """Fork twice, lead a session of one's own, and write to the log from here on.

    Returns only in the daemon. The process that was started waits for the daemon's word and ends
    with it, so whoever started it learns what became of it.
    """
    reading, writing = os.pipe()
    if os.fork() > 0:
        os.close(writing)
        _wait_for_word(reading, log_path)
    os.close(reading)
    os.setsid()
    if os.fork() > 0:
        os._exit(0)
    log = os.open(
        log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
    )
    nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    return Starter(writing)


class Starter:
    """The pipe to the process that was started; one word, then it is closed."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def ready(self) -> None:
        """The daemon listens."""
        self._say(b"ready")

    def failed(self, error: ScanflowError) -> None:
        """The daemon cannot come up, and this is why."""
        self._say(json.dumps(wire.error_json(error)).encode())

    def _say(self, word: bytes) -> None:
        if self._handle >= 0:
            try:
                os.write(self._handle, word)
            except BrokenPipeError:
                pass
            finally:
                os.close(self._handle)
                self._handle = -1


def _wait_for_word(reading: int, log_path: Path) -> None:
    """Wait for the daemon's word and end the process with it."""
    parts = []
    while part := os.read(reading, 65536):
        parts.append(part)
    word = b"".join(parts)
    if word == b"ready":
        os._exit(0)
    if not word:
        error = ScanflowError("the supervisor ended as it started", hint=f"its log: {log_path}")
        os.write(2, json.dumps(wire.error_json(error)).encode() + b"\n")
        os._exit(SILENT_CODE)
    os.write(2, word + b"\n")
    os._exit(int(json.loads(word)["code"]))
