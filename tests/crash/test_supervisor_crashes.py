"""Supervisors ended by kill -9 at seeded moments: nothing acknowledged is lost, nothing twice."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from scanflow_tui.client.source import Ref
from scanflow_tui.contract.commands import AddBatch, FinishLabelling, GiveLabel, StartRun
from scanflow_tui.session import events as ev
from scanflow_tui.session.state import SessionState, desk_key
from tests.crash.toy import ROUNDS, Toy, end, kill, until

pytestmark = pytest.mark.slow


@pytest.fixture
async def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Toy]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made = Toy(tmp_path)
    yield made
    made.open_gate()
    await end(made)


def node_state(state: SessionState, run: int, node: str) -> str:
    return state.runs[run].nodes[node].state if run in state.runs else ""


async def test_a_step_outlives_its_supervisor_and_its_result_is_used_once(toy: Toy) -> None:
    rng = random.Random(1)
    source = toy.source()
    await source.open()
    await source.send(StartRun())
    for _ in range(ROUNDS):
        await until(source, lambda state: node_state(state, 1, "train") == "running")
        await asyncio.sleep(rng.random() * 0.1)
        await kill(source)
    toy.open_gate()
    state = await until(source, lambda state: state.runs[1].state == "done")
    train = state.runs[1].nodes["train"]
    assert (train.state, len(train.attempts), toy.ran("train")) == ("done", 1, 1)
    assert state.champion == 1
    assert [value for _, value in train.attempts[0].metrics["loss"]] == [0.5, 0.25]
    await source.close()
    await end(toy)
    assert toy.verified().holds


async def test_a_crash_at_any_moment_of_a_run_leaves_a_whole_log_and_one_result(
    toy: Toy,
) -> None:
    rng = random.Random(2)
    toy.open_gate()
    source = toy.source()
    await source.open()
    killing = asyncio.create_task(_kill_now_and_then(toy, rng))
    await source.send(StartRun())
    await source.send(AddBatch(str(toy.batch), "first"))
    await killing
    state = await until(source, lambda state: 2 in state.runs and state.runs[2].n_needs > 0)
    assert (toy.ran("train"), toy.ran("check")) == (1, 1)
    assert list(state.batches) == ["b0001"] and sorted(state.runs) == [1, 2]
    await source.close()
    await end(toy)
    assert toy.verified().holds


async def _kill_now_and_then(toy: Toy, rng: random.Random) -> None:
    """Kill whatever supervisor lives, some times."""
    for _ in range(ROUNDS):
        await asyncio.sleep(rng.random() * 0.5)
        watcher = toy.source()
        await watcher.open()
        await kill(watcher)
        await watcher.close()


async def test_acknowledged_labels_survive_kill_9_and_none_is_there_twice(toy: Toy) -> None:
    rng = random.Random(3)
    source = await _at_label(toy)
    acknowledged: dict[int, str] = {}
    for number in range(ROUNDS):
        given = [
            asyncio.create_task(
                source.send(GiveLabel(2, "label", f"s{sample}", "class", (sample + number) % 2))
            )
            for sample in range(20)
        ]
        await asyncio.sleep(rng.random() * 0.05)
        await kill(source)
        for sample, reply in enumerate(await asyncio.gather(*given)):
            acknowledged[reply.seq] = f"s{sample}"
    await source.close()
    await end(toy)
    labels = [event for event in toy.events() if isinstance(event.fact, ev.LabelGiven)]
    assert {event.seq: event.fact.sample for event in labels} == acknowledged  # type: ignore[union-attr]
    assert len({event.command for event in labels}) == len(labels) == 20 * ROUNDS
    assert toy.verified().holds


async def test_two_clients_label_at_once_and_both_see_both(toy: Toy) -> None:
    one = await _at_label(toy)
    two = toy.source()
    await two.open()
    await asyncio.gather(
        *(one.send(GiveLabel(2, "label", f"s{n}", "class", 0)) for n in range(0, 20, 2)),
        *(two.send(GiveLabel(2, "label", f"s{n}", "class", 1)) for n in range(1, 20, 2)),
    )
    key = desk_key(2, "label")
    for source in (one, two):
        state = await until(source, lambda state: len(state.desks[key].labels) == 20)
        assert len(state.desks[key].history) == 20
    await one.send(FinishLabelling(2, "label"))
    state = await until(two, lambda state: node_state(state, 2, "label") == "done")
    chunk = await two.read(Ref("artifact", state.runs[2].nodes["label"].outputs["labels"].sha))
    assert chunk.data.count(b"\n") == 20
    await one.close()
    await two.close()


async def test_a_run_goes_on_without_clients(toy: Toy) -> None:
    source = toy.source()
    await source.open()
    await source.send(StartRun())
    await source.close()
    toy.open_gate()
    again = toy.source()
    await again.open()
    await until(again, lambda state: state.runs[1].state == "done")
    assert again.state.supervisors == 1
    await again.close()


async def _at_label(toy: Toy):  # type: ignore[no-untyped-def]
    """A client of a session whose second run asks for labels."""
    toy.open_gate()
    source = toy.source()
    await source.open()
    await source.send(StartRun())
    await source.send(AddBatch(str(toy.batch), "first"))
    await until(source, lambda state: 2 in state.runs and state.runs[2].n_needs > 0)
    return source


async def test_the_recovery_is_told_in_the_log(toy: Toy) -> None:
    source = toy.source()
    await source.open()
    await kill(source)
    await until(source, lambda state: state.supervisors == 2)
    await source.close()
    await end(toy)
    told = [event.fact for event in toy.events() if isinstance(event.fact, ev.SupervisorStarted)]
    assert told[0].recovered == "" and "without a word" in told[1].recovered
