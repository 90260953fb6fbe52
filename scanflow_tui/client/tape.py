"""Where a recorded session's events and contents come from: a copy of its file, or its supervisor.

Nobody reads the file beside its writer. Where a supervisor holds the session, its events are asked
for from event 0 on; nothing is started for that, and nothing is changed.
"""

from __future__ import annotations

import asyncio
import base64
import uuid
from pathlib import Path
from typing import Protocol

from scanflow_tui.client.connection import Connection
from scanflow_tui.client.starting import SOCKET_NAME
from scanflow_tui.contract import limits, wire
from scanflow_tui.contract.errors import Missing, Refused

RANGE_EVENTS = 10_000


class Tape(Protocol):
    """Committed events by range, erasable contents, and a verdict on the file."""

    last: int

    async def bodies(self, first: int, last: int) -> list[bytes]:
        """The stored bodies of a range, both ends included."""

    async def content(self, digest: str) -> bytes | None:
        """Erasable bytes, None where they were erased or never kept."""

    async def verdict(self) -> str:
        """What a check of the whole file found; a sentence that begins with ✔ or ✖."""

    async def close(self) -> None:
        """Let go."""


async def open_tape(path: Path, after: int = -1) -> Tape:
    """A tape of a session's folder or file; what comes up to ``after`` may be left out.

    Raises Missing, DamagedSession, Refused.
    """
    # Imported here: DuckDB takes 250 ms, and whoever only asks a supervisor needs none.
    from scanflow_tui.client.filetape import FileTape

    folder = path if path.is_dir() else path.parent
    try:
        return await FileTape.open(path)
    except Refused:
        return await LiveTape.dial(folder, after)


class LiveTape:
    """The events of a session that a supervisor holds, as far as it was when asked."""

    def __init__(self, after: int = -1) -> None:
        self.last = -1
        self._first = after + 1
        self._bodies: list[bytes] = []
        self._whole = asyncio.Event()
        self._connection: Connection | None = None

    @classmethod
    async def dial(cls, folder: Path, after: int = -1) -> LiveTape:
        """Ask the supervisor for everything from ``after`` up to now.

        Raises Missing where it does not answer.
        """
        tape = cls(after)
        try:
            tape._connection = await Connection.dial(
                folder / SOCKET_NAME, str(uuid.uuid4()), "replay", tape._pushed
            )
        except OSError as error:
            raise Missing(
                f"the session's supervisor does not answer ({error.strerror or error})",
                where=str(folder),
                hint="try again",
            ) from None
        tape.last = tape._connection.welcome["seq"]
        if tape.last <= after:
            return tape
        tape._connection.tell("subscribe", after=after)
        lost = asyncio.create_task(tape._connection.lost())
        whole = asyncio.create_task(tape._whole.wait())
        await asyncio.wait((lost, whole), return_when=asyncio.FIRST_COMPLETED)
        lost.cancel()
        if not whole.done():
            whole.cancel()
            raise Missing("the supervisor hung up", where=str(folder), hint="try again")
        return tape

    async def bodies(self, first: int, last: int) -> list[bytes]:
        return self._bodies[max(0, first - self._first) : max(0, last + 1 - self._first)]

    async def content(self, digest: str) -> bytes | None:
        assert self._connection is not None
        parts: list[bytes] = []
        done = 0
        while True:
            try:
                frame = await self._connection.ask(
                    "read",
                    ref={"kind": "content", "id": digest},
                    offset=done,
                    length=limits.READ_BYTES_MAX,
                )
            except Missing:
                return None
            data = base64.b64decode(frame["data"])
            parts.append(data)
            done += len(data)
            if not data or done >= frame["size"]:
                return b"".join(parts)

    async def verdict(self) -> str:
        assert self._connection is not None
        frame = await self._connection.ask("verify", head=None)
        if frame["holds"]:
            return f"✔ verified to event {self.last:,}"
        return "✖ " + str(frame["sentences"][0])

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()

    def _pushed(self, frame: wire.Frame) -> None:
        if frame["kind"] != "events":
            if frame["kind"] == "dropped" and self._connection is not None:
                self._connection.tell("subscribe", after=self._next - 1)
            return
        for seq, body, _ in frame["events"]:
            if seq == self._next and seq <= self.last:
                self._bodies.append(body.encode("ascii"))
        if self._next > self.last:
            self._whole.set()

    @property
    def _next(self) -> int:
        return self._first + len(self._bodies)
