"""A session that lives: a source over the supervisor's socket that survives the supervisor.

The state is folded here from the events that come, with the same fold as everywhere. A command
keeps its id until it is answered, over every reconnection, so that it is applied once.
"""

from __future__ import annotations

import asyncio
import base64
import gc
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec

from scanflow_tui.client.connection import Connection, LinkLost
from scanflow_tui.client.early import Early
from scanflow_tui.client.source import AttemptVital, Chunk, Ref, Reply, Update, Vitals
from scanflow_tui.client.start import connect
from scanflow_tui.contract import limits, wire
from scanflow_tui.contract.commands import Command, Leave, to_json
from scanflow_tui.contract.errors import DamagedSession, Missing, ScanflowError
from scanflow_tui.contract.logsearch import Counted, Found, Search
from scanflow_tui.session import events as ev
from scanflow_tui.session.folds import fold
from scanflow_tui.session.state import SessionState

PAUSES_S = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
TRIES_MAX = 5
LARGE_BYTES = 4 * limits.MIB
LOST_MAX = 20
"""A request over which the link was lost this often is what ends the supervisor."""


class _Numbers:
    """The numbers of commands; one of which nobody knows what became keeps its own.

    Given again, it is the same object: a supervisor that took it answers, and does nothing more.
    """

    def __init__(self) -> None:
        self._next = 0
        self._unsettled: dict[int, tuple[Command, int]] = {}

    def number_of(self, command: Command) -> int:
        """Its number of before, or the next."""
        _, number = self._unsettled.pop(id(command), (command, self._next))
        self._next = max(self._next, number + 1)
        return number

    def unsettled(self, command: Command, number: int) -> None:
        """It may have been taken, though its answer never came."""
        self._unsettled[id(command)] = (command, number)


