"""A session's state, asked for before the program that shows it is loaded.

A state with a long queue takes the supervisor and the socket as long as the screens take to load:
a thread gets it meanwhile, over a connection of its own. It is a help and never needed: whatever
goes wrong, nothing is there, and the state is asked for as ever.
"""

from __future__ import annotations

import os
import socket
import struct
import threading
import uuid
from pathlib import Path

from scanflow_tui.contract import limits, wire
from scanflow_tui.contract.errors import ScanflowError

WAIT_S = 10
SOCKET_NAME = "sock"


class Early:
    """What a thread got: the frame of a snapshot with its ``data``, or nothing."""

    def __init__(self, folder: Path, program: str) -> None:
        self._frame: wire.Frame | None = None
        work = threading.Thread(target=self._get, args=(folder, program), daemon=True)
        work.start()
        self._work = work

    def take(self) -> wire.Frame | None:
        """The frame, once; waits until the thread is done."""
        self._work.join(WAIT_S)
        frame, self._frame = self._frame, None
        return frame

    def _get(self, folder: Path, program: str) -> None:
        try:
            with _connected(folder) as link:
                self._frame = _snapshot(link, program)
        except (OSError, ScanflowError, EOFError, RecursionError):
            return


def _connected(folder: Path) -> socket.socket:
    # Through the folder's descriptor: a socket's path has at most 107 bytes.
    handle = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", WAIT_S, 0))
        link.connect(f"/proc/self/fd/{handle}/{SOCKET_NAME}")
    except BaseException:
        link.close()
        raise
    finally:
        os.close(handle)
    return link


def _snapshot(link: socket.socket, program: str) -> wire.Frame | None:
    hello = {"version": wire.PROTOCOL, "client": str(uuid.uuid4()), "program": program}
    link.sendall(wire.pack({"kind": "hello", "req": 0} | hello))
    if _frame(link)["kind"] != "welcome":
        return None
    link.sendall(wire.pack({"kind": "snapshot", "req": 1, "aside": True}))
    frame = _frame(link)
    while frame.get("req") != 1:
        frame = _frame(link)
    n_bytes, seq = frame.get("n_bytes"), frame.get("seq")
    if frame["kind"] != "snapshot" or not isinstance(n_bytes, int):
        return None
    if not 0 <= n_bytes <= limits.SNAPSHOT_BYTES_MAX:
        return None
    frame["data"] = _exactly(link, n_bytes)
    return frame if isinstance(seq, int) and seq >= 0 else None


def _frame(link: socket.socket) -> wire.Frame:
    return wire.unpack(_exactly(link, wire.length(_exactly(link, wire.HEADER.size))))


def _exactly(link: socket.socket, n_bytes: int) -> bytearray:
    """So many bytes. Raises EOFError where they do not come."""
    data = bytearray(n_bytes)
    room = memoryview(data)
    while room:
        # One call for all: between two the loading of modules would keep this thread waiting.
        n_read = link.recv_into(room, len(room), socket.MSG_WAITALL)
        if not n_read:
            raise EOFError
        room = room[n_read:]
    return data
