"""A recorded session: a source with a cursor over the events of a file. It never writes.

The state at any event is folded from the nearest snapshot before it; snapshots are taken on the
first pass, and nothing of them is kept on disk.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from scanflow_tui.client.source import Chunk, Ref, Reply, Update
from scanflow_tui.client.tape import RANGE_EVENTS, Tape, open_tape
from scanflow_tui.contract import limits, logsearch
from scanflow_tui.contract.commands import Command
from scanflow_tui.contract.errors import DamagedSession, Missing, Refused
from scanflow_tui.contract.logsearch import Counted, Found, Search
from scanflow_tui.engine.attempt import read_log
from scanflow_tui.session import artifacts
from scanflow_tui.session import events as ev
from scanflow_tui.session.folds import fold
from scanflow_tui.session.log_ends import filled, piece
from scanflow_tui.session.logfold import fold_for
from scanflow_tui.session.places import SessionFolder, objects_of
from scanflow_tui.session.state import AttemptView, SessionState

SNAPSHOT_EVENTS = 10_000
DECISIONS = frozenset({"DecisionTaken", "ModelPromoted", "CandidateDiscarded", "ModelRolledBack"})
"""What a person decided: the supervisor's own first promotion is none."""
READ_ALL_BYTES = 64 * 1024 * 1024


