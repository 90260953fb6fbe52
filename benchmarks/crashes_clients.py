"""The clients' rows of ``crashes.py``: one that is killed or hung up on, and two that label."""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import msgspec

from report import Row
from scanflow_tui.client.connection import Connection
from scanflow_tui.contract.commands import AddBatch, GiveLabel, StartRun, to_json
from scanflow_tui.engine.attempt import EXIT
from scanflow_tui.session import events as ev
from scanflow_tui.session import folds
from scanflow_tui.session.places import SessionFolder
from scanflow_tui.session.state import SessionState, desk_key
from terminal import Terminal, is_framed
from tests.crash.toy import WAIT_S, Toy, end, until

N_SAMPLES = 20
CLAIMED_UID = 4242
MOMENT_S = 0.5
FORM = "label"


def gone(
    folder: Path,
    make: Callable[[Path], Toy],
    rounds: int,
    seed: int,
    tick: Callable[[str], None],
) -> list[Row]:
    """The terminal UI killed, or its terminal closed, in turn, while a step runs."""
    rng = random.Random(seed)
    wrong: list[str] = []
    whole = ended = hung_up = 0
    for number in range(rounds):
        toy = make(folder / f"c{number}")
        is_killed = number % 2 == 0
        client = asyncio.run(_attach(toy))
        time.sleep(rng.random() * MOMENT_S)
        if is_killed:
            client.kill()
        else:
            hung_up += 1
            ended += client.hang_up()
        toy.open_gate()
        _until_exit(toy)
        found = asyncio.run(_state_is_that_of_the_file(toy))
        whole += not found
        wrong += [f"client {number}: {text}" for text in found]
        tick("client gone")
    figures = {"whole": whole, "rounds": rounds, "wrong": wrong}
    return [
        Row(
            "UI killed -9, or its terminal closed, in turn: the run goes on, the state is the same",
            f"{rounds} of {rounds}",
            f"{whole} of {rounds}",
            whole == rounds,
            figures,
        ),
        Row(
            "UI whose terminal was closed ends by itself",
            "printed",
            f"{ended} of {hung_up}",
            None,
            {"ended": ended, "closed": hung_up},
        ),
    ]


async def _attach(toy: Toy) -> Terminal:
    """Start a run, and a UI that shows its step; no other client stays."""
    source = toy.source()
    await source.open()
    await source.send(StartRun())
    await until(source, lambda state: state.runs[1].nodes["train"].state == "running")
    await source.close()
    scanflow = str(Path(sys.executable).parent / "scanflow")
    command = [scanflow, toy.folder.name, "--sessions", str(toy.folder.parent)]
    client = Terminal(command, os.environ | {"TERM": "xterm-256color"})
    client.until(lambda text: is_framed(text) and "train" in text, WAIT_S)
    return client


def _until_exit(toy: Toy) -> None:
    """Wait, without a client, until the step left its exit record. Raises TimeoutError."""
    record = SessionFolder(toy.folder).attempt(1, "train", 1) / EXIT
    deadline = time.monotonic() + WAIT_S
    while not record.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"no {record}")
        time.sleep(0.01)


async def _state_is_that_of_the_file(toy: Toy) -> list[str]:
    """Attach again; what differs from a run that nobody left, and from the file's own events."""
    source = toy.source()
    await source.open()
    state = await until(source, lambda state: state.runs[1].state == "done")
    wrong = []
    if (state.supervisors, toy.ran("train"), state.champion) != (1, 1, 1):
        wrong.append(f"{state.supervisors} supervisors, train ran {toy.ran('train')} times")
    seen, seq = _plain(state), state.seq
    await source.close()
    await end(toy)
    told = folds.replay(event for event in toy.events() if event.seq <= seq)
    if _plain(told) != seen:
        wrong.append("the client's state is not that of the file")
    return wrong


def _plain(state: SessionState) -> object:
    """A state as it is now, in plain values that can be compared."""
    return msgspec.to_builtins(state, str_keys=True, order="sorted")


async def together(folder: Path, rounds: int, tick: Callable[[str], None]) -> list[Row]:
    """Two clients label all samples at once, round after round; then one claims to be another."""
    place = folder / "two"
    place.mkdir()
    toy = Toy(place)
    toy.open_gate()
    one, two = toy.source(), toy.source()
    await one.open()
    await one.send(StartRun())
    await one.send(AddBatch(str(toy.batch), "first"))
    await until(one, lambda state: 2 in state.runs and state.runs[2].n_needs > 0)
    await two.open()
    acknowledged: list[int] = []
    start = time.perf_counter()
    for number in range(rounds):
        replies = await asyncio.gather(
            *(source.send(_label(n, number % 2)) for n in range(N_SAMPLES) for source in (one, two))
        )
        acknowledged += [reply.seq for reply in replies]
    seconds = time.perf_counter() - start
    key = desk_key(2, FORM)
    seen = []
    for source in (one, two):
        state = await until(source, lambda state: state.seq >= max(acknowledged))
        seen.append(sorted(label.seq for label in state.desks[key].history))
    await _claim(toy)
    await one.close()
    await two.close()
    await end(toy)
    events = [event for event in toy.events() if isinstance(event.fact, ev.LabelGiven)]
    stored = [event.seq for event in events]
    actors = {event.actor for event in events}
    is_whole = seen[0] == seen[1] == sorted(acknowledged) and stored[:-1] == sorted(acknowledged)
    is_own = actors == {f"human:u{os.getuid()}"}
    tick("two clients label")
    n = len(acknowledged)
    return [
        Row(
            f"two clients label at once: both see all {n}, each once in the file",
            f"{n} of {n}",
            f"{len(set(stored[:-1]) & set(acknowledged))} of {n}; {n / seconds:.0f} a second",
            is_whole and toy.verified().holds,
            {"acknowledged": n, "seconds": round(seconds, 3)},
        ),
        Row(
            f"uid recorded where a client claims to be {CLAIMED_UID}",
            f"human:u{os.getuid()}",
            ", ".join(sorted(actors)),
            is_own and len(stored) == n + 1,
        ),
    ]


def _label(sample: int, value: int) -> GiveLabel:
    return GiveLabel(2, FORM, f"s{sample}", "class", value)


async def _claim(toy: Toy) -> None:
    """Label once through a bare connection that names another user. Raises SystemExit if not."""
    connection = await Connection.dial(
        toy.folder / "sock", str(uuid.uuid4()), "benchmark", lambda frame: None
    )
    reply = await connection.ask(
        "command",
        id=0,
        command=to_json(_label(0, 0)),
        actor=f"human:u{CLAIMED_UID}",
        uid=CLAIMED_UID,
    )
    await connection.close()
    if not reply["ok"]:
        raise SystemExit(f"the label was refused: {reply}")
