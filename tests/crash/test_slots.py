"""Two sessions of one user on one machine: together they never use more than there is."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from scanflow_tui.contract.commands import Cancel, StartRun
from scanflow_tui.session.state import AttemptView, SessionState
from scanflow_tui.supervisor import slots
from tests.crash.toy import WAIT_S, Toy, end, is_free, kill, until

pytestmark = pytest.mark.slow
N_CORES = len(os.sched_getaffinity(0))


@pytest.fixture
async def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[Toy]]:
    """Two sessions, each with a step that needs the whole machine and waits at its own gate."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("SCANFLOW_SLOTS", str(tmp_path / "shared"))
    made = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        toy = Toy(tmp_path / name, session=name, cpus=N_CORES)
        made.append(toy)
    yield made
    for toy in made:
        toy.open_gate()
        await end(toy)


def train(state: SessionState) -> AttemptView | None:
    attempts = state.runs[1].nodes["train"].attempts if 1 in state.runs else []
    return attempts[-1] if attempts else None


def is_in(state: SessionState, word: str) -> bool:
    attempt = train(state)
    return attempt is not None and attempt.state == word


async def test_a_step_waits_for_the_room_of_another_session_and_says_so(toys: list[Toy]) -> None:
    first, second = (toy.source() for toy in toys)
    await first.open()
    await first.send(StartRun())
    await until(first, lambda state: is_in(state, "running"))
    await second.open()
    await second.send(StartRun())
    state = await until(second, lambda state: is_in(state, "queued"))
    waits = train(state)
    assert waits is not None and waits.queued_reason.startswith(
        "session first uses this machine's cores"
    )
    assert toys[1].ran("train") == 0
    toys[0].open_gate()
    toys[1].open_gate()
    state = await until(second, lambda state: state.runs[1].state == "done")
    assert len(state.runs[1].nodes["train"].attempts) == 1 and toys[1].ran("train") == 1
    await first.close()
    await second.close()


async def test_a_step_holds_its_room_when_its_supervisor_is_killed(toys: list[Toy]) -> None:
    first, second = (toy.source() for toy in toys)
    await first.open()
    await first.send(StartRun())
    await until(first, lambda state: is_in(state, "running"))
    pid = first.card["pid"]
    await first.close()
    os.kill(pid, signal.SIGKILL)
    await is_free(toys[0])
    await second.open()
    await second.send(StartRun())
    await until(second, lambda state: is_in(state, "queued"))
    # Nobody supervises the first step now: its shim alone holds the room, to its end.
    toys[0].open_gate()
    toys[1].open_gate()
    await until(second, lambda state: state.runs[1].state == "done")
    await second.close()


async def test_who_waits_and_is_killed_takes_his_turn_again(toys: list[Toy]) -> None:
    first, second = (toy.source() for toy in toys)
    await first.open()
    await first.send(StartRun())
    await until(first, lambda state: is_in(state, "running"))
    await second.open()
    await second.send(StartRun())
    await until(second, lambda state: is_in(state, "queued"))
    await kill(second)
    await kill(first)
    toys[1].open_gate()
    assert toys[1].ran("train") == 0
    toys[0].open_gate()
    await until(first, lambda state: state.runs[1].state == "done")
    await until(second, lambda state: state.runs[1].state == "done")
    assert (toys[0].ran("train"), toys[1].ran("train")) == (1, 1)
    await first.close()
    await second.close()


async def test_a_run_that_waits_can_be_cancelled_and_holds_nobody_up(toys: list[Toy]) -> None:
    first, second = (toy.source() for toy in toys)
    await first.open()
    await first.send(StartRun())
    await until(first, lambda state: is_in(state, "running"))
    await second.open()
    await second.send(StartRun())
    await until(second, lambda state: is_in(state, "queued"))
    await second.send(Cancel(1))
    await until(second, lambda state: state.runs[1].state == "cancelled")
    async with asyncio.timeout(WAIT_S):
        while _slots(toys[1]):
            await asyncio.sleep(0.01)
    toys[0].open_gate()
    await until(first, lambda state: state.runs[1].state == "done")
    await first.close()
    await second.close()


def _slots(toy: Toy) -> list[str]:
    """The slots of a session's own attempts."""
    asks = slots.found(Path(os.environ["SCANFLOW_SLOTS"]))
    return [ask.name for ask in asks if ask.session == toy.folder.name]
