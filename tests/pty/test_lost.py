"""The window is closed, or the program is told to end: places and drafts are kept all the same."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanflow_tui.contract.commands import AddBatch, StartRun
from scanflow_tui.session.folds import needs
from tests.crash.toy import Toy, end, until
from tests.pty.terminal import Terminal

pytestmark = [pytest.mark.pty, pytest.mark.slow]

ANSWERS = ("\x1b[?1;2c",)
"""What a terminal without pictures says of itself."""


async def ask(toy: Toy) -> None:
    """The session asks for labels."""
    source = toy.source()
    await source.open()
    await source.send(StartRun())
    await until(source, lambda state: state.champion is not None)
    await source.send(AddBatch(str(toy.batch)))
    await until(source, lambda state: bool(needs(state)))
    await source.close()


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """``scanflow label`` on a session that asks for labels of 20 samples."""
    place = Path(tempfile.mkdtemp(prefix="sf-lost-"))
    monkeypatch.setenv("XDG_STATE_HOME", str(place / "state"))
    made = Toy(place)
    made.open_gate()
    asyncio.run(ask(made))
    yield [
        *(sys.executable, "-m", "scanflow_tui", "label", "toy"),
        *("--sessions", str(made.folder.parent)),
    ]
    asyncio.run(end(made))
    shutil.rmtree(place)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, -1)])
def test_place_and_draft_are_there_after_the_program_was_ended(
    command: list[str], number: signal.Signals, code: int
) -> None:
    with Terminal(command, answers=ANSWERS) as it:
        it.until("> Label", "no label yet", "saved")
        it.keys("\x1b[C\x1b[C\x1b[C")
        it.keys("n")
        it.until("note on image")
        it.keys("half a thought")
        it.until("half a thought")
        it.signal(number)
        assert it.ended() == code
    with Terminal(command, columns=90, lines=30, answers=ANSWERS) as it:
        it.until("(draft) half a thought", "4 of 20")


def test_a_window_that_is_closed_keeps_them_too(command: list[str]) -> None:
    with Terminal(command, answers=ANSWERS) as it:
        it.until("> Label", "no label yet", "saved")
        it.keys("\x1b[C\x1b[C")
        it.keys("n")
        it.until("note on image")
        it.keys("half a word")
        it.until("half a word")
        assert it.closed() == -signal.SIGHUP
    with Terminal(command, columns=90, lines=30, answers=ANSWERS) as it:
        it.until("(draft) half a word", "3 of 20")
