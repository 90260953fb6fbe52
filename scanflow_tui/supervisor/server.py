"""The supervisor's socket: who may speak, what is asked, what is answered, who listens.

Who a client is, is the kernel's word about the socket's peer; a name in a frame is ignored. Nothing
here judges a run, and a client that does not read never holds up a commit.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from scanflow_tui.contract import wire
from scanflow_tui.contract.errors import Missing, ScanflowError
from scanflow_tui.contract.records import dataclass
from scanflow_tui.supervisor.attending import Client
from scanflow_tui.supervisor.frames import Row, pack_rows, peer_groups, peer_uid
from scanflow_tui.supervisor.machine.effects import Answer


@dataclass(frozen=True, slots=True)
class Card:
    """What a session says of itself to whoever connects."""

    session: str
    name: str
    engine: str
    scanflow: str


class Desk(Protocol):
    """What a client can reach through the server."""

    def card(self) -> Card:
        """What the welcome says."""

    def committed_seq(self) -> int:
        """The last event in the log."""

    def stuck_text(self) -> str:
        """Why no command is taken now, else empty."""

    def give(self, command_id: str, actor: str, raw: Any) -> None:
        """A command for the machine. Raises InputError where it is none."""

    async def snapshot(self) -> tuple[int, bytes]:
        """A committed state as JSON, and its sequence number."""

    async def history(self, first: int, last: int) -> list[Row]:
        """Committed events of a range, both ends included."""

    async def read(self, ref: dict[str, Any], offset: int, length: int) -> wire.Frame:
        """The fields of a ``data`` frame. Raises Missing, InputError."""

    async def find(self, ref: dict[str, Any], search: Any, offset: int, length: int) -> wire.Frame:
        """The fields of a ``found`` frame. Raises Missing, InputError."""

    async def count(self, ref: dict[str, Any], offset: int, length: int) -> wire.Frame:
        """The fields of a ``counted`` frame. Raises Missing, InputError."""

    async def verify(self, head: str | None) -> wire.Frame:
        """The fields of a ``verified`` frame."""

    def upgrade(self, program: str) -> None:
        """A newer client wants its own version of the supervisor."""


class Server:
    """Every connected client, the commands they wait for, and the socket."""

    def __init__(
        self,
        desk: Desk,
        *,
        owner_uid: int,
        admits: Callable[[frozenset[int]], bool] = lambda groups: False,
    ) -> None:
        self.desk = desk
        self.owner_uid = owner_uid
        self._admits = admits
        self.clients: set[Client] = set()
        self.on_change: Callable[[], None] = lambda: None
        self._waiting: dict[str, list[tuple[Client, int]]] = {}
        self._server: asyncio.AbstractServer | None = None
        self._path: Path | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self, path: Path) -> None:
        """Bind the socket, mode 0600; call it under the session's lock alone."""
        path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        old = os.umask(0o177)
        try:
            # A socket's path is at most 107 bytes; through the folder's descriptor any path fits.
            listener.bind(f"/proc/self/fd/{folder}/{path.name}")
        finally:
            os.umask(old)
            os.close(folder)
        listener.setblocking(False)
        self._server = await asyncio.start_unix_server(self._attend, sock=listener, backlog=64)
        self._path = path

    async def close(self, reason: str) -> None:
        """Tell everybody, write what is queued, remove the socket."""
        if self._server is not None:
            self._server.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)
        for client in list(self.clients):
            client.outbox.put({"kind": "leaving", "reason": reason})
            client.outbox.close()
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=1.0)
        for task in list(self._tasks):
            task.cancel()

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        uid = peer_uid(writer)
        client = Client(self, reader, writer, uid, peer_groups(writer))
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            if self.is_admitted(client):
                self.clients.add(client)
                self.on_change()
                await client.attend()
            else:
                await client.turn_away()
        finally:
            self._tasks.discard(task)
            self.clients.discard(client)
            self._forget(client)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
            self.on_change()

    def is_admitted(self, client: Client) -> bool:
        """Whether this user is the owner, or a member of the group that is admitted now."""
        return client.uid == self.owner_uid or self._admits(client.groups)

    def keep_out(self) -> None:
        """End the connections of those who are not admitted any more."""
        for client in [client for client in self.clients if not self.is_admitted(client)]:
            client.send_away()

    def welcome(self, request: int, uid: int) -> wire.Frame:
        """What a client that was admitted is told first."""
        card = self.desk.card()
        return {
            "kind": "welcome",
            "req": request,
            "version": wire.PROTOCOL,
            "session": card.session,
            "name": card.name,
            "engine": card.engine,
            "scanflow": card.scanflow,
            "seq": self.desk.committed_seq(),
            "stuck": self.desk.stuck_text(),
            "uid": uid,
            "owner": self.owner_uid,
            "pid": os.getpid(),
        }

    def command(self, client: Client, request: int, command_id: str, raw: Any) -> None:
        """Take a command, or hang a repeat onto the one that is still unanswered."""
        stuck = self.desk.stuck_text()
        if stuck:
            raise Missing(stuck, hint="nothing that was acknowledged is lost; try again later")
        waiting = self._waiting.get(command_id)
        if waiting is not None:
            waiting.append((client, request))
            return
        self.desk.give(command_id, client.actor, raw)
        self._waiting[command_id] = [(client, request)]

    def answer(self, answer: Answer) -> None:
        """A command's answer, after its commit, to whoever still waits for it."""
        frame: wire.Frame = {"kind": "reply", "id": answer.command, "ok": answer.error is None}
        if answer.error is not None:
            frame["error"] = wire.error_json(answer.error)
        else:
            frame |= {"seq": answer.seq, "value": answer.value}
        for client, request in self._waiting.pop(answer.command, ()):
            client.n_unanswered -= 1
            client.outbox.put(frame | {"req": request})

    def refused(self, command: str, error: ScanflowError) -> None:
        """A command that was not taken."""
        self.answer(Answer(command, None, error))

    def committed(self, rows: Sequence[Row]) -> None:
        """Push new events to every live subscriber; one that is too slow is dropped."""
        live = [client for client in self.clients if client.is_live]
        if live:
            packed = pack_rows(rows)
            for client in live:
                client.push_events(packed, rows[-1][0])

    def stuck(self, text: str) -> None:
        """Commits wait, or go on."""
        for client in self.clients:
            client.outbox.put({"kind": "stuck", "text": text})

    def vitals(self, values: dict[str, Any]) -> None:
        """Latest-wins facts, for those who asked."""
        wanted = [client for client in self.clients if client.wants_vitals]
        if wanted:
            data = wire.pack({"kind": "vitals", "values": values})
            for client in wanted:
                client.outbox.set_vitals(data, is_news=bool(values.get("attempts")))

    def _forget(self, client: Client) -> None:
        """A client is gone; its commands go on, and a repeat from elsewhere is answered."""
        for waiting in self._waiting.values():
            waiting[:] = [item for item in waiting if item[0] is not client]