class LiveSource:
    """A client with an id of its own; one connection at a time, renewed when it is lost."""

    writable = True

    def __init__(self, session_folder: Path, program: str, early: Early | None = None) -> None:
        self.folder = Path(session_folder)
        self.program = program
        self.client = str(uuid.uuid4())
        self.state = SessionState()
        self.stuck = ""
        self.card: wire.Frame = {}
        self._numbers = _Numbers()
        self._pending: dict[int, tuple[Command, asyncio.Future[Reply]]] = {}
        self._losses: dict[int, int] = {}
        self._connection: Connection | None = None
        self._pulse = asyncio.Event()
        self._updates: asyncio.Queue[Update | None] = asyncio.Queue()
        self._is_listened = False
        self._keeper: asyncio.Task[None] | None = None
        self._wanted = asyncio.Event()
        self._leaving = ""
        self._failure: ScanflowError | None = None
        self._closed = False
        self._early = early

    async def open(self) -> SessionState:
        """Connect, starting a supervisor where none lives; the state at the newest event."""
        connection = await connect(self.folder, self.client, self.program, self._pushed)
        await self._use(connection)
        self._keeper = asyncio.create_task(self._keep(connection))
        seq = connection.welcome["seq"]
        await self.until(lambda: self.state.seq >= seq)
        return self.state

    def updates(self) -> AsyncIterator[Update]:
        """Everything that happens from this call on, until closed."""
        self._is_listened = True
        return _each(self._updates)

    async def read(self, ref: Ref, offset: int = 0, length: int | None = None) -> Chunk:
        """Bytes behind a reference, in as many requests as it takes."""
        parts: list[bytes] = []
        size, note, done = 0, "", 0
        while length is None or done < length:
            left = limits.READ_BYTES_MAX if length is None else length - done
            frame = await self._ask(
                "read",
                ref={"kind": ref.kind, "id": ref.id, "path": ref.path},
                offset=offset + done,
                length=min(left, limits.READ_BYTES_MAX),
            )
            data = base64.b64decode(frame["data"])
            parts.append(data)
            size, note, done = frame["size"], frame.get("note", ""), done + len(data)
            if not data or offset + done >= size:
                break
        return Chunk(b"".join(parts), size, note)

    async def find(self, ref: Ref, search: Search, offset: int, length: int) -> Found:
        """The supervisor looks where the log lies."""
        frame = await self._ask(
            "find",
            ref={"kind": ref.kind, "id": ref.id},
            search=msgspec.to_builtins(search),
            offset=offset,
            length=length,
        )
        return Found(tuple(frame["offsets"]), frame["reached"], frame["size"])

    async def count(self, ref: Ref, offset: int, length: int) -> Counted:
        """The supervisor counts where the log lies."""
        named = {"kind": ref.kind, "id": ref.id}
        frame = await self._ask("count", ref=named, offset=offset, length=length)
        return Counted(frame["n_lines"], frame["is_open"], frame["reached"], frame["size"])

    async def verify(self, head: str | None = None) -> wire.Frame:
        """What the supervisor finds in the session's file; ``head`` is ``SEQ:HASH`` or None."""
        return await self._ask("verify", head=head)

    async def send(self, command: Command) -> Reply:
        """Give a command and wait for its word, over lost links too; the state holds it then."""
        while len(self._pending) >= limits.COMMANDS_UNANSWERED_MAX:
            await asyncio.wait(
                [answer for _, answer in self._pending.values()],
                return_when=asyncio.FIRST_COMPLETED,
            )
        if self._closed:
            raise Missing("this source is closed")
        counter = self._numbers.number_of(command)
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._pending[counter] = (command, answer)
        self._wanted.set()
        if self._connection is not None:
            self._submit(self._connection, counter)
        try:
            reply = await answer
        except Missing:
            self._numbers.unsettled(command, counter)
            raise
        finally:
            self._pending.pop(counter, None)
            self._losses.pop(counter, None)
        if not isinstance(command, Leave):
            await self.until(lambda: self.state.seq >= reply.seq)
        return reply

    async def close(self) -> None:
        """Hang up; runs go on."""
        self._closed = True
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._connection is not None:
            await self._connection.close()
        self._fail(Missing("the link was closed before an answer came"))
        self._tell(Update(self.state, link="closed"))
        self._updates.put_nowait(None)

    async def _use(self, connection: Connection) -> None:
        """Go on over this connection: where the state is, and with every unanswered command."""
        session = connection.welcome["session"]
        if self.state.session not in ("", session):
            await connection.close()
            raise DamagedSession("another session answers here now", where=str(self.folder))
        self.card, self.stuck = connection.welcome, connection.welcome.get("stuck", "")
        if self.state.seq < 0:
            early, self._early = self._early, None
            self.state = await _first_state(connection, early)
        self._connection = connection
        self._failure, self._leaving = None, ""
        for counter in sorted(self._pending):
            self._submit(connection, counter)
        _subscribe(connection, self.state.seq)
        connection.tell("vitals")
        self._wake()

    async def _keep(self, connection: Connection) -> None:
        """Renew the connection whenever it is lost; after a supervisor left, when wanted."""
        while True:
            await connection.lost()
            self._connection = None
            self._wanted.clear()
            if self._leaving and not self._pending:
                self._tell(Update(self.state, link="closed", text=self._leaving))
                await self._wanted.wait()
            self._tell(Update(self.state, link="reconnecting"))
            connection = await self._renew()
            self._tell(Update(self.state, link="connected", text=self.stuck))

    async def _renew(self) -> Connection:
        """A new connection, however long it takes; what cannot be helped is said once."""
        tries = 0
        while True:
            try:
                connection = await connect(self.folder, self.client, self.program, self._pushed)
                await self._use(connection)
            except (ScanflowError, LinkLost, OSError) as error:
                tries += 1
                is_final = tries >= TRIES_MAX or not isinstance(error, Missing)
                if isinstance(error, ScanflowError) and is_final:
                    self._fail(error)
                    self._tell(Update(self.state, link="closed", text=error.sentence()))
                    self._wanted.clear()
                    await self._wanted.wait()
                    tries = 0
                await asyncio.sleep(PAUSES_S[min(tries, len(PAUSES_S) - 1)])
            else:
                return connection

    async def _ask(self, kind: str, **fields: Any) -> wire.Frame:
        """Ask over whatever connection there is, or will be."""
        self._wanted.set()
        for _ in range(LOST_MAX):
            await self.until(lambda: self._connection is not None)
            assert self._connection is not None
            try:
                return await self._connection.ask(kind, **fields)
            except LinkLost:
                await asyncio.sleep(PAUSES_S[0])
        raise _ends_on_it("this question")

    def _submit(self, connection: Connection, counter: int) -> None:
        command, answer = self._pending[counter]
        sent = connection.send("command", id=counter, command=to_json(command))

        def answered(done: asyncio.Future[wire.Frame]) -> None:
            if answer.done() or done.cancelled():
                return
            if done.exception() is not None:
                # The link was lost: the command is sent again on the next one, but not for ever.
                self._losses[counter] = self._losses.get(counter, 0) + 1
                if self._losses[counter] >= LOST_MAX:
                    answer.set_exception(_ends_on_it(f"command {type(command).__name__}"))
                return
            frame = done.result()
            if frame.get("ok"):
                answer.set_result(Reply(frame["seq"], frame.get("value", "")))
            else:
                answer.set_exception(wire.error_from(frame.get("error", frame)))

        sent.add_done_callback(answered)

    def _pushed(self, frame: wire.Frame) -> None:
        match frame["kind"]:
            case "events":
                self._fold(frame["events"])
            case "vitals":
                self._tell(Update(self.state, vitals=_vitals(frame["values"])))
            case "stuck":
                self.stuck = frame["text"]
                self._tell(Update(self.state, link="connected", text=self.stuck))
                self._wake()
            case "dropped":
                _subscribe(self._connection, self.state.seq)
            case "leaving":
                self._leaving = frame["reason"]
            case "error":
                self._fail(wire.error_from(frame))

    def _fold(self, rows: list[tuple[int, str, str]]) -> None:
        """Apply what is new; after a gap the subscription begins again where the state is."""
        events: list[ev.Event] = []
        for seq, body, _ in rows:
            if seq <= self.state.seq:
                continue
            if seq != self.state.seq + 1:
                _subscribe(self._connection, self.state.seq)
                break
            event = ev.decode(body)
            fold(self.state, event)
            events.append(event)
        if events:
            self._tell(Update(self.state, events=tuple(events)))
            self._wake()

    def _tell(self, update: Update) -> None:
        if self._is_listened:
            self._updates.put_nowait(update)

    def _fail(self, error: ScanflowError) -> None:
        """Everybody who waits is told; the next command or question tries again."""
        self._failure = error
        for _, answer in self._pending.values():
            if not answer.done():
                answer.set_exception(error)
        self._wake()

    async def until(self, is_true: Callable[[], bool]) -> None:
        """Wait for something to become true. Raises what made that impossible."""
        while not is_true():
            await self._pulse.wait()
            if self._failure is not None and not is_true():
                raise self._failure

    def _wake(self) -> None:
        pulse, self._pulse = self._pulse, asyncio.Event()
        pulse.set()


