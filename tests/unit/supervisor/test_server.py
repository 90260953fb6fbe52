"""The socket: hello, identity, subscriptions, refusals, and repeats of a command."""

from __future__ import annotations

import asyncio
import contextlib
import os
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from scanflow_tui.contract import limits, wire
from scanflow_tui.contract.errors import InputError, Missing, Refused
from scanflow_tui.supervisor.frames import (
    FRAME_BODY_BYTES,
    Row,
    pack_rows,
    pack_snapshot,
    pack_snapshot_aside,
)
from scanflow_tui.supervisor.machine.effects import Answer
from scanflow_tui.supervisor.server import Card, Server

CLIENT = str(uuid.UUID(int=7))


class Log:
    """A desk with a log in memory that grows when the test says so."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.given: list[tuple[str, str, Any]] = []
        self.stuck = ""
        self.upgraded = ""
        self.reading: asyncio.Event | None = None

    def card(self) -> Card:
        return Card("ULID", "toy", "fake", "0")

    def committed_seq(self) -> int:
        return len(self.rows) - 1

    def stuck_text(self) -> str:
        return self.stuck

    def give(self, command_id: str, actor: str, raw: Any) -> None:
        if raw is None:
            raise InputError("a command is a JSON object")
        self.given.append((command_id, actor, raw))

    async def snapshot(self) -> tuple[int, bytes]:
        return self.committed_seq(), b'{"seq":1}'

    async def history(self, first: int, last: int) -> list[Row]:
        if self.reading is not None:
            await self.reading.wait()
        return self.rows[first : last + 1]

    async def read(self, ref: dict[str, Any], offset: int, length: int) -> wire.Frame:
        raise Missing(f"{ref['id']} is gone")

    async def find(self, ref: dict[str, Any], search: Any, offset: int, length: int) -> wire.Frame:
        return {"offsets": [offset], "reached": offset + length, "size": 9, "search": search}

    async def count(self, ref: dict[str, Any], offset: int, length: int) -> wire.Frame:
        return {"n_lines": 1, "is_open": False, "reached": offset + length, "size": 9}

    async def verify(self, head: str | None) -> wire.Frame:
        return {"holds": True, "head": head}

    def upgrade(self, program: str) -> None:
        self.upgraded = program

    def grow(self, server: Server, n: int, body: str = "{}") -> None:
        """Commit some events."""
        rows = [(len(self.rows) + number, body, "0" * 64) for number in range(n)]
        self.rows += rows
        server.committed(rows)


class Talk:
    """A client's end, frame by frame."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def say(self, kind: str, **fields: Any) -> None:
        self.writer.write(wire.pack({"kind": kind} | fields))

    async def hear(self, kind: str) -> wire.Frame:
        """The next frame of a kind; others are skipped."""
        while True:
            frame = await wire.receive(self.reader)
            if frame["kind"] == kind:
                return frame

    async def events(self, last: int) -> list[int]:
        """The numbers of events up to one."""
        seqs: list[int] = []
        while not seqs or seqs[-1] < last:
            seqs += [row[0] for row in (await self.hear("events"))["events"]]
        return seqs


@pytest.fixture
def desk() -> Log:
    return Log()


@pytest.fixture
async def server(desk: Log, tmp_path: Path) -> AsyncIterator[Server]:
    made = Server(desk, owner_uid=os.getuid())
    await made.listen(tmp_path / "sock")
    yield made
    await made.close("the test is over")


@pytest.fixture
async def talk(server: Server, tmp_path: Path) -> AsyncIterator[Talk]:
    made = Talk(*await asyncio.open_unix_connection(tmp_path / "sock"))
    made.say("hello", version=wire.PROTOCOL, client=CLIENT, program="test")
    await made.hear("welcome")
    yield made
    made.writer.close()


async def dial(tmp_path: Path, **hello: Any) -> Talk:
    made = Talk(*await asyncio.open_unix_connection(tmp_path / "sock"))
    made.say("hello", **hello)
    return made


async def test_the_socket_is_the_owners_alone(server: Server, tmp_path: Path) -> None:
    assert (tmp_path / "sock").stat().st_mode & 0o777 == 0o600


async def test_a_path_beyond_107_bytes_is_served(desk: Log, tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 120)
    folder.mkdir()
    server = Server(desk, owner_uid=os.getuid())
    await server.listen(folder / "sock")
    assert (folder / "sock").is_socket()
    await server.close("done")
    assert not (folder / "sock").exists()


async def test_the_identity_is_the_kernels_word(desk: Log, talk: Talk) -> None:
    talk.say("command", req=1, id=5, command={"act": "x"}, actor="human:u4242", client="other")
    talk.say("verify", req=2, head=None)
    await talk.hear("verified")
    assert desk.given == [(f"{CLIENT}:5", f"human:u{os.getuid()}", {"act": "x"})]


