"""A terminal that answers garbage, or nothing: no key is made up, none is lost, nothing hangs."""

from __future__ import annotations

import json
import random
import re
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.pty.terminal import FENCE, Terminal

pytestmark = pytest.mark.pty

SCANFLOW = str(Path(sys.executable).with_name("scanflow"))
PROGRAM = [sys.executable, "-m", "tests.pty.garbled"]
DA1 = b"\x1b[?62;4;22c"
SIXEL = rb"\x1bP0;1;0q"
"""What is printed once the fence was taken in."""

N = 70
WINDOW_FOCUSED = "\x1b[I"
"""What a terminal says by itself: any escape breaks off what was never closed."""

CHANCE = random.Random(8)
BYTES = CHANCE.randbytes(1_048_574) + b"\0\0"

WHOLE = {
    "a report of nothing": b"\x1b[31m\x1b[1;2;3x\x1b[0n\x1b[12;3;4;5r",
    "a size of nothing": b"\x1b[6;0;0t\x1b[4;0;0t\x1b[?2;0;0;0S\x1b[8;0;0t",
    "a vast size": b"\x1b[6;1000000000;1000000000t\x1b[?2;0;1000000000;1000000000S",
    "a size of 5,000 digits": b"\x1b[6;" + b"9" * 5000 + b";1t\x1b[?2;0;" + b"9" * 5000 + b";1S",
    "a negative size": b"\x1b[6;-20;-10t\x1b[?2;0;-5;-5S",
    "a vast window": b"\x1b[48;1000000000;1000000000;0;0t\x1b[48;9999;9999;0;0t",
    "a window of nothing": b"\x1b[48;0;0;0;0t\x1b[48;1;1;0;0t",
    "keys beyond all characters": b"\x1b[9999999;1u\x1b[1114112;1u\x1b[:;1u\x1b[97:65;1:3u",
    "pictures never sent": b"\x1b_Gi=99;OK\x1b\\\x1b_Gi=31;ENOENT:no such\x1b\\\x1b_Gi=,;\x1b\\",
    "a name without end": b"\x1bP>|" + b"3" * 100_000 + b"\x1b\\",
    "answers without end": b"\x1b[?1;2;4n" * 20_000,
    "a name with controls": b"\x1bP>|fo\r\no\x9b31m\x00\x1b\\",
    "no UTF-8": b"\x1b]4;1;\xff\xfe\xc3\x1b\\\xff\x1b[3\xff\xfe",
}
WINDOWS = b"\x1b[?2048;1$y\x1b[48;40;120;0;0t\x1b[<35;9;9M\x1b[<35;-1;99999M"
"""A terminal that tells its size by itself, in no pixels, and then of a mouse."""

CUT = {
    "a report": b"\x1b[?62;4",
    "a sequence": b"\x1b[1;2;3",
    "a sequence without end": b"\x1b[?1" + b";2" * 50_000,
    "a name": b"\x1bP>|fo",
    "a string": b"\x1b]11;rgb:3333",
    "an answer of kitty": b"\x1b_Gi=31;O",
    "a string without end": b"\x1bP" + b"0123456789" * 100_000,
}
NOISE = {
    "a few bytes": b"\x80\xfe3\x1b\x1b4\x00\x1b5",
    "letters": b"0123456789 FA" * 40,
    "1 MB": BYTES,
}


def said(terminal: Terminal) -> list[tuple[str, int | None]]:
    """Leave as a person does; what was said of images."""
    terminal.whole()
    terminal.keys("\x1b")
    terminal.until("esc once more leaves")
    terminal.keys("\x1b")
    assert terminal.ended() == 0
    found = re.search(rb"said (\[.*\])", terminal.raw)
    assert found is not None
    return [(kind, value) for kind, value in json.loads(found[1])]


def label(terminal: Terminal, *classes: int, before: str = "", done: int = 0) -> int:
    """Press class keys, each once the one before was counted; how many images have a label."""
    for number in classes:
        terminal.keys(f"{before}{number}")
        done += 1
        terminal.until(f"{done} of {N}")
    return done


def answered(terminal: Terminal, garbage: bytes) -> None:
    """Answer garbage and then the fence, and wait until the program took it in."""
    terminal.until("> Label", f"0 of {N}")
    terminal.until_printed(re.escape(FENCE))
    terminal.keys(garbage + DA1)
    terminal.until_printed(SIXEL)
    terminal.whole()


