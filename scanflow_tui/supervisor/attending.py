"""One connected client: its requests in, its answers and its subscription out.

Commands are taken in the order they come; everything that reads runs beside them. A subscription is
history from the log, then live, without a gap and without a double.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from scanflow_tui.contract import limits, wire
from scanflow_tui.contract.errors import InputError, Missing, Refused, ScanflowError
from scanflow_tui.supervisor.frames import pack_rows, pack_snapshot, pack_snapshot_aside
from scanflow_tui.supervisor.outbox import Outbox

if TYPE_CHECKING:
    from scanflow_tui.supervisor.server import Desk, Server

READS_AT_ONCE_MAX = 16
HISTORY_EVENTS = 1000
COUNTER_MAX = 2**53


class Client:
    """A connection, its identity from the kernel, and how far its subscription is."""

    def __init__(
        self,
        server: Server,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        uid: int,
        groups: frozenset[int] = frozenset(),
    ) -> None:
        self.uid = uid
        self.groups = groups
        self.actor = f"human:u{uid}"
        self.outbox = Outbox(writer)
        self.is_live = False
        self.wants_vitals = False
        self.n_unanswered = 0
        self._server = server
        self._reader = reader
        self._uuid = ""
        self._sent_seq = -1
        self._tasks: set[asyncio.Task[None]] = set()
        self._subscription: asyncio.Task[None] | None = None

    def send_away(self) -> None:
        """Say that this user is not admitted, and end what is written to them."""
        who = f"user {self.uid} may not use this session"
        error = Refused(who, hint="its owner admits others: scanflow share GROUP")
        self.outbox.put({"kind": "error", "req": 0} | wire.error_json(error))
        self.outbox.close()

    async def turn_away(self) -> None:
        """Send a user away who has only just come."""
        self.send_away()
        with contextlib.suppress(ConnectionError):
            await self.outbox.write()

    async def attend(self) -> None:
        """Serve until the client goes, or is told to."""
        writing = asyncio.create_task(self.outbox.write())
        reading = asyncio.create_task(self._read())
        try:
            await asyncio.wait((writing, reading), return_when=asyncio.FIRST_COMPLETED)
            if reading.done() and not writing.done():
                self.outbox.close()
                await asyncio.wait((writing,), timeout=1.0)
        finally:
            self.is_live = False
            for task in (writing, reading, *self._tasks):
                task.cancel()
            await asyncio.gather(writing, reading, *self._tasks, return_exceptions=True)
        for task in (writing, reading):
            error = None if task.cancelled() else task.exception()
            if error is not None and not isinstance(error, ConnectionError):
                raise error

    def push_events(self, packed: list[bytes], last: int) -> None:
        """Queue new events, or end the subscription of a client that does not read."""
        if self.outbox.is_full:
            self.is_live = False
            self.outbox.put({"kind": "dropped", "after": self._sent_seq})
            return
        for data in packed:
            self.outbox.put_packed(data)
        self._sent_seq = last

    async def _read(self) -> None:
        try:
            admitted = self._greet(await wire.receive(self._reader))
            while admitted:
                await self.outbox.room()
                frame = await wire.receive(self._reader)
                await self._handle(frame)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        except ScanflowError as error:
            self.outbox.put({"kind": "error", "req": 0} | wire.error_json(error))

    def _greet(self, frame: wire.Frame) -> bool:
        """Answer a hello. A newer client takes over, an older one is told to upgrade."""
        version = frame.get("version")
        if frame["kind"] != "hello" or not isinstance(version, int):
            raise InputError("the first frame is a hello with a version")
        if version > wire.PROTOCOL and self.uid != self._server.owner_uid:
            raise Missing("this supervisor is older than you", hint="ask its owner to upgrade")
        if version > wire.PROTOCOL:
            self._server.desk.upgrade(str(frame.get("program", ""))[:80])
            error = Missing("this supervisor is older and makes room", hint="connect again")
            self.outbox.put({"kind": "error", "req": 0, "again": True} | wire.error_json(error))
            return False
        if version < wire.PROTOCOL:
            what = f"this supervisor speaks protocol {wire.PROTOCOL}, you speak {version}"
            raise Missing(what, hint="upgrade ScanFlow")
        try:
            self._uuid = str(uuid.UUID(str(frame.get("client"))))
        except ValueError:
            raise InputError("a hello names its client by a UUID") from None
        self.outbox.put(self._server.welcome(_request(frame), self.uid))
        return True

    async def _handle(self, frame: wire.Frame) -> None:
        request = _request(frame)
        match frame["kind"]:
            case "command":
                self._command(request, frame)
            case "vitals":
                self.wants_vitals = True
            case "subscribe":
                after = _whole(frame, "after", -1)
                if self._subscription is not None:
                    self._subscription.cancel()
                self._subscription = self._beside(request, self._subscribe(after))
            case "snapshot" | "read" | "find" | "count" | "verify":
                while len(self._tasks) >= READS_AT_ONCE_MAX:
                    await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
                self._beside(request, self._answer(request, frame))
            case unknown:
                error = InputError(f"unknown frame {unknown!r}")
                self.outbox.put({"kind": "error", "req": request} | wire.error_json(error))

    def _command(self, request: int, frame: wire.Frame) -> None:
        counter = frame.get("id")
        try:
            if not isinstance(counter, int) or not 0 <= counter < COUNTER_MAX:
                raise InputError("a command's id is a whole number")
            if self.n_unanswered >= limits.COMMANDS_UNANSWERED_MAX:
                raise Refused(f"{self.n_unanswered} commands are unanswered already")
            self._server.command(self, request, f"{self._uuid}:{counter}", frame.get("command"))
            self.n_unanswered += 1
        except ScanflowError as error:
            refusal = {"kind": "reply", "req": request, "id": counter, "ok": False}
            self.outbox.put(refusal | {"error": wire.error_json(error)})

    def _beside(self, request: int, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a request beside the commands; its ScanflowError is its answer."""
        task = asyncio.create_task(self._guarded(request, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _guarded(self, request: int, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except ScanflowError as error:
            self.outbox.put({"kind": "error", "req": request} | wire.error_json(error))

    async def _answer(self, request: int, frame: wire.Frame) -> None:
        desk = self._server.desk
        if frame["kind"] == "snapshot":
            pack = pack_snapshot_aside if frame.get("aside") is True else pack_snapshot
            self.outbox.put_packed(pack(request, *await desk.snapshot()))
        elif frame["kind"] == "verify":
            head = frame.get("head")
            verified = await desk.verify(head if isinstance(head, str) else None)
            self.outbox.put({"kind": "verified", "req": request} | verified)
        else:
            self.outbox.put({"req": request} | await _read(desk, frame))

    async def _subscribe(self, after: int) -> None:
        """History until the log's end, then live; the step between has no await in it."""
        desk = self._server.desk
        self.is_live = False
        self._sent_seq = after
        if after > desk.committed_seq():
            raise InputError(f"the log ends at event {desk.committed_seq()}, not {after}")
        while self._sent_seq < desk.committed_seq():
            last = min(desk.committed_seq(), self._sent_seq + HISTORY_EVENTS)
            rows = await desk.history(self._sent_seq + 1, last)
            for data in pack_rows(rows):
                await self.outbox.room()
                self.outbox.put_packed(data)
            self._sent_seq = last
        self.is_live = True


async def _read(desk: Desk, frame: wire.Frame) -> wire.Frame:
    """A piece of what a ref names, or what is found or counted in a range of a log."""
    ref, offset = frame.get("ref"), _whole(frame, "offset", 0)
    if not isinstance(ref, dict):
        raise InputError("a read names what to read by a ref")
    if frame["kind"] == "read":
        length = min(_whole(frame, "length", limits.READ_BYTES_MAX), limits.READ_BYTES_MAX)
        return {"kind": "data"} | await desk.read(ref, offset, length)
    length = min(_whole(frame, "length", limits.FIND_BYTES_MAX), limits.FIND_BYTES_MAX)
    if frame["kind"] == "count":
        return {"kind": "counted"} | await desk.count(ref, offset, length)
    return {"kind": "found"} | await desk.find(ref, frame.get("search"), offset, length)


def _request(frame: wire.Frame) -> int:
    """The number a client gave its request, 0 where it gave none."""
    number = frame.get("req", 0)
    return number if isinstance(number, int) else 0


def _whole(frame: wire.Frame, name: str, default: int) -> int:
    """A whole number of a frame, not below 0, nor below the default where that is less."""
    value = frame.get(name, default)
    if not isinstance(value, int) or value < min(default, 0):
        raise InputError(f"{name!r} is a whole number")
    return value