async def test_another_user_is_turned_away(desk: Log, tmp_path: Path) -> None:
    server = Server(desk, owner_uid=os.getuid() + 1)
    await server.listen(tmp_path / "sock")
    talk = await dial(tmp_path, version=wire.PROTOCOL, client=CLIENT)
    assert isinstance(wire.error_from(await talk.hear("error")), Refused)
    with contextlib.suppress(ConnectionResetError):
        assert await talk.reader.read() == b""
    talk.writer.close()
    await server.close("done")


async def test_an_older_client_is_told_to_upgrade(server: Server, tmp_path: Path) -> None:
    talk = await dial(tmp_path, version=wire.PROTOCOL - 1, client=CLIENT)
    assert "upgrade" in (await talk.hear("error"))["hint"]
    talk.writer.close()


async def test_a_newer_client_makes_the_supervisor_leave(
    server: Server, desk: Log, tmp_path: Path
) -> None:
    talk = await dial(tmp_path, version=wire.PROTOCOL + 1, client=CLIENT, program="scanflow 9")
    assert (await talk.hear("error"))["again"] is True
    assert desk.upgraded == "scanflow 9"
    talk.writer.close()


@pytest.mark.parametrize("data", [b"\xff\xff\xff\xff", b"\0\0\0\1x", b"\0\0\0\2[]"])
async def test_nonsense_ends_the_connection_with_a_sentence(
    server: Server, tmp_path: Path, data: bytes
) -> None:
    talk = Talk(*await asyncio.open_unix_connection(tmp_path / "sock"))
    talk.writer.write(data)
    assert (await talk.hear("error"))["code"] == 2
    assert await talk.reader.read() == b""
    talk.writer.close()


async def test_history_then_live_without_gap_or_double(
    server: Server, desk: Log, talk: Talk
) -> None:
    desk.grow(server, 2500)
    desk.reading = asyncio.Event()
    talk.say("subscribe", req=1, after=99)
    talk.say("verify", req=2, head=None)
    await talk.hear("verified")
    desk.grow(server, 10)
    desk.reading.set()
    seqs = await talk.events(2509)
    desk.grow(server, 5)
    seqs += await talk.events(2514)
    assert seqs == list(range(100, 2515))


async def test_a_subscription_beyond_the_log_is_an_error(talk: Talk) -> None:
    talk.say("subscribe", req=3, after=7)
    frame = await talk.hear("error")
    assert frame["req"] == 3 and "ends at event" in frame["what"]


async def test_a_reader_that_is_too_slow_is_dropped_and_told_from_where(
    server: Server, desk: Log, talk: Talk
) -> None:
    talk.say("subscribe", req=1, after=-1)
    talk.say("verify", req=2, head=None)
    await talk.hear("verified")
    body = "x" * 10_000
    for _ in range(2 * limits.SUBSCRIBER_FRAMES_MAX):
        desk.grow(server, 1, body)
    (client,) = server.clients
    assert not client.is_live
    seqs: list[int] = []
    while True:
        frame = await wire.receive(talk.reader)
        if frame["kind"] == "dropped":
            break
        seqs += [row[0] for row in frame["events"]]
    assert frame["after"] == seqs[-1] and seqs == list(range(len(seqs)))


async def test_an_answer_goes_to_every_repeat_and_only_one_command_is_given(
    server: Server, desk: Log, talk: Talk, tmp_path: Path
) -> None:
    again = await dial(tmp_path, version=wire.PROTOCOL, client=CLIENT)
    for speaker in (talk, again):
        speaker.say("command", req=9, id=0, command={"act": "x"})
        speaker.say("verify", req=2, head=None)
        await speaker.hear("verified")
    server.answer(Answer(f"{CLIENT}:0", 3, value="v"))
    for speaker in (talk, again):
        frame = await speaker.hear("reply")
        assert (frame["req"], frame["seq"], frame["value"]) == (9, 3, "v")
    assert len(desk.given) == 1
    again.writer.close()


async def test_a_refusal_travels_with_its_code(server: Server, talk: Talk) -> None:
    talk.say("command", req=1, id=0, command={"act": "x"})
    talk.say("verify", req=2, head=None)
    await talk.hear("verified")
    server.answer(Answer(f"{CLIENT}:0", None, Refused("not now", hint="later")))
    error = wire.error_from((await talk.hear("reply"))["error"])
    assert (error.what, error.hint, error.exit_code) == ("not now", "later", 6)


