import pytest

from scanflow_tui.contract.step import StepLimits
from scanflow_tui.engine.protocol import Capacity
from scanflow_tui.session import events as ev
from scanflow_tui.session.state import SessionState
from scanflow_tui.supervisor.machine.budget import AHEAD_MAX, fits, may_intend, may_queue, may_start
from scanflow_tui.supervisor.machine.progress import backoff_s, has_a_try
from scanflow_tui.supervisor.machine.turn import Machine, Turn, node_of

GIB = 2**30
MACHINE = Capacity(4.0, 8 * GIB, 1)
PIPELINE = """scanflow: 1
nodes:
  a: {run: x, limits: {cpus: 2, retries: 3}}
  b: {run: x, limits: {cpus: 2}}
  c: {run: x, limits: {cpus: 2}}
  d: {run: x, limits: {cpus: 2}}
  e: {run: x, limits: {cpus: 2}}
"""


@pytest.mark.parametrize(
    ("used", "wanted", "fit"),
    [
        (StepLimits(cpus=2), StepLimits(cpus=2), True),
        (StepLimits(cpus=3), StepLimits(cpus=2), False),
        (StepLimits(cpus=1, memory_bytes=6 * GIB), StepLimits(memory_bytes=2 * GIB), True),
        (StepLimits(cpus=1, memory_bytes=6 * GIB), StepLimits(memory_bytes=3 * GIB), False),
        (StepLimits(), StepLimits(gpus=1), True),
        (StepLimits(gpus=1), StepLimits(gpus=1), False),
        (StepLimits(gpus=1), StepLimits(), True),
    ],
)
def test_what_is_asked_together_has_to_fit(used: StepLimits, wanted: StepLimits, fit: bool) -> None:
    assert fits(MACHINE, [used], wanted) is fit


def test_what_a_budget_does_not_bound_always_fits() -> None:
    assert fits(Capacity(None, None), [StepLimits(cpus=99)], StepLimits(memory_bytes=99 * GIB))


def turn(capacity: Capacity = MACHINE) -> Turn:
    machine = Machine(SessionState(), capacity, "human:u1")
    made = Turn(machine, 10, b"0" * 16)
    made.emit(ev.SessionOpened("S", "s", "", "", "", "", ""))
    made.emit(ev.PipelineRead(PIPELINE))
    planned = tuple(ev.PlannedNode(node, "run", "first run") for node in "abcde")
    made.emit(ev.RunPlanned(1, None, None, "code", "env", {}, planned))
    return made


def intend(made: Turn, node: str, not_before: int = 0) -> None:
    name = f"sf-s-1-{node}-1"
    made.emit(ev.AttemptIntended(1, node, 1, name, "k", {}, {}, {}, ("x",), "", not_before))


def test_a_first_try_has_room_beside_one_and_not_beside_two() -> None:
    made = turn()
    intend(made, "a")
    assert may_intend(made, StepLimits(cpus=2))
    intend(made, "b")
    assert not may_intend(made, StepLimits(cpus=2))


def test_a_step_that_asks_for_more_than_there_is_runs_alone() -> None:
    made = turn(Capacity(1.0, GIB))
    assert may_intend(made, StepLimits(cpus=8, memory_bytes=64 * GIB, gpus=2))


def test_a_try_that_waits_for_its_time_holds_no_room() -> None:
    made = turn(Capacity(2.0, None))
    intend(made, "a", not_before=made.at + 5)
    assert may_intend(made, StepLimits(cpus=2))


def test_a_try_whose_time_has_come_goes_before_first_tries() -> None:
    made = turn(Capacity(2.0, None))
    intend(made, "a", not_before=made.at + 5)
    made.at += 5
    assert not may_intend(made, StepLimits(cpus=2))


def test_a_first_try_that_was_intended_ahead_of_its_room_holds_none() -> None:
    made = turn(Capacity(2.0, None))
    intend(made, "a", not_before=made.at)
    assert may_intend(made, StepLimits(cpus=2))


def test_only_a_few_first_tries_are_intended_ahead() -> None:
    made = turn(Capacity(2.0, None))
    for n_ahead, node in enumerate("abcde", 1):
        intend(made, node, not_before=made.at)
        assert may_queue(made) is (n_ahead < AHEAD_MAX)
    for node in "ab":
        made.machine.asked.add(("start", f"sf-s-1-{node}-1"))
    assert may_queue(made), "what was asked for holds room, and is not ahead any more"


def test_a_due_try_starts_only_when_there_is_room() -> None:
    made = turn(Capacity(2.0, None))
    intend(made, "a", not_before=made.at)
    waiting = made.state.runs[1].nodes["a"].attempts[0]
    assert may_start(made, waiting, StepLimits(cpus=2))
    intend(made, "b")
    assert not may_start(made, waiting, StepLimits(cpus=2))


def test_two_due_tries_do_not_wait_for_one_another() -> None:
    made = turn(Capacity(2.0, None))
    intend(made, "a", not_before=made.at)
    intend(made, "b", not_before=made.at)
    waiting = made.state.runs[1].nodes["a"].attempts[0]
    assert may_start(made, waiting, StepLimits(cpus=2))


def test_what_has_ended_holds_nothing() -> None:
    made = turn(Capacity(2.0, None))
    intend(made, "a")
    made.emit(ev.AttemptEnded(1, "a", 1, "failed", 1, None, "", 0.0, None, {}, {}))
    assert may_intend(made, StepLimits(cpus=2))


def test_the_wait_before_another_try_grows() -> None:
    assert [backoff_s(n, 2.0) for n in range(1, 6)] == [2.0, 10.0, 60.0, 240.0, 240.0]


@pytest.mark.parametrize(
    ("node", "states", "expected"),
    [
        ("b", "failed", False),
        ("b", "doubt", True),
        ("b", "doubt doubt doubt", True),
        ("b", "doubt doubt doubt doubt", False),
        ("b", "doubt failed", False),
        ("a", "doubt failed doubt failed failed", True),
        ("a", "failed failed failed failed", False),
        ("a", "failed failed failed failed doubt", True),
    ],
)
def test_a_try_in_doubt_uses_up_no_retry(node: str, states: str, expected: bool) -> None:
    made = turn()
    for number, state in enumerate(states.split(), 1):
        name = f"sf-s-1-{node}-{number}"
        made.emit(ev.AttemptIntended(1, node, number, name, "k", {}, {}, {}, ("x",), "", 0))
        code = 1 if state == "failed" else 0
        ended = ev.AttemptEnded(1, node, number, state, code, None, "why", 1.0, None, {}, {})  # type: ignore[arg-type]
        made.emit(ended)
    run = made.state.runs[1]
    assert has_a_try(node_of(made.machine, run, node), run.nodes[node]) is expected
