"""One connection to a supervisor's socket: requests out, answers matched by number, pushes aside.

It knows frames, not sessions: who reconnects, what is sent again and what a push means is said in
``live``.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scanflow_tui.contract import wire
from scanflow_tui.contract.errors import Missing, Refused, ScanflowError

Push = Callable[[wire.Frame], None]


class LinkLost(Exception):
    """The connection ended; whoever has unanswered requests sends them again on the next one."""


class Connection:
    """An open socket after its welcome."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, push: Push
    ) -> None:
        self.welcome: wire.Frame = {}
        self._reader = reader
        self._writer = writer
        self._push = push
        self._next = 1
        self._waiting: dict[int, asyncio.Future[wire.Frame]] = {}
        self._lost = False
        self._reading: asyncio.Task[None] | None = None

    @classmethod
    async def dial(cls, path: Path, client: str, program: str, push: Push) -> Connection:
        """Connect and say hello. Raises OSError where nobody listens, or what hello is told."""
        reader, writer = await _connect(path)
        connection = cls(reader, writer, push)
        hello = {"version": wire.PROTOCOL, "client": client, "program": program}
        try:
            connection._write({"kind": "hello", "req": 0} | hello)
            frame = await wire.receive(reader)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
            raise ConnectionResetError("the supervisor hung up") from None
        if frame["kind"] != "welcome":
            writer.close()
            if frame.get("again"):
                raise ConnectionResetError("the supervisor makes room for a newer one")
            raise wire.error_from(frame)
        connection.welcome = frame
        connection._reading = asyncio.create_task(connection._read())
        return connection

    async def ask(self, kind: str, **fields: Any) -> wire.Frame:
        """Send a request and wait for its answer. Raises LinkLost, or the error it is told."""
        frame = await self.send(kind, **fields)
        if frame["kind"] == "error":
            raise wire.error_from(frame)
        return frame

    def send(self, kind: str, **fields: Any) -> asyncio.Future[wire.Frame]:
        """Send a request now; its answer is a future that fails with LinkLost."""
        answer: asyncio.Future[wire.Frame] = asyncio.get_running_loop().create_future()
        if self._lost:
            answer.set_exception(LinkLost())
            return answer
        number, self._next = self._next, self._next + 1
        self._waiting[number] = answer
        self._write({"kind": kind, "req": number} | fields)
        return answer

    def tell(self, kind: str, **fields: Any) -> None:
        """Send a request that is answered by pushes; an error about it is pushed too."""
        if not self._lost:
            number, self._next = self._next, self._next + 1
            self._write({"kind": kind, "req": number} | fields)

    async def lost(self) -> None:
        """Wait until the connection is gone."""
        assert self._reading is not None
        await asyncio.wait((self._reading,))

    async def close(self) -> None:
        """Hang up."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        self._end()

    def _write(self, frame: wire.Frame) -> None:
        self._writer.write(wire.pack(frame))

    async def _read(self) -> None:
        try:
            while True:
                frame = await wire.receive(self._reader)
                if "n_bytes" in frame:
                    frame["data"] = await wire.receive_aside(self._reader, frame["n_bytes"])
                waiting = self._waiting.pop(frame.get("req", 0), None)
                if waiting is None:
                    self._push(frame)
                elif not waiting.done():
                    waiting.set_result(frame)
        except (asyncio.IncompleteReadError, ConnectionError, ScanflowError):
            return
        finally:
            self._end()

    def _end(self) -> None:
        self._lost = True
        self._writer.close()
        waiting, self._waiting = self._waiting, {}
        for answer in waiting.values():
            if not answer.done():
                answer.set_exception(LinkLost())
                answer.exception()  # whoever awaits it still gets it; nobody else has to


async def _connect(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    # A socket's path is at most 107 bytes; through the folder's descriptor any path fits.
    try:
        # Whom a session is shared with may pass through its folder, and not read it.
        folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise Missing("there is no session here", where=str(path.parent)) from None
    except PermissionError:
        raise _not_shared(path.parent) from None
    try:
        return await asyncio.open_unix_connection(f"/proc/self/fd/{folder}/{path.name}")
    except PermissionError:
        raise _not_shared(path.parent) from None
    finally:
        os.close(folder)


def _not_shared(folder: Path) -> Refused:
    return Refused(
        "this session is not shared with you",
        where=str(folder),
        hint="its owner can: scanflow share GROUP",
    )