async def test_no_command_is_taken_while_commits_wait(desk: Log, talk: Talk) -> None:
    desk.stuck = "disk full"
    talk.say("command", req=1, id=0, command={"act": "x"})
    assert (await talk.hear("reply"))["error"]["code"] == 5
    assert desk.given == []


async def test_what_is_no_command_is_answered_and_does_not_count(talk: Talk) -> None:
    talk.say("command", req=1, id=0, command=None)
    assert (await talk.hear("reply"))["error"]["code"] == 2
    talk.say("command", req=2, id="zero", command={})
    assert (await talk.hear("reply"))["error"]["code"] == 2


async def test_the_257th_unanswered_command_is_refused(desk: Log, talk: Talk) -> None:
    for number in range(limits.COMMANDS_UNANSWERED_MAX + 1):
        talk.say("command", req=number + 1, id=number, command={"act": "x"})
    frame = await talk.hear("reply")
    assert frame["id"] == limits.COMMANDS_UNANSWERED_MAX and frame["error"]["code"] == 6
    assert len(desk.given) == limits.COMMANDS_UNANSWERED_MAX


async def test_errors_of_reads_and_unknown_frames_answer_their_request(talk: Talk) -> None:
    talk.say("read", req=4, ref={"id": "it"})
    assert "it is gone" in (await talk.hear("error"))["what"]
    talk.say("find", req=6, ref="it")
    assert "names what to read" in (await talk.hear("error"))["what"]
    talk.say("dance", req=5)
    frame = await talk.hear("error")
    assert frame["req"] == 5 and "dance" in frame["what"]


async def test_where_nothing_runs_the_same_vitals_are_said_once(server: Server, talk: Talk) -> None:
    talk.say("vitals", req=1)
    talk.say("verify", req=2, head=None)
    await talk.hear("verified")
    server.vitals({"attempts": {}, "clients": 1})
    assert (await talk.hear("vitals"))["values"]["clients"] == 1
    server.vitals({"attempts": {}, "clients": 1})
    talk.say("verify", req=3, head=None)
    await talk.hear("verified")
    server.vitals({"attempts": {}, "clients": 2})
    assert (await talk.hear("vitals"))["values"]["clients"] == 2


async def test_only_the_latest_vitals_wait_for_a_client(server: Server, talk: Talk) -> None:
    talk.say("vitals", req=1)
    talk.say("verify", req=2, head=None)
    await talk.hear("verified")
    for number in range(50):
        server.vitals({"clients": number})
    assert (await talk.hear("vitals"))["values"] == {"clients": 49}


def test_large_groups_travel_in_frames_below_the_limit() -> None:
    rows = [(seq, "x" * (FRAME_BODY_BYTES // 3), "0" * 64) for seq in range(10)]
    packed = pack_rows(rows)
    assert len(packed) > 1 and all(len(data) < limits.FRAME_BYTES_MAX for data in packed)
    seqs = [row[0] for data in packed for row in wire.unpack(data[4:])["events"]]
    assert seqs == list(range(10))


def test_a_snapshot_beside_its_frame_has_as_many_bytes_as_the_frame_says() -> None:
    state = b'{"seq":5}' + bytes(limits.FRAME_BYTES_MAX)
    data = pack_snapshot_aside(1, 5, state)
    size = wire.length(data[:4])
    head = wire.unpack(data[4 : 4 + size])
    assert (head["seq"], head["n_bytes"]) == (5, len(state))
    assert data[4 + size :] == state


def test_a_snapshot_beside_its_frame_that_is_too_large_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "SNAPSHOT_BYTES_MAX", 8)
    data = pack_snapshot_aside(1, 5, bytes(9))
    size = wire.length(data[:4])
    assert wire.unpack(data[4 : 4 + size])["seq"] == -1
    assert data[4 + size :] == b"null"


async def test_bytes_beside_a_frame_come_whole_or_not_at_all() -> None:
    reader = asyncio.StreamReader()
    reader.feed_data(b"12345678")
    assert await wire.receive_aside(reader, 5) == b"12345"
    reader.feed_eof()
    with pytest.raises(ConnectionResetError):
        await wire.receive_aside(reader, 5)
    with pytest.raises(InputError):
        await wire.receive_aside(reader, limits.SNAPSHOT_BYTES_MAX + 1)


def test_a_snapshot_that_fits_no_frame_says_so() -> None:
    small = wire.unpack(pack_snapshot(1, 5, b'{"seq":5}')[4:])
    large = wire.unpack(pack_snapshot(1, 5, bytes(limits.FRAME_BYTES_MAX))[4:])
    assert (small["seq"], small["state"]) == (5, {"seq": 5})
    assert (large["seq"], large["state"]) == (-1, None)
