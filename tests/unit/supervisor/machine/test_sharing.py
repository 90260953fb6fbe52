"""Who may begin on a shared machine: nothing promised twice, nobody overtaken for ever."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from scanflow_tui.contract.step import StepLimits
from scanflow_tui.engine.protocol import Capacity
from scanflow_tui.supervisor.machine.sharing import Ask, ask_of, decide, in_use, never

GIB = 2**30
MACHINE = Capacity(4.0, 8 * GIB, 2, ("GPU-a", "GPU-b"), is_here=True)


def ask(name: str, since: int = 0, session: str = "", **limits: Any) -> Ask:
    return ask_of(name, session or name[0], "train", StepLimits(**limits), since)


def held(name: str, gpus: tuple[str, ...] = (), session: str = "", **limits: Any) -> Ask:
    return replace(ask(name, session=session, **limits), holds=True, gpus=gpus)


def reason(others: list[Ask], asked: Ask) -> str:
    found = decide(MACHINE, others, asked)
    assert isinstance(found, str), found
    return found


def test_there_is_room_up_to_the_last_core() -> None:
    assert decide(MACHINE, [held("a", cpus=3)], ask("b", cpus=1)) == held("b", cpus=1)
    assert isinstance(decide(MACHINE, [held("a", cpus=3)], ask("b", cpus=1.5)), str)


def test_tenths_of_cores_add_up_to_a_core() -> None:
    others = [held(f"a{at}", cpus=0.1) for at in range(39)]
    assert isinstance(decide(MACHINE, others, ask("b", cpus=0.1)), Ask)


def test_memory_counts_where_it_is_limited() -> None:
    others = [held("a", memory_bytes=6 * GIB)]
    assert isinstance(decide(MACHINE, others, ask("b", memory_bytes=3 * GIB)), str)
    assert isinstance(decide(MACHINE, others, ask("b")), Ask)


def test_no_gpu_is_given_twice() -> None:
    first = decide(MACHINE, [], ask("a", gpus=1))
    assert isinstance(first, Ask) and first.gpus == ("GPU-a",)
    second = decide(MACHINE, [first], ask("b", gpus=1))
    assert isinstance(second, Ask) and second.gpus == ("GPU-b",)
    assert isinstance(decide(MACHINE, [first, second], ask("c", gpus=1)), str)


def test_what_asks_for_more_than_there_is_runs_alone() -> None:
    assert isinstance(decide(MACHINE, [], ask("b", cpus=99, memory_bytes=99 * GIB)), Ask)
    assert isinstance(decide(MACHINE, [held("a")], ask("b", cpus=99)), str)


def test_a_gpu_that_is_not_there_is_said_at_once() -> None:
    assert never(MACHINE, StepLimits(gpus=2, cpus=99)) == ""
    assert "asks for 3 GPUs" in never(MACHINE, StepLimits(gpus=3))
    assert never(Capacity(1.0, None), StepLimits(gpus=1)).endswith("this machine has no GPU")


def test_the_reason_names_who_uses_what() -> None:
    others = [held("a", session="demo", cpus=4), held("b", session="own")]
    assert reason(others, ask("c", session="own")) == (
        "session demo uses this machine's cores, and this step needs 1 of 4 cores; "
        "it starts when there is room"
    )


def test_the_reason_does_not_change_with_every_figure() -> None:
    one = reason([held("a", session="x", cpus=4)], ask("b", session="y"))
    two = [held("c", session="x", cpus=2), held("d", session="x", cpus=2)]
    assert reason(two, ask("b", session="y")) == one


def test_who_waits_for_cores_is_not_overtaken() -> None:
    others = [held("a", cpus=3), ask("b", since=1, cpus=4)]
    assert isinstance(decide(MACHINE, others, ask("c", since=2, cpus=1)), str)
    assert isinstance(decide(MACHINE, others, ask("c", since=0, cpus=1)), Ask)


def test_who_waits_for_a_gpu_lets_others_have_cores() -> None:
    others = [held("a", gpus=("GPU-a", "GPU-b")), ask("b", since=1, gpus=1)]
    assert isinstance(decide(MACHINE, others, ask("c", since=2, cpus=3)), Ask)
    assert isinstance(decide(MACHINE, others, ask("c", since=2, gpus=1)), str)


def test_room_for_who_has_not_looked_yet_is_kept() -> None:
    others = [held("a", cpus=2), ask("b", since=1, cpus=2)]
    assert isinstance(decide(MACHINE, others, ask("c", since=2, cpus=1)), str)


def test_what_is_in_use_is_a_sentence() -> None:
    assert in_use(MACHINE, []) == "no step runs"
    asks = [held("a", ("GPU-b",), session="x", memory_bytes=GIB), ask("b", session="y")]
    assert in_use(MACHINE, asks) == (
        "1 of 4 cores, 1.0 GiB of memory, 1 of 2 GPUs are in use by train of session x; "
        "train of session y waits"
    )


STEPS = st.builds(
    StepLimits,
    cpus=st.sampled_from([0.5, 1.0, 2.0, 4.0, 9.0]),
    memory_bytes=st.sampled_from([None, GIB, 5 * GIB]),
    gpus=st.integers(0, 2),
)


@given(st.lists(STEPS, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_everybody_has_his_turn_and_nothing_is_promised_twice(
    steps: list[StepLimits], chance: Any
) -> None:
    waits = [ask_of(f"n{at:02}", f"s{at % 3}", "n", one, at) for at, one in enumerate(steps)]
    running: list[Ask] = []
    n_turns = 0
    while waits or running:
        n_turns += 1
        assert n_turns < 2_000
        began = None
        for one in chance.sample(waits, len(waits)):
            found = decide(MACHINE, [*running, *(it for it in waits if it is not one)], one)
            if isinstance(found, Ask):
                began = one
                running.append(found)
                break
        if began is not None:
            waits.remove(began)
        else:
            assert running, "all wait, and nothing runs"
            running.remove(chance.choice(running))
        gpus = [gpu for one in running for gpu in one.gpus]
        assert len(gpus) == len(set(gpus)) == sum(one.n_gpus for one in running)
        if len(running) > 1:
            assert sum(one.cpus for one in running) <= 4
            limited = sum(one.memory_bytes for one in running)
            assert limited <= 8 * GIB
