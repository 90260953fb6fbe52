"""A start that did not come about yet: said once, asked again, and never twice at once."""

from __future__ import annotations

from scanflow_tui.contract import commands as cmd
from scanflow_tui.engine.protocol import Absent, Accepted, StartUnknown
from scanflow_tui.session import events as ev
from scanflow_tui.session.state import AttemptView
from scanflow_tui.supervisor.machine.advance import advance, next_due
from scanflow_tui.supervisor.machine.budget import running
from scanflow_tui.supervisor.machine.effects import StartAttempt
from scanflow_tui.supervisor.machine.stimuli import Commanded, Observed, StartAnswered, Ticked
from scanflow_tui.supervisor.machine.turn import Turn
from tests.simulator.world import OWNER, World

FULL = "the disk is full"


class Held(World):
    """A world whose engine starts nothing."""

    def __init__(self) -> None:
        super().__init__(1)
        self.calm = True
        self.asked: list[StartAttempt] = []
        self.feed(Commanded("c3:0", OWNER, cmd.StartRun()))
        while self.pending and not self.asked:
            self.feed(self.pending.pop(0))

    def carry(self, effect: object) -> None:
        if isinstance(effect, StartAttempt):
            self.asked.append(effect)
        else:
            super().carry(effect)  # type: ignore[arg-type]

    def told(self, reason: str = FULL) -> Turn:
        answer = StartAnswered(self.asked[-1].name, StartUnknown(reason))
        return advance(self.machine, answer, at=self.at, salt=bytes(16))

    def attempt(self) -> AttemptView:
        return self.machine.state.runs[1].nodes[self.asked[-1].node].attempts[-1]


def test_the_reason_is_an_event_once() -> None:
    world = Held()
    assert [type(event.fact) for event in world.told().events] == [ev.AttemptQueued]
    assert (world.attempt().state, world.attempt().queued_reason) == ("queued", FULL)
    world.machine.asked.add(("start", world.asked[-1].name))
    assert world.told().events == []


def test_the_gpus_that_were_set_aside_are_recorded() -> None:
    world = Held()
    answer = StartAnswered(world.asked[-1].name, Accepted("7"), ("GPU-a",))
    turn = advance(world.machine, answer, at=world.at, salt=bytes(16))
    assert [event.fact.gpus for event in turn.events] == [("GPU-a",)]  # type: ignore[union-attr]
    assert world.attempt().gpus == ("GPU-a",)
    held = running(world.machine, world.attempt().name)
    assert held is not None and held.gpus == ("GPU-a",) and held.holds


def test_what_has_not_begun_holds_nothing() -> None:
    world = Held()
    assert running(world.machine, world.attempt().name) is None
    assert running(world.machine, "sf-none") is None


def test_it_is_asked_again_at_a_tick_and_not_at_once() -> None:
    world = Held()
    assert not [effect for effect in world.told().effects if isinstance(effect, StartAttempt)]
    due = next_due(world.machine)
    assert due is not None
    turn = advance(world.machine, Ticked(), at=due, salt=bytes(16))
    again = [effect.name for effect in turn.effects if isinstance(effect, StartAttempt)]
    assert again == [world.asked[0].name]


def test_a_run_whose_only_attempt_waits_for_room_ends_when_it_is_cancelled() -> None:
    world = Held()
    world.told()
    world.feed(Commanded("c3:1", OWNER, cmd.Cancel(1, None)))
    assert world.machine.state.runs[1].state == "running"  # the engine may have it all the same
    world.feed(Observed(world.asked[-1].name, Absent()))
    assert world.attempt().state == "cancelled"
    assert world.machine.state.runs[1].state == "cancelled"


def test_it_ends_too_where_the_disk_is_full_again_while_it_is_cancelled() -> None:
    world = Held()
    world.told()
    world.machine.asked.add(("start", world.asked[-1].name))
    world.feed(Commanded("c3:1", OWNER, cmd.Cancel(1, None)))
    world.feed(Observed(world.asked[-1].name, Absent()))
    assert world.attempt().state == "queued"  # the engine was asked and has not answered yet
    world.feed(StartAnswered(world.asked[-1].name, StartUnknown(FULL)))
    world.feed(Observed(world.asked[-1].name, Absent()))
    assert world.machine.state.runs[1].state == "cancelled"
