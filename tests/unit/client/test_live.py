"""The live source over a real socket: folding, re-sending, reconnecting, and what is refused."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from scanflow_tui.client.live import LiveSource, _Numbers
from scanflow_tui.client.source import Ref
from scanflow_tui.contract import wire
from scanflow_tui.contract.commands import AddBatch, GiveLabel, StartRun
from scanflow_tui.contract.errors import InputError, Refused
from scanflow_tui.contract.loglines import Encoder
from scanflow_tui.contract.logsearch import Counted, Found, Search
from scanflow_tui.session import chain
from scanflow_tui.session import events as ev
from scanflow_tui.session.folds import replay
from scanflow_tui.supervisor.frames import Row
from scanflow_tui.supervisor.machine.effects import Answer
from scanflow_tui.supervisor.reading import count_in, find_in
from scanflow_tui.supervisor.server import Card, Server
from tests.unit.session.making import ULID, numbered, opened, planned

RECORD = Encoder().feed("stdout", b"epoch 1\nepoch 2\n", 0)


def read_record(offset: int, length: int) -> tuple[bytes, int]:
    return RECORD[offset : offset + length], len(RECORD)


class Desk:
    """A supervisor's desk over events in memory; it answers commands when it is told to."""

    def __init__(self) -> None:
        self.events: list[ev.Event] = []
        self.given: list[tuple[str, Any]] = []
        self.came = asyncio.Event()
        self.large = False

    def rows(self) -> list[Row]:
        made = chain.rows(self.events, chain.first(ULID))
        return [(row.seq, row.body.decode(), row.hash) for row in made]

    def card(self) -> Card:
        return Card(ULID, "toy", "fake", "0")

    def committed_seq(self) -> int:
        return len(self.events) - 1

    def stuck_text(self) -> str:
        return ""

    def give(self, command_id: str, actor: str, raw: Any) -> None:
        self.given.append((command_id, raw))
        self.came.set()

    async def snapshot(self) -> tuple[int, bytes]:
        if self.large:
            return -1, b"null"
        return self.committed_seq(), msgspec.json.encode(replay(self.events))

    async def history(self, first: int, last: int) -> list[Row]:
        return self.rows()[first : last + 1]

    async def find(self, ref: dict[str, Any], search: Any, offset: int, length: int) -> wire.Frame:
        return await find_in(read_record, search, offset, length)

    async def count(self, ref: dict[str, Any], offset: int, length: int) -> wire.Frame:
        return await count_in(read_record, offset, length)

    async def read(self, ref: dict[str, Any], offset: int, length: int) -> wire.Frame:
        data = bytes(range(256)) * 8000
        piece = data[offset : offset + min(length, 1_000_000)]
        return {"data": base64.b64encode(piece).decode(), "size": len(data), "note": "n"}

    async def verify(self, head: str | None) -> wire.Frame:
        return {"holds": True, "head": head}

    def upgrade(self, program: str) -> None:
        raise AssertionError(program)


