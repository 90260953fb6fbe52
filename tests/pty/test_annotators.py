"""Two Unix users at one session, each in a terminal: parts, words, the owner's second look."""

from __future__ import annotations

import asyncio
import grp
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanflow_tui.contract.commands import AddBatch, Share, StartRun
from scanflow_tui.labels.assign import AGAIN, part_of
from scanflow_tui.session.folds import needs
from scanflow_tui.session.state import SessionState
from tests.crash.test_annotators import label, person
from tests.crash.toy import Toy, end, until
from tests.pty.terminal import Terminal

pytestmark = [
    pytest.mark.pty,
    pytest.mark.slow,
    pytest.mark.skipif(os.getuid() != 0, reason="only root can become other users"),
]

GID = 65534
ANA, BEN = 64001, 64002
RUN = 2
ANSWERS = ("\x1b[?1;2c",)
"""What a terminal without pictures says of itself."""


async def ask(toy: Toy) -> SessionState:
    """The session asks for labels, and is shared."""
    source = toy.source()
    await source.open()
    await source.send(StartRun())
    await until(source, lambda state: state.champion is not None)
    await source.send(AddBatch(str(toy.batch)))
    await until(source, lambda state: bool(needs(state)))
    await source.send(Share(grp.getgrgid(GID).gr_name))
    await source.close()
    return source.state


async def look(toy: Toy) -> SessionState:
    source = toy.source()
    state = await source.open()
    await source.close()
    return state


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Toy]:
    """A shared session that asks for labels of 20 samples."""
    place = Path(tempfile.mkdtemp(prefix="sf-pair-"))
    place.chmod(0o711)
    monkeypatch.setenv("XDG_STATE_HOME", str(place / "state"))
    made = Toy(place)
    made.folder.parent.chmod(0o711)
    made.open_gate()
    asyncio.run(ask(made))
    yield made
    asyncio.run(end(made))
    shutil.rmtree(place)


def program(toy: Toy, uid: int, *arguments: str) -> list[str]:
    """``scanflow`` as this user types it."""
    command = [sys.executable, "-m", "scanflow_tui"]
    if uid:
        command = [sys.executable, "-m", "tests.pty.guest", str(uid), str(GID)]
    return [*command, *arguments, "toy", "--sessions", str(toy.folder.parent)]


def leave(it: Terminal) -> None:
    """Out of the Label screen that the program began with."""
    it.whole()
    it.keys("\x1b")
    it.until("esc once more leaves")
    it.keys("\x1b")
    assert it.ended() == 0


def test_a_guest_labels_their_part_and_the_owner_settles_what_is_disputed(toy: Toy) -> None:
    asyncio.run(person(toy.folder, BEN, [{"act": "TakePart", "run": RUN, "node": "label"}]))
    with Terminal(program(toy, ANA, "label"), answers=ANSWERS) as it:
        it.until("> Label", "no label yet")
        n = int(it.until_match(r"\b0 of (\d+) ·")[1])
        it.keys("F")
        it.until("the owner ends the labelling")
        for done in range(n):
            it.until_match(rf"\b{done} of {n} ·")
            it.whole()
            assert AGAIN not in it.text()
            it.keys("1")
        it.until_match(rf"\b{n} of {n} ·")
        it.until("> your part", "Every image of your part has its word")
        leave(it)
    state = asyncio.run(look(toy))
    desk, check = state.desks[f"{RUN}.label"], state.runs[RUN].check
    assert check is not None and sorted(desk.annotators) == [f"human:u{ANA}", f"human:u{BEN}"]
    ana, ben = (part_of(check.queue, desk.annotators, who) for who in sorted(desk.annotators))
    assert {sample for sample, by in desk.labels.items() if f"human:u{ANA}" in by} == {
        entry.id for entry in ana.entries
    }
    assert n == len(ana.entries) and any(entry.id.endswith(AGAIN) for entry in ana.entries)
    both = {entry.id for entry in ana.entries} & {entry.id for entry in ben.entries}
    assert len(both) == 4
    asyncio.run(person(toy.folder, BEN, [label(RUN, entry.id, 0) for entry in ben.entries]))
    with Terminal(program(toy, 0, "label"), answers=ANSWERS) as it:
        it.until("> Label", "> 3 people")
        it.until_match(r"\b16 of 20 ·")
        it.keys("O")
        it.until("second look (4)")
        it.keys("second\r")
        it.until("said so far", f"u{ANA}: one", f"u{BEN}: zero")
        for _ in both:
            it.whole()
            it.keys("1")
        it.until("4 of 4 looked at again")
        it.whole()
        it.keys("F")
        it.until("20 labelled", "13 of 13")
        it.keys(it.until_match(r"\[(\S)\] finish")[1])
        it.until("Nothing to label")
        leave(it)
    state = asyncio.run(look(toy))
    settled = state.desks[f"{RUN}.label"].labels
    assert {sample for sample, by in settled.items() if any(w.settles for w in by.values())} == both


def test_guests_in_a_pipe_get_their_part_and_may_not_look_at_what_others_said(toy: Toy) -> None:
    with Terminal([*program(toy, ANA, "label"), "--json"]) as it:
        assert it.ended() == 7
        rows = json.loads(re.sub(rb"\r", b"", it.raw))["queue"]
        assert len(rows) == 20 and not any("share" in row for row in rows)
    asyncio.run(person(toy.folder, BEN, [label(RUN, "s0", 1)]))
    for arguments in (["agreement"], ["labels", "export"]):
        with Terminal(program(toy, ANA, *arguments), columns=200) as it:
            assert it.ended() == 6
            assert "until labelling is finished" in it.text()
