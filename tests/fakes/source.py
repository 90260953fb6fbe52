"""A real, small Source over a list of events: it folds them, records commands and can be fed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable

from scanflow_tui.client.recorded import DECISIONS
from scanflow_tui.client.source import Chunk, Link, Ref, Reply, Update, Vitals
from scanflow_tui.contract import logsearch
from scanflow_tui.contract.commands import Command
from scanflow_tui.contract.errors import Missing, ScanflowError
from scanflow_tui.contract.logsearch import Counted, Found, Search
from scanflow_tui.session.events import Event, Kind
from scanflow_tui.session.folds import fold
from scanflow_tui.session.state import SessionState

Answer = Callable[[Command], Iterable[Kind]]


class FakeSource:
    """``reads`` holds bytes by (kind, id, path); ``sent`` every command, in order.

    ``answer`` makes the facts that a command causes, or raises the refusal; ``hold`` keeps commands
    unacknowledged until ``release`` is called.
    """

    def __init__(
        self,
        events: Iterable[Event] = (),
        *,
        reads: dict[tuple[str, str, str], bytes] | None = None,
        answer: Answer | None = None,
        writable: bool = True,
        fails: ScanflowError | None = None,
    ) -> None:
        self.writable = writable
        self.events = list(events)
        self.reads = reads or {}
        self.answer = answer
        self.sent: list[Command] = []
        self.asked: list[tuple[Ref, int]] = []
        self.closed = False
        self.state = SessionState()
        self._fails = fails
        self._queue: asyncio.Queue[Update | None] = asyncio.Queue()
        self._gate = asyncio.Event()
        self._gate.set()

    async def open(self) -> SessionState:
        """Fold what is there."""
        if self._fails is not None:
            raise self._fails
        for event in self.events:
            fold(self.state, event)
        return self.state

    async def updates(self) -> AsyncIterator[Update]:
        """What was fed."""
        while (update := await self._queue.get()) is not None:
            yield update

    async def read(self, ref: Ref, offset: int = 0, length: int | None = None) -> Chunk:
        """Bytes of ``reads``; the log may grow between two reads."""
        self.asked.append((ref, offset))
        data = self.reads.get((ref.kind, ref.id, ref.path))
        if data is None:
            raise Missing(f"{ref.kind} {ref.id} is not there")
        end = len(data) if length is None else offset + length
        return Chunk(data[offset:end], len(data))

    async def find(self, ref: Ref, search: Search, offset: int, length: int) -> Found:
        """Look through the bytes of ``reads``."""
        return logsearch.find(self._reader(ref), search, offset, length)

    async def count(self, ref: Ref, offset: int, length: int) -> Counted:
        """Count the lines of ``reads``."""
        return logsearch.count(self._reader(ref), offset, length)

    def _reader(self, ref: Ref) -> logsearch.Read:
        data = self.reads.get((ref.kind, ref.id, ref.path))
        if data is None:
            raise Missing(f"{ref.kind} {ref.id} is not there")
        return lambda offset, length: (data[offset : offset + length], len(data))

    async def send(self, command: Command) -> Reply:
        """Record it, wait if held, then feed what it causes."""
        self.sent.append(command)
        await self._gate.wait()
        facts = list(self.answer(command)) if self.answer is not None else []
        self.feed(*facts)
        return Reply(self.state.seq)

    async def close(self) -> None:
        """Ends the updates."""
        self.closed = True
        self._queue.put_nowait(None)

    def feed(self, *facts: Kind, at: int | None = None, actor: str = "supervisor") -> None:
        """These facts happen now: folded, and told to the subscriber."""
        events = []
        for fact in facts:
            when = at if at is not None else self.state.at + 1_000_000
            event = Event(self.state.seq + 1, when, actor, fact)
            fold(self.state, event)
            self.events.append(event)
            events.append(event)
        if events:
            self._queue.put_nowait(Update(self.state, events=tuple(events)))

    def tell(
        self, *, vitals: Vitals | None = None, link: Link | None = None, text: str = ""
    ) -> None:
        """Vitals, or a change of the link."""
        self._queue.put_nowait(Update(self.state, vitals=vitals, link=link, text=text))

    def hold(self) -> None:
        """Commands wait for their acknowledgement from here on."""
        self._gate.clear()

    def release(self) -> None:
        """The supervisor answers again."""
        self._gate.set()


class FakeTape(FakeSource):
    """A recorded source: a cursor over all events, as ``tui.transport.Transport`` wants it."""

    def __init__(
        self, events: Iterable[Event], *, verdict: str = "✔ verified", seq: int | None = None
    ) -> None:
        super().__init__((), writable=False)
        self.all = list(events)
        self.times = [event.at for event in self.all]
        self.decisions = [
            event.seq
            for event in self.all
            if event.kind in DECISIONS and event.actor.startswith("human:")
        ]
        self.last = len(self.all) - 1
        self.seq = self.last if seq is None else seq
        self.verdict = verdict

    async def open(self) -> SessionState:
        """The state at the cursor."""
        return await self.seek(self.seq)

    async def seek(self, seq: int) -> SessionState:
        """Fold again from the start: small lists only."""
        self.seq = max(0, min(seq, self.last))
        self.state = SessionState()
        for event in self.all[: self.seq + 1]:
            fold(self.state, event)
        self._queue.put_nowait(Update(self.state, events=(self.all[self.seq],)))
        return self.state

    async def event(self, seq: int) -> Event | None:
        """The event with this number."""
        return self.all[seq] if 0 <= seq <= self.last else None