class Place:
    """A session's folder with a server in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.desk = Desk()
        self.server = Server(self.desk, owner_uid=os.getuid())
        self.grow(opened(), ev.PipelineRead("scanflow: 1"))

    def grow(self, *facts: Any) -> None:
        first = len(self.desk.events)
        self.desk.events += numbered(*facts, first=first)
        self.server.committed(self.desk.rows()[first:])

    async def restart(self) -> None:
        """Hang up on everybody without a word, as a killed supervisor does, and listen again."""
        for task in list(self.server._tasks):
            task.cancel()
        if self.server._server is not None:
            self.server._server.close()
        self.server = Server(self.desk, owner_uid=os.getuid())
        await self.server.listen(self.folder / "sock")

    async def command(self) -> tuple[str, Any]:
        """The next command that comes."""
        await self.desk.came.wait()
        self.desk.came.clear()
        return self.desk.given[-1]


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    made = Place(tmp_path)
    await made.server.listen(tmp_path / "sock")
    yield made
    await made.server.close("the test is over")


@pytest.fixture
async def source(place: Place) -> AsyncIterator[LiveSource]:
    made = LiveSource(place.folder, "test")
    await made.open()
    yield made
    await made.close()


async def test_open_gives_the_newest_state(place: Place, source: LiveSource) -> None:
    assert source.state.seq == 1 and source.state.session == ULID
    assert source.card["name"] == "toy"


async def test_events_are_folded_and_told(place: Place, source: LiveSource) -> None:
    updates = source.updates()
    place.grow(planned(train="run"))
    async for update in updates:
        if update.events:
            break
    assert update.state is source.state
    assert update.events[-1].kind == "RunPlanned" and source.state.runs[1].state == "running"


async def test_a_state_that_fits_no_frame_is_folded_from_event_0(place: Place) -> None:
    place.desk.large = True
    place.grow(planned(train="run"))
    source = LiveSource(place.folder, "test")
    state = await source.open()
    assert (state.seq, state.runs[1].number) == (2, 1)
    await source.close()


async def test_a_reply_comes_with_the_state_that_holds_it(place: Place, source: LiveSource) -> None:
    sending = asyncio.create_task(source.send(AddBatch("/b", "name")))
    command_id, raw = await place.command()
    assert raw == {"act": "AddBatch", "path": "/b", "name": "name"}
    place.grow((planned(train="run"), "human:u1", command_id))
    place.server.answer(Answer(command_id, 2, value="b0001"))
    reply = await sending
    assert (reply.seq, reply.value, source.state.seq) == (2, "b0001", 2)


async def test_a_refusal_is_raised(place: Place, source: LiveSource) -> None:
    sending = asyncio.create_task(source.send(StartRun()))
    command_id, _ = await place.command()
    place.server.answer(Answer(command_id, None, Refused("not now", hint="later")))
    with pytest.raises(Refused, match="not now; later"):
        await sending


async def test_after_a_lost_link_commands_are_sent_again_in_order_with_their_ids(
    place: Place, source: LiveSource
) -> None:
    sending = [
        asyncio.create_task(source.send(GiveLabel(1, "label", f"s{number}", "class", number)))
        for number in range(3)
    ]
    while len(place.desk.given) < 3:
        await place.command()
    first = list(place.desk.given)
    place.desk.given.clear()
    await place.restart()
    while len(place.desk.given) < 3:
        await place.command()
    assert place.desk.given == first
    for command_id, _ in first:
        place.server.answer(Answer(command_id, 1))
    assert [reply.seq for reply in await asyncio.gather(*sending)] == [1, 1, 1]


async def test_the_link_is_told_and_events_of_the_gap_are_caught_up(
    place: Place, source: LiveSource
) -> None:
    updates = source.updates()
    place.desk.events += numbered(planned(train="run"), first=2)
    await place.restart()
    links = []
    async for update in updates:
        links += [update.link] if update.link else []
        if source.state.seq == 2 and links[-1:] == ["connected"]:
            break
    assert links == ["reconnecting", "connected"]


async def test_a_question_is_asked_again_after_a_lost_link(
    place: Place, source: LiveSource
) -> None:
    await place.restart()
    assert (await source.verify("1:" + "a" * 64))["holds"]


async def test_long_things_are_read_in_pieces(source: LiveSource) -> None:
    chunk = await source.read(Ref("content", "x"))
    assert chunk.data == bytes(range(256)) * 8000 and chunk.note == "n"
    part = await source.read(Ref("content", "x"), offset=255, length=3)
    assert part.data == bytes([255, 0, 1])


async def test_a_log_is_searched_and_counted_where_it_lies(source: LiveSource) -> None:
    ref, size = Ref("log", "sf-x"), len(RECORD)
    found = await source.find(ref, Search("EPOCH".lower(), is_backwards=True), size, size)
    assert found == Found((size // 2,), size // 2, size)
    assert await source.count(ref, 0, size) == Counted(2, False, size, size)


async def test_a_search_for_too_much_is_refused(source: LiveSource) -> None:
    with pytest.raises(InputError, match="at most"):
        await source.find(Ref("log", "sf-x"), Search("x" * 2000), 0, 10)


async def test_a_supervisor_that_leaves_closes_the_link_with_its_reason(
    place: Place, source: LiveSource
) -> None:
    updates = source.updates()
    await place.server.close("nothing to do")
    async for update in updates:
        if update.link == "closed":
            break
    assert update.text == "nothing to do"


async def test_another_session_at_the_same_place_is_not_followed(
    place: Place, source: LiveSource
) -> None:
    sending = asyncio.create_task(source.send(StartRun()))
    await place.command()
    place.desk.card = lambda: Card("ANOTHER", "toy", "fake", "0")  # type: ignore[method-assign]
    await place.restart()
    with pytest.raises(Exception, match="another session"):
        await sending


async def test_closing_ends_the_updates_and_whoever_waits(place: Place, source: LiveSource) -> None:
    updates = source.updates()
    sending = asyncio.create_task(source.send(StartRun()))
    await place.command()
    await source.close()
    with pytest.raises(Exception, match="closed"):
        await sending
    assert [update.link async for update in updates][-1] == "closed"


async def test_what_is_no_command_is_refused_at_once(place: Place, source: LiveSource) -> None:
    def give(command_id: str, actor: str, raw: Any) -> None:
        raise InputError("no command")

    place.desk.give = give  # type: ignore[method-assign]
    with pytest.raises(InputError, match="no command"):
        await source.send(StartRun())


def test_a_command_of_which_nobody_knows_what_became_keeps_its_number() -> None:
    numbers = _Numbers()
    lost, other = StartRun(), StartRun()
    first = numbers.number_of(lost)
    numbers.unsettled(lost, first)
    assert numbers.number_of(other) == first + 1
    assert numbers.number_of(lost) == first
    assert numbers.number_of(lost) == first + 2