def _subscribe(connection: Connection | None, after: int) -> None:
    if connection is not None:
        connection.tell("subscribe", after=after)


async def _each(updates: asyncio.Queue[Update | None]) -> AsyncIterator[Update]:
    while (update := await updates.get()) is not None:
        yield update


async def _first_state(connection: Connection, early: Early | None) -> SessionState:
    """The state to go on from: one that was asked for early, or one that is asked for now."""
    if early is not None:
        frame = await asyncio.to_thread(early.take)
        state = SessionState() if frame is None else _state_of(frame)
        here = connection.welcome
        if state.session == here["session"] and state.seq <= here["seq"]:
            return state
    frame = await connection.ask("snapshot", aside=True)
    return SessionState() if frame["seq"] < 0 else _state_of(frame)


def _state_of(frame: wire.Frame) -> SessionState:
    """The state of a snapshot; an older supervisor puts it into the frame itself."""
    if "data" not in frame:
        return msgspec.convert(frame["state"], SessionState, str_keys=True)
    # A long queue is half a million objects that stay: a search for garbage among them, while they
    # come or later, would hold up the screen for nothing.
    data = frame.pop("data")
    was_on = gc.isenabled()
    gc.disable()
    try:
        state = msgspec.json.decode(data, type=SessionState)
        if len(data) > LARGE_BYTES:
            gc.freeze()
        return state
    finally:
        if was_on:
            gc.enable()


def _ends_on_it(what: str) -> Missing:
    return Missing(
        f"the supervisor ended {LOST_MAX} times before it answered {what}",
        hint="its log in the session's folder says why",
    )


def _vitals(values: dict[str, Any]) -> Vitals:
    attempts = {
        name: msgspec.convert(value, AttemptVital)
        for name, value in values.get("attempts", {}).items()
    }
    return Vitals(attempts, values.get("clients", 0), values.get("engine", ""))