@pytest.mark.parametrize("forms", [[*WHOLE.values()], [WINDOWS]], ids=["all", "windows"])
def test_garbage_in_place_of_answers_and_between_keys_is_no_key(forms: list[bytes]) -> None:
    with Terminal(PROGRAM) as terminal:
        answered(terminal, b"".join(forms))
        for done, garbage in enumerate(forms):
            terminal.keys(garbage + b"3" + garbage)
            terminal.until(f"{done + 1} of {N}")
        assert said(terminal) == [("class", 3)] * len(forms)


@pytest.mark.parametrize("name", CUT)
def test_what_is_never_closed_ends_with_the_next_that_begins(name: str) -> None:
    with Terminal(PROGRAM) as terminal:
        answered(terminal, CUT[name])
        done = label(terminal, 1)
        if len(CUT[name]) < 4096:
            terminal.keys(CUT[name])
        done = label(terminal, 2, before=WINDOW_FOCUSED, done=done)
        label(terminal, 3, done=done)
        assert said(terminal) == [("class", value) for value in (1, 2, 3)]


@pytest.mark.parametrize("name", NOISE)
def test_noise_in_place_of_answers_is_no_key(name: str) -> None:
    with Terminal(PROGRAM) as terminal:
        answered(terminal, NOISE[name])
        label(terminal, 1, 2, 3)
        assert said(terminal) == [("class", value) for value in (1, 2, 3)]


@pytest.mark.parametrize("answer", ["", "\x1bP>|fo"], ids=["nothing", "a torn answer"])
def test_a_terminal_that_never_answers_takes_labels_after_a_moment(answer: str) -> None:
    with Terminal(PROGRAM, answers=[answer]) as terminal:
        terminal.until("> Label", f"0 of {N}")
        n = 0
        while f"0 of {N}" in terminal.text():
            terminal.keys("1")
            n += 1
            terminal.whole()
        done = int(terminal.until_match(rf"\b(\d+) of {N}")[1])
        label(terminal, 2, 3, done=done)
        given = said(terminal)
        assert 1 <= done <= n
        assert given == [("class", value) for value in (*[1] * done, 2, 3)]


def test_a_key_before_the_answers_waits_or_counts_and_is_never_another() -> None:
    with Terminal(PROGRAM) as terminal:
        terminal.until("> Label", f"0 of {N}")
        terminal.until_printed(re.escape(FENCE))
        terminal.keys("1")
        found = terminal.until_match(rf"asking the terminal|\b1 of {N}")
        done = 0 if "asking" in found[0] else 1
        terminal.keys(b"".join(WHOLE.values()) + DA1)
        terminal.until_printed(SIXEL)
        label(terminal, 2, 3, done=done)
        assert said(terminal) == [("class", value) for value in (*[1] * done, 2, 3)]


@pytest.mark.parametrize("name", ["1 MB", "an answer without end", "a size of 5,000 digits"])
def test_doctor_and_show_end_and_leave_nothing_to_the_shell(name: str, tmp_path: Path) -> None:
    Image.new("L", (9, 9), 90).save(tmp_path / "grey.png")
    garbage = {**WHOLE, **CUT, **NOISE, "an answer without end": b"\x1b[?1" + b";2" * 200_000}[name]
    doctor = f"{SCANFLOW} doctor --engine process --sessions {tmp_path}"
    shell = f"{doctor} && {SCANFLOW} show {tmp_path}/grey.png && echo over && read -t 1 line"
    with Terminal(["/bin/bash", "-c", f'{shell}; echo left: "$line"']) as terminal:
        terminal.until_printed(re.escape(FENCE))
        terminal.keys(garbage)
        terminal.until("Pictures are shown as half")
        terminal.until_printed_again(re.escape(FENCE), 1)
        terminal.keys(garbage + b"\r")
        terminal.until("grey.png", "over")
        terminal.until_match(r"^left: *$")
        assert terminal.ended() == 0


def test_what_is_pasted_without_a_mark_labels_nothing() -> None:
    with Terminal(PROGRAM) as terminal:
        answered(terminal, b"")
        label(terminal, 1)
        terminal.keys("3" * 3000)
        terminal.until("pasted text is never a command")
        assert said(terminal) == [("class", 1)]