class RecordedSource:
    """A session's folder, or its file wherever it lies. ``times`` holds microseconds by seq."""

    writable = False

    def __init__(
        self, path: Path, at: int | None = None, *, snapshot_events: int = SNAPSHOT_EVENTS
    ) -> None:
        self.path = Path(path)
        self.seq = -1
        self.last = -1
        self.verdict = ""
        self.times: list[int] = []
        self.decisions: list[int] = []
        self.state = SessionState()
        self._at = at
        self._snapshot_events = snapshot_events
        self._tape: Tape | None = None
        self._snapshots: dict[int, bytes] = {}
        self._updates: asyncio.Queue[Update | None] = asyncio.Queue()

    async def open(self) -> SessionState:
        """Read everything once; the state at the cursor (the newest event, if none was given).

        Raises Missing, DamagedSession; a file whose chain does not hold is opened all the same, and
        ``verdict`` says so.
        """
        self._tape = await open_tape(self.path)
        self.verdict = await self._tape.verdict()
        await self._first_pass(self._tape)
        if self.last < 0:
            raise DamagedSession("the session holds no event", where=str(self.path))
        self._updates.put_nowait(Update(self.state, link="recorded", text=self.verdict))
        if self._at is not None:
            await self.seek(self._at)
        return self.state

    async def seek(self, seq: int) -> SessionState:
        """Move the cursor to an event (bounded by the ends); the state after it."""
        assert self._tape is not None, "not open"
        seq = max(0, min(seq, self.last))
        start = max((at for at in self._snapshots if at <= seq), default=-1)
        if not start <= self.seq <= seq:
            kept = self._snapshots.get(start)
            self.state = SessionState() if kept is None else _thawed(kept)
            self.seq = start
        last: ev.Event | None = None
        while self.seq < seq:
            until = min(seq, self.seq + RANGE_EVENTS)
            for body in await self._tape.bodies(self.seq + 1, until):
                last = ev.decode(body)
                fold(self.state, last)
            self.seq = until
        events = () if last is None else (last,)
        self._updates.put_nowait(Update(self.state, events=events, link="recorded"))
        return self.state

    async def updates(self) -> AsyncIterator[Update]:
        """Every move of the cursor, until closed."""
        while (update := await self._updates.get()) is not None:
            yield update

    async def event(self, seq: int) -> ev.Event | None:
        """The event with this number."""
        assert self._tape is not None, "not open"
        bodies = await self._tape.bodies(seq, seq)
        return ev.decode(bodies[0]) if bodies else None

    async def events(self, first: int, last: int) -> list[ev.Event]:
        """The events of a range, both ends included; ask for at most 10,000 at once."""
        assert self._tape is not None, "not open"
        return [ev.decode(body) for body in await self._tape.bodies(first, last)]

    async def read(self, ref: Ref, offset: int = 0, length: int | None = None) -> Chunk:
        """Bytes behind a reference: from the session, or from what still lies beside it."""
        assert self._tape is not None, "not open"
        length = READ_ALL_BYTES if length is None else length
        if ref.kind == "content":
            data = await self._tape.content(ref.id)
            if data is None:
                raise Missing("this content was erased, or was never kept", where=ref.id[:12])
            return Chunk(data[offset : offset + length], len(data))
        if ref.kind == "artifact":
            objects = objects_of(self._folder().root)
            found = await asyncio.to_thread(
                artifacts.read, objects, ref.id, ref.path, offset, length
            )
            return Chunk(*found)
        return await self._log(ref.id, offset, length)

    async def find(self, ref: Ref, search: Search, offset: int, length: int) -> Found:
        """Look through a log, in a thread."""
        read, length = await self._reader(ref.id), min(length, limits.FIND_BYTES_MAX)
        by = fold_for(length)
        return await asyncio.to_thread(logsearch.find, read, search, offset, length, by)

    async def count(self, ref: Ref, offset: int, length: int) -> Counted:
        """Count a log's lines, in a thread."""
        read, length = await self._reader(ref.id), min(length, limits.FIND_BYTES_MAX)
        return await asyncio.to_thread(logsearch.count, read, offset, length)

    async def send(self, command: Command) -> Reply:
        """A replay takes no command. Raises Refused."""
        raise Refused("read only: this is a replay")

    async def close(self) -> None:
        """Let go of the copy."""
        if self._tape is not None:
            await self._tape.close()
            self._tape = None
        self._updates.put_nowait(None)

    async def _first_pass(self, tape: Tape) -> None:
        while self.seq < tape.last:
            bodies = await tape.bodies(self.seq + 1, min(tape.last, self.seq + RANGE_EVENTS))
            if not bodies:
                break
            for body in bodies:
                if not self._take(body):
                    self.last = self.seq
                    return
            await asyncio.sleep(0)
        self.last = self.seq

    def _take(self, body: bytes) -> bool:
        """Fold one event of the first pass; False at one that cannot be read."""
        try:
            event = ev.decode(body)
        except (ValueError, KeyError, TypeError, msgspec.ValidationError):
            return False
        if event.seq != self.seq + 1:
            return False
        fold(self.state, event)
        self.seq = event.seq
        self.times.append(event.at)
        if event.kind in DECISIONS and event.actor.startswith("human:"):
            self.decisions.append(event.seq)
        if event.seq and event.seq % self._snapshot_events == 0:
            # A number beyond 64 bits does not fit a snapshot: seeking is only slower then.
            with contextlib.suppress(OverflowError, UnicodeEncodeError):
                self._snapshots[event.seq] = msgspec.msgpack.encode(self.state)
        return True

    async def _log(self, name: str, offset: int, length: int) -> Chunk:
        place, attempt = self._attempt_of(name)
        chunk = await asyncio.to_thread(read_log, place, offset, length)
        if chunk.size:
            return Chunk(chunk.data, chunk.size)
        if attempt.log is None:
            return Chunk(b"", 0, "the log of this attempt is not in the session")
        if attempt.log.n_bytes == 0:
            return Chunk(b"", 0)
        head, tail = await self._log_ends(attempt.log)
        data, note = piece(attempt.log, head, tail, offset, length)
        return Chunk(data, attempt.log.n_bytes, note)

    async def _reader(self, name: str) -> logsearch.Read:
        """What reads an attempt's log by offset, in any thread."""
        place, attempt = self._attempt_of(name)
        record = attempt.log

        def read(offset: int, length: int) -> tuple[bytes, int]:
            chunk = read_log(place, offset, length)
            return chunk.data, chunk.size

        if read(0, 0)[1] or record is None:
            return read
        head, tail = await self._log_ends(record)
        return lambda offset, length: filled(record, head, tail, offset, length)

    async def _log_ends(self, record: ev.LogRecord) -> tuple[bytes, bytes]:
        assert self._tape is not None
        head = await self._tape.content(record.head_content) or b""
        return head, await self._tape.content(record.tail_content) or b""

    def _attempt_of(self, name: str) -> tuple[Path, AttemptView]:
        found = _attempt(self.state, name)
        if found is None:
            raise Missing(f"there is no attempt {name!r} at this event")
        run, node, attempt = found
        return self._folder().attempt(run, node, attempt.number), attempt

    def _folder(self) -> SessionFolder:
        return SessionFolder(self.path if self.path.is_dir() else self.path.parent)


def _thawed(data: bytes) -> SessionState:
    return msgspec.msgpack.decode(data, type=SessionState)


def _attempt(state: SessionState, name: str) -> tuple[int, str, AttemptView] | None:
    for run in state.runs.values():
        for node in run.nodes.values():
            for attempt in node.attempts:
                if attempt.name == name:
                    return run.number, node.id, attempt
    return None
