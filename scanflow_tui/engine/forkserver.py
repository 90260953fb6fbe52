"""The fork server: a small interpreter that does nothing but fork shims, so a step costs a fork.

``python -S -E forkserver.py``: requests on stdin (4 bytes of length, then JSON: folder and spec),
hints on stdout, a line each. It ends when nobody can ask any more; its shims go on. One thread,
standard library only; must never start a thread or import the package.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import gc
import json
import os
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from scanflow_tui.engine import shim
else:
    import shim

LENGTH_BYTES = 4
GC_THRESHOLD = 50_000


def read_exactly(fd: int, n_bytes: int) -> bytes:
    """So many bytes, or fewer where the other side is gone."""
    parts = []
    while n_bytes:
        data = os.read(fd, n_bytes)
        if not data:
            break
        parts.append(data)
        n_bytes -= len(data)
    return b"".join(parts)


def requests(fd: int) -> Any:
    """Each request as it comes; one that was cut off is none."""
    while True:
        head = read_exactly(fd, LENGTH_BYTES)
        length = int.from_bytes(head, "big")
        data = read_exactly(fd, length)
        if len(head) < LENGTH_BYTES or len(data) < length:
            return
        yield json.loads(data)


def become_shim(request: dict[str, Any], told: shim.Told) -> None:
    """The child: a session of its own, the attempt's folder, then the shim; it never returns."""
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, shim.BLOCKED)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        # The requests and the hints of others are not its own.
        nothing = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(nothing, fd)
        os.close(nothing)
        if not hold(request.get("slot", "")):
            told.say(b"unknown", b"its room was given away")
            return
        os.chdir(request["folder"])
        shim.pursue(request["spec"], told)
    except OSError as problem:
        told.say(b"failed", shim.sentence(problem).encode("utf-8", "replace"))
    finally:
        os._exit(0)


def hold(slot: str) -> bool:
    """Share the lock of a slot for as long as this process lives.

    False where who asked for this shim died meanwhile, and the room may be somebody else's.
    """
    if not slot:
        return True
    try:
        handle = os.open(slot, os.O_RDONLY | os.O_NOFOLLOW)
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return os.fstat(handle).st_nlink > 0
    except OSError:
        return False


def reap(_number: int, _frame: object) -> None:
    """Take the ended shims, so that none stays a zombie and their cost is known."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def serve(asked: int, told_fd: int) -> None:
    """A shim for each request, until the other side is gone."""
    os.set_blocking(told_fd, False)
    signal.signal(signal.SIGCHLD, reap)
    shim.BOOT = shim.slurp(shim.BOOT_ID).decode().strip()
    shim.LIBC = ctypes.CDLL(None)
    shim.LIBC.prctl  # noqa: B018  # found now, not in every child
    # Nothing that lives now will die: the children need not look at it, and its pages stay shared.
    gc.set_threshold(GC_THRESHOLD)
    gc.freeze()
    for request in requests(asked):
        told = shim.Told(told_fd, request["spec"]["name"].encode("ascii", "replace"))
        try:
            pid = os.fork()
        except OSError as problem:
            told.say(b"unknown", shim.sentence(problem).encode("utf-8", "replace"))
            continue
        if pid == 0:
            become_shim(request, told)


def main() -> int:
    """Requests on stdin, hints on stdout."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    told_fd = os.dup(1)
    os.dup2(2, 1)
    serve(0, told_fd)
    return 0


if __name__ == "__main__":
    sys.exit(main())
