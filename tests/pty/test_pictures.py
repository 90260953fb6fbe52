"""Pictures and answers on a terminal: sixel where it is told of, and never a label by an answer."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import pytest

from scanflow_tui.client.live import LiveSource
from scanflow_tui.contract.commands import AddBatch, StartRun
from tests.crash.toy import Toy, end, until
from tests.pty.terminal import SIXEL_ANSWERS, XTERM_ANSWERS, Terminal
from tests.tidy.source import ROOT

pytestmark = pytest.mark.pty

SCANFLOW = str(Path(sys.executable).with_name("scanflow"))
SESSION = str(ROOT / "sessions" / "mnist-demo.duckdb")
DA1 = SIXEL_ANSWERS[-1]
SIXEL = rb"\x1bP0;1;0q"


@pytest.fixture
def asking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Toy:
    """A session that waits for labels."""
    monkeypatch.setenv("SCANFLOW_NO_MIRROR", "1")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    toy = Toy(tmp_path)
    toy.open_gate()

    async def ask() -> None:
        source = toy.source()
        await source.open()
        await source.send(StartRun())
        await until(source, lambda state: state.champion == 1)
        await source.send(AddBatch(str(toy.batch)))
        await until(source, lambda state: bool(state.desks))
        await source.close()

    asyncio.run(ask())
    return toy


async def n_labels(source: LiveSource) -> int:
    await source.open()
    (desk,) = source.state.desks.values()
    await source.close()
    return len(desk.history)


def test_flagged_images_are_sent_as_sixel_where_the_terminal_has_it() -> None:
    with Terminal([SCANFLOW, "replay", SESSION], answers=SIXEL_ANSWERS) as terminal:
        terminal.until("verified")
        terminal.keys("d")
        terminal.until("flagged")
        terminal.until_printed(SIXEL)
        terminal.keys("?")
        terminal.until("Move")
        assert "\U000f0000" not in terminal.text()


def test_what_another_program_wrote_is_painted_over() -> None:
    with Terminal([SCANFLOW, "replay", SESSION]) as terminal:
        terminal.until("verified")
        terminal.whole()
        terminal.spoil("another program")
        terminal.keys("\x0c")
        terminal.until_gone("another program")


def test_pictures_are_sent_again_when_all_is_drawn_anew() -> None:
    with Terminal([SCANFLOW, "replay", SESSION], answers=SIXEL_ANSWERS) as terminal:
        terminal.until("verified")
        terminal.keys("d")
        terminal.until_printed(SIXEL)
        terminal.whole()
        terminal.spoil("another program")
        before = len(re.findall(SIXEL, terminal.raw))
        terminal.keys("\x0c")
        terminal.until_gone("another program")
        terminal.until_printed_again(SIXEL, before)


def test_an_xterm_that_was_covered_is_sent_its_pictures_again() -> None:
    counts = []
    for answers in (XTERM_ANSWERS, SIXEL_ANSWERS):
        with Terminal([SCANFLOW, "replay", SESSION], answers=answers) as terminal:
            terminal.until("verified")
            terminal.keys("d")
            terminal.until("flagged")
            terminal.until_printed(SIXEL)
            terminal.whole()
            before = len(re.findall(SIXEL, terminal.raw))
            terminal.keys("\x1b[O\x1b[I?")
            terminal.until("Move")
            terminal.whole()
            counts.append(len(re.findall(SIXEL, terminal.raw)) - before)
    assert counts[0] > counts[1]


def test_a_terminal_that_says_nothing_gets_half_blocks() -> None:
    with Terminal([SCANFLOW, "replay", SESSION]) as terminal:
        terminal.until("verified")
        terminal.keys("d")
        terminal.until("flagged", "\u2580")
        assert b"\x1bP0;1;0q" not in terminal.raw


def test_the_way_that_was_asked_for_is_taken_whatever_the_terminal_has(asking: Toy) -> None:
    replay = [SCANFLOW, "replay", SESSION, "--images", "half"]
    with Terminal(replay, answers=SIXEL_ANSWERS) as terminal:
        terminal.until("verified")
        terminal.keys("d")
        terminal.until("flagged", "\u2580")
        assert b"\x1bP0;1;0q" not in terminal.raw
    label = [SCANFLOW, "label", "toy", "--sessions", str(asking.folder.parent)]
    with Terminal([*label, "--images", "half"], answers=SIXEL_ANSWERS) as terminal:
        terminal.until("0 of 20")
        terminal.whole()
        assert b"\x1bP0;1;0q" not in terminal.raw
    with Terminal([*label, "--images", "crayon"]) as terminal:
        terminal.until("'crayon' is no way to show pictures")
        assert terminal.ended() == 2
    asyncio.run(end(asking))


def test_an_answer_that_comes_late_and_torn_labels_nothing(asking: Toy) -> None:
    command = [SCANFLOW, "label", "toy", "--sessions", str(asking.folder.parent)]
    with Terminal(command) as terminal:
        terminal.until("0 of 20")
        for char in DA1:
            terminal.keys(char)
        terminal.keys("0")
        terminal.until("1 of 20")
        terminal.keys("1")
        terminal.until("2 of 20", "saved")
    assert asyncio.run(n_labels(asking.source())) == 2
    asyncio.run(end(asking))


def test_doctor_says_what_the_terminal_answered(tmp_path: Path) -> None:
    command = [SCANFLOW, "doctor", "--engine", "process", "--sessions", str(tmp_path)]
    with Terminal(command, answers=SIXEL_ANSWERS) as terminal:
        terminal.until("foot(1.13.1)", "10x20 pixels", "Pictures are shown as sixel")
        assert terminal.ended() == 0


def test_doctor_goes_on_where_a_terminal_says_nothing(tmp_path: Path) -> None:
    command = [SCANFLOW, "doctor", "--engine", "process", "--sessions", str(tmp_path)]
    with Terminal(command) as terminal:
        terminal.until("no answer", "Pictures are shown as half")
        assert terminal.ended() == 0


def test_inside_of_gnu_screen_pictures_are_half_blocks_and_there_is_no_mouse() -> None:
    command = ["/usr/bin/env", "STY=1.x", SCANFLOW, "replay", SESSION]
    with Terminal(command, answers=SIXEL_ANSWERS) as terminal:
        terminal.until("verified")
        terminal.keys("d")
        terminal.until("flagged", "\u2580")
        terminal.whole()
        assert b"\x1b[?1003h" not in terminal.raw and b"\x1bP0;1;0q" not in terminal.raw
    with Terminal(command[2:], answers=SIXEL_ANSWERS) as terminal:
        terminal.until("verified")
        assert b"\x1b[?1003h" in terminal.raw


def test_without_colours_pictures_are_shades_and_the_screen_has_none() -> None:
    command = ["/usr/bin/env", "NO_COLOR=1", SCANFLOW, "replay", SESSION]
    with Terminal(command, answers=SIXEL_ANSWERS) as terminal:
        terminal.until("verified")
        terminal.keys("d")
        terminal.until("flagged", "@")
        assert "▀" not in terminal.text()
        assert b"\x1bP0;1;0q" not in terminal.raw
        coloured = [
            (cell.fg, cell.bg)
            for row in terminal.screen.buffer.values()
            for cell in row.values()
            if not is_grey(cell.fg) or not is_grey(cell.bg)
        ]
        assert coloured == []


LABELLING = [sys.executable, "-m", "tests.pty.garbled"]


def test_labelling_without_colours_needs_none() -> None:
    command = ["/usr/bin/env", "NO_COLOR=1", *LABELLING]
    with Terminal(command, answers=SIXEL_ANSWERS) as terminal:
        terminal.until("0 of 70", "┏", "@")
        terminal.whole()
        focused = terminal.text().splitlines()[1].index("┏")
        terminal.keys("3")
        terminal.until("1 of 70", "3 ✓")
        terminal.whole()
        assert terminal.text().splitlines()[1].index("┏") > focused
        assert "▀" not in terminal.text() and b"\x1bP0;1;0q" not in terminal.raw
        cells = [cell for row in terminal.screen.buffer.values() for cell in row.values()]
        assert all(is_grey(cell.fg) and is_grey(cell.bg) for cell in cells)


def test_the_largest_screen_shows_all_of_a_queue_by_the_pixel() -> None:
    with Terminal(LABELLING, 500, 150, SIXEL_ANSWERS) as terminal:
        terminal.until("> Label", "0 of 70")
        terminal.until_printed_again(SIXEL, 69)
        terminal.keys("3")
        terminal.until("1 of 70", "3 ✓")
        terminal.whole()
        assert terminal.text().count("─┘") + terminal.text().count("━┛") == 70


def is_grey(colour: str) -> bool:
    """Whether a colour of the emulator is its own, or one without a hue."""
    if len(colour) == 6:
        return len({colour[:2], colour[2:4], colour[4:]}) == 1
    return colour in ("default", "black", "white", "brightblack", "brightwhite")
