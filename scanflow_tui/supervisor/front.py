"""What a client can reach: commands in, and the session read, snapshotted and verified.

A snapshot is of committed events alone. While commits wait it is made from the log.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any

import msgspec

from scanflow_tui import __version__
from scanflow_tui.contract import commands, wire
from scanflow_tui.contract.errors import InputError
from scanflow_tui.session.state import SessionState
from scanflow_tui.supervisor.frames import Row
from scanflow_tui.supervisor.log import Log
from scanflow_tui.supervisor.loop import Loop
from scanflow_tui.supervisor.machine.stimuli import Commanded
from scanflow_tui.supervisor.reading import count_in, find_in, log_reader, read_ref
from scanflow_tui.supervisor.server import Card
from scanflow_tui.supervisor.workplace import Workplace

SETTLE_S = 0.1
NO_SNAPSHOT = (-1, b"null")
"""The client folds from event 0 instead."""


class Front:
    """The desk of a server (``server.Desk``)."""

    def __init__(
        self, loop: Loop, log: Log, place: Workplace, *, upgrade: Callable[[str], None]
    ) -> None:
        self._loop = loop
        self._log = log
        self._place = place
        self._upgrade = upgrade

    def card(self) -> Card:
        """What the welcome says."""
        state = self._loop.machine.state
        return Card(state.session, state.name, state.engine, __version__)

    def committed_seq(self) -> int:
        """The last event in the log."""
        return self._loop.committed_seq

    def stuck_text(self) -> str:
        """Why no command is taken now, else empty."""
        return self._loop.stuck_text

    def give(self, command_id: str, actor: str, raw: Any) -> None:
        """A command for the machine. Raises InputError where it is none."""
        try:
            json.dumps(raw, ensure_ascii=False).encode("utf-8")
        except UnicodeEncodeError:
            raise InputError("a command holds text that is not UTF-8") from None
        self._loop.offer(Commanded(command_id, actor, commands.from_json(raw)))

    async def snapshot(self) -> tuple[int, bytes]:
        """A committed state as JSON, and its sequence number."""
        while not self._loop.is_settled:
            if self._loop.stuck_text:
                return NO_SNAPSHOT
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SETTLE_S):
                    await self._loop.settled()
        return encode_state(self._loop.machine.state)

    async def history(self, first: int, last: int) -> list[Row]:
        """Committed events of a range, both ends included."""
        return await self._log.rows(first, last)

    async def read(self, ref: dict[str, Any], offset: int, length: int) -> wire.Frame:
        """The fields of a ``data`` frame."""
        return await read_ref(self._loop.machine, self._log, self._place, ref, offset, length)

    async def find(self, ref: dict[str, Any], search: Any, offset: int, length: int) -> wire.Frame:
        """The fields of a ``found`` frame."""
        read = await log_reader(self._loop.machine, self._log, self._place, ref)
        return await find_in(read, search, offset, length)

    async def count(self, ref: dict[str, Any], offset: int, length: int) -> wire.Frame:
        """The fields of a ``counted`` frame."""
        read = await log_reader(self._loop.machine, self._log, self._place, ref)
        return await count_in(read, offset, length)

    async def verify(self, head: str | None) -> wire.Frame:
        """The fields of a ``verified`` frame."""
        return await self._log.verify(head)

    def upgrade(self, program: str) -> None:
        """A newer client starts its own version."""
        self._upgrade(f"a newer ScanFlow takes over ({program})")


def encode_state(state: SessionState) -> tuple[int, bytes]:
    """A state as JSON; what JSON cannot hold (a number beyond 64 bits) is folded by the client."""
    try:
        return state.seq, msgspec.json.encode(state)
    except (OverflowError, UnicodeEncodeError):
        return NO_SNAPSHOT
