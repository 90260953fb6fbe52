"""The sender: in order, several at a time, and a lost supervisor costs nothing."""

from __future__ import annotations

import asyncio

from scanflow_tui.contract import commands as cmd
from scanflow_tui.contract.errors import Missing, Refused
from scanflow_tui.session.state import desk_key
from scanflow_tui.tui.labelling.queue import LabelQueue
from scanflow_tui.tui.labelling.sending import UNDER_WAY_MAX, Sender
from tests.fakes.demo_events import demo_events, queue
from tests.fakes.people import ME, PeopleSource

A, B, C = (entry.id for entry in queue()[:3])


class Sitting:
    """A queue, its sender and a source; what was said is in ``said``."""

    def __init__(self) -> None:
        self.source = PeopleSource(demo_events("asked"))
        self.said: list[str] = []
        self.pauses = 0

    async def __aenter__(self) -> Sitting:
        self.state = await self.source.open()
        desk = self.state.desks[desk_key(3, "label")]
        self.queue = LabelQueue(3, "label", queue(), ME, desk)
        self.sender = Sender(self.source, self.queue, self.catch_up, self.said.append, self.pause)
        self.task = asyncio.get_running_loop().create_task(self.sender.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    def catch_up(self) -> None:
        self.queue.folded(self.state.desks[desk_key(3, "label")], self.state.seq)

    async def pause(self, seconds: float) -> None:
        self.pauses += 1

    async def all_sent(self) -> None:
        self.sender.wake()
        for _ in range(1000):
            if not self.queue.unsaved:
                return
            await asyncio.sleep(0)
        raise AssertionError("a command was never answered")

    def done(self) -> list[tuple[str, int | None]]:
        given = [c for c in self.source.done if isinstance(c, cmd.GiveLabel)]
        return [(command.sample, command.value) for command in given]


async def test_what_was_given_is_sent_in_order() -> None:
    async with Sitting() as it:
        for value, sample in enumerate((A, B, C)):
            it.queue.give(sample, "class", value)
        await it.all_sent()
        assert it.done() == [(A, 0), (B, 1), (C, 2)]


async def test_several_are_under_way_of_one_sample_one_alone() -> None:
    async with Sitting() as it:
        it.source.hold()
        for sample, value in ((A, 1), (B, 2), (B, 3), (C, 4)):
            it.queue.give(sample, "class", value)
        it.sender.wake()
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(it.source.sent) == 2
        it.source.release()
        await it.all_sent()
        assert it.done() == [(A, 1), (B, 2), (B, 3), (C, 4)]


async def test_not_more_are_under_way_than_the_supervisor_takes() -> None:
    async with Sitting() as it:
        it.source.hold()
        samples = [entry.id for entry in queue()][: UNDER_WAY_MAX + 6]
        for sample in samples:
            it.queue.give(sample, "class", 1)
        it.sender.wake()
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(it.source.sent) == UNDER_WAY_MAX
        it.source.release()
        await it.all_sent()
        assert [sample for sample, _ in it.done()] == samples


async def test_nothing_follows_a_command_that_found_nobody() -> None:
    async with Sitting() as it:
        it.source.hold()
        it.source.fails_once = Missing("the supervisor does not answer")
        it.queue.give(A, "class", 1)
        it.sender.wake()
        for _ in range(20):
            await asyncio.sleep(0)
        it.queue.give(A, "class", 2)
        it.queue.give(B, "class", 3)
        it.source.release()
        await it.all_sent()
        assert it.done() == [(A, 1), (A, 2), (B, 3)]
        assert it.source.sent[0] is it.source.sent[1]


async def test_a_supervisor_that_is_gone_is_asked_again() -> None:
    async with Sitting() as it:
        it.source.fails_once = Missing("the supervisor does not answer")
        it.queue.give(A, "class", 1)
        await it.all_sent()
        it.queue.give(B, "class", 2)
        await it.all_sent()
        assert it.done() == [(A, 1), (B, 2)]
        assert it.pauses == 1
        assert it.said[0].startswith("⚠ not saved yet: the supervisor does not answer")


async def test_a_refusal_is_said_and_the_rest_goes_on() -> None:
    async with Sitting() as it:
        it.source.fails_once = Refused("labelling was finished")
        it.queue.give(A, "class", 1)
        it.queue.undo()
        it.queue.give(B, "class", 2)
        await it.all_sent()
        assert it.done() == [(B, 2)]
        assert it.said[0] == "✖ not taken: labelling was finished"
        assert it.queue.word(A) is None


async def test_undo_names_the_event_of_its_label() -> None:
    async with Sitting() as it:
        it.queue.give(A, "class", 1)
        it.queue.undo()
        it.queue.redo()
        await it.all_sent()
        history = it.state.desks[desk_key(3, "label")].history
        undo = it.source.done[1]
        redo = it.source.done[2]
        assert isinstance(undo, cmd.UndoLabel)
        assert isinstance(redo, cmd.GiveLabel)
        assert undo.seq == redo.redoes == history[0].seq
