"""The loop: commits before answers, one group at a time, and a disk without room."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from scanflow_tui.contract.commands import StartRun
from scanflow_tui.contract.errors import Missing, ScanflowError
from scanflow_tui.contract.step import StepLimits
from scanflow_tui.engine.protocol import Capacity, Exited
from scanflow_tui.session import events as ev
from scanflow_tui.session.folds import fold
from scanflow_tui.session.state import SessionState
from scanflow_tui.supervisor.frames import Row
from scanflow_tui.supervisor.loop import Group, Loop, Shell, take_at_once
from scanflow_tui.supervisor.machine.effects import (
    Answer,
    CollectAttempt,
    Effect,
    StartAttempt,
    Stop,
)
from scanflow_tui.supervisor.machine.stimuli import (
    Commanded,
    HeadWritten,
    Leaving,
    Stimulus,
    Ticked,
)
from scanflow_tui.supervisor.machine.turn import Machine, Turn


@dataclass
class World:
    """A shell whose disk is full while ``full`` is set, and which writes down what happens."""

    full: bool = False
    due: int | None = None
    now: int = 1_000_000
    told: list[str] = field(default_factory=list)
    commits: list[int] = field(default_factory=list)
    stuck_once: asyncio.Event = field(default_factory=asyncio.Event)
    committing: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    loop: Loop | None = None

    def advance(self, machine: Machine, stimulus: Stimulus, at: int, salt: bytes) -> Turn:
        turn = Turn(machine, at, salt)
        if isinstance(stimulus, Ticked):
            self.told.append("tick")
            return turn
        event = ev.Event(machine.state.seq + 1, at, "supervisor", ev.SupervisorLeft("x"))
        fold(machine.state, event)
        turn.events.append(event)
        if isinstance(stimulus, Commanded):
            turn.effects.append(Answer(stimulus.id, event.seq))
        if isinstance(stimulus, Leaving):
            turn.effects.append(Stop())
        return turn

    async def commit(self, group: Group) -> list[Row]:
        self.committing.set()
        await self.gate.wait()
        if self.full:
            raise Missing("disk full")
        self.commits.append(len(group.events))
        self.told.append("commit")
        return [(event.seq, "{}", "0" * 64) for event in group.events]

    def carry(self, effect: Effect) -> None:
        self.told.append(type(effect).__name__)
        if isinstance(effect, Stop):
            assert self.loop is not None
            self.loop.stop()

    def committed(self, rows: Sequence[Row]) -> None:
        self.told.append("shown")

    def stuck(self, text: str) -> None:
        self.told.append(f"stuck {text}" if text else "unstuck")
        self.stuck_once.set()

    def refused(self, command: str, error: ScanflowError) -> None:
        self.told.append(f"refused {command} {error.exit_code}")


@pytest.fixture
def world() -> World:
    made = World()
    made.gate.set()
    machine = Machine(SessionState(seq=0), Capacity(1.0, None), "human:u1")
    shell = Shell(
        made.advance,
        made.commit,
        made.carry,
        lambda machine: made.due,
        lambda: made.now,
        lambda: b"",
    )
    made.loop = Loop(machine, shell, made, retry_s=0.001)
    return made


def command(number: int) -> Commanded:
    return Commanded(f"c:{number}", "human:u1", StartRun())


async def test_a_command_is_answered_after_its_commit_and_its_events_are_shown(
    world: World,
) -> None:
    assert world.loop is not None
    world.loop.offer(command(0))
    world.loop.offer(Leaving("x"))
    await world.loop.run()
    assert world.told == ["commit", "shown", "Answer", "Stop"]
    assert world.commits == [2] and world.loop.committed_seq == 2


async def test_what_comes_during_a_commit_goes_into_the_next_group(world: World) -> None:
    assert world.loop is not None
    world.gate.clear()
    running = asyncio.create_task(world.loop.run())
    world.loop.offer(command(0))
    await world.committing.wait()
    assert not world.loop.is_settled
    for number in (1, 2):
        world.loop.offer(command(number))
    world.loop.offer(Leaving("x"))
    world.gate.set()
    await running
    assert world.commits == [1, 3] and world.loop.is_settled


async def test_without_room_the_group_is_kept_and_new_commands_are_refused(world: World) -> None:
    assert world.loop is not None
    world.full = True
    world.gate.clear()
    running = asyncio.create_task(world.loop.run())
    world.loop.offer(command(0))
    await world.committing.wait()
    world.loop.offer(command(1))
    world.loop.offer(Leaving("x"))
    world.gate.set()
    await world.stuck_once.wait()
    assert world.loop.stuck_text
    world.full = False
    await running
    assert world.told == [
        "stuck disk full",
        "refused c:1 5",
        "commit",
        "unstuck",
        "shown",
        "Answer",
        "commit",
        "shown",
        "Stop",
    ]


async def test_stopping_without_room_ends_although_the_group_is_not_in(world: World) -> None:
    assert world.loop is not None
    world.full = True
    world.loop.offer(command(0))
    running = asyncio.create_task(world.loop.run())
    await world.stuck_once.wait()
    world.loop.stop()
    await running
    assert "commit" not in world.told and "Answer" not in world.told


async def test_a_due_time_becomes_a_tick(world: World) -> None:
    assert world.loop is not None
    world.due = world.now + 1000
    running = asyncio.create_task(world.loop.run())
    while "tick" not in world.told:
        await asyncio.sleep(0)
        world.now += 10_000
    world.loop.offer(Leaving("x"))
    await running
    assert world.told[0] == "tick"


def unhurried(world: World) -> Loop:
    """A loop whose ticks cause events that nobody waits for."""
    assert world.loop is not None

    def advance(machine: Machine, stimulus: Stimulus, at: int, salt: bytes) -> Turn:
        if not isinstance(stimulus, Ticked):
            return world.advance(machine, stimulus, at, salt)
        turn = Turn(machine, at, salt)
        fact = ev.AttemptStarted(1, "train", 1, at)
        event = ev.Event(machine.state.seq + 1, at, "engine:process", fact)
        fold(machine.state, event)
        turn.events.append(event)
        return turn

    world.loop.shell = replace(world.loop.shell, advance=advance)
    return world.loop


async def test_events_that_nobody_waits_for_share_the_commit_of_others(world: World) -> None:
    loop = unhurried(world)
    loop.offer(Ticked())
    running = asyncio.create_task(loop.run())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not loop.is_settled and world.commits == []
    loop.offer(Leaving("x"))
    await running
    assert world.commits == [2]


async def test_they_do_not_wait_for_ever(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanflow_tui.supervisor.loop.HOLD_S", 0.001)
    loop = unhurried(world)
    loop.offer(Ticked())
    running = asyncio.create_task(loop.run())
    await world.committing.wait()
    await loop.settled()
    assert world.commits == [1]
    loop.offer(Leaving("x"))
    await running


async def test_what_waits_is_committed_before_the_end(world: World) -> None:
    loop = unhurried(world)
    loop.offer(Ticked())
    running = asyncio.create_task(loop.run())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    loop.stop()
    await running
    assert world.commits == [1] and loop.is_settled


async def test_an_answer_that_can_be_had_at_once_joins_the_same_commit(world: World) -> None:
    assert world.loop is not None
    answers: list[Stimulus] = [Leaving("x")]

    def peek(effect: Effect) -> Stimulus | None:
        return answers.pop() if answers else None

    world.loop.shell = replace(world.loop.shell, peek=peek)
    world.loop.offer(command(0))
    await world.loop.run()
    assert world.told == ["commit", "shown", "Stop"]
    assert world.commits == [2]


async def test_judging_what_an_attempt_left_waits_for_no_commit(world: World) -> None:
    assert world.loop is not None
    exited = Exited(0, None, 1, 2)
    judging = CollectAttempt("sf-x-1-a-1", 1, "a", 1, (), False, False, exited)

    def advance(machine: Machine, stimulus: Stimulus, at: int, salt: bytes) -> Turn:
        turn = world.advance(machine, stimulus, at, salt)
        if isinstance(stimulus, Commanded):
            turn.effects.append(judging)
        return turn

    world.loop.shell = replace(world.loop.shell, advance=advance)
    world.loop.offer(command(0))
    world.loop.offer(Leaving("x"))
    await world.loop.run()
    assert world.told == ["CollectAttempt", "commit", "shown", "Answer", "Stop"]


def test_only_an_attempt_whose_intent_is_committed_starts_before_the_commit() -> None:
    turn = Turn(Machine(SessionState(), Capacity(1.0, None), "human:u1"), 1, b"0" * 16)
    known, new = _start("a", intended=7), _start("b", intended=8)
    turn.effects = [new, known, Stop()]
    assert take_at_once(turn, 7) == [known]
    assert turn.effects == [new, Stop()]


def _start(node: str, intended: int) -> StartAttempt:
    given = ((), (), {}, {}, (), {}, 0, StepLimits(), (), "code", "", {})
    return StartAttempt(f"sf-x-1-{node}-1", 1, node, 1, *given, intended)


async def test_a_group_gathers_while_others_are_judged_and_no_longer(world: World) -> None:
    assert world.loop is not None
    loop, judged = world.loop, asyncio.Event()
    loop.shell = replace(
        loop.shell, gather_s=lambda machine, group: 0.0 if judged.is_set() else 3600.0
    )
    loop.offer(HeadWritten(1, "head", "place"))
    turning = asyncio.create_task(loop.run())
    await asyncio.sleep(0)
    judged.set()
    loop.offer(HeadWritten(2, "head", "place"))
    while not world.commits:
        await asyncio.sleep(0)
    loop.stop()
    await turning
    assert world.commits == [2]
