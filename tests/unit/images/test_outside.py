"""What tmux says of the terminal it is in, and what is made of it: the honest choice, and why."""

from __future__ import annotations

import pytest

from scanflow_tui.images.outside import FORMAT, Outside, outside
from scanflow_tui.images.probe import Surroundings, choose, evidence_lines, read

TMUX = ("\x1bP>|tmux 3.3a\x1b\\", "\x1b[?1;2c")
TMUX_SIXEL = ("\x1bP>|tmux 3.5a\x1b\\", "\x1b[?1;2;4c")
XTERM = Outside("3.3a", "XTerm(379)", "xterm-256color", ("256", "bpaste", "mouse"))
XTERM_SIXEL = XTERM._replace(tmux="3.5a", features=("256", "sixel"))
KITTY_OLD = Outside("3.3a", "kitty(0.26.5)", "xterm-kitty", ("RGB",), passes=True)
KITTY = Outside("3.5a", "kitty(0.41.1)", "xterm-kitty", ("RGB",), passes=True)
KITTY_SHUT = KITTY._replace(passes=False)
SILENT = Outside("3.3a", "", "linux")


def around(lies: Outside | None, **variables: str) -> Surroundings:
    return Surroundings(100, 40, environment={"TMUX": "/tmp/x,1,0"} | variables, outside=lies)


def said(replies: tuple[str, ...], lies: Outside | None, **variables: str) -> str:
    here = around(lies, **variables)
    evidence = read(replies)
    return "\n".join(evidence_lines(evidence, choose(evidence, here), here))


def test_what_tmux_answers_is_read_as_it_was_asked() -> None:
    assert FORMAT.count("|") == 5
    told = "3.5a|xterm-kitty|RGB,title|on|2|kitty(0.41.1)\n"
    assert outside(told) == Outside(
        "3.5a", "kitty(0.41.1)", "xterm-kitty", ("RGB", "title"), passes=True, n_clients=2
    )
    assert outside("3.3a|xterm|256|1|1|a|b\n") == Outside(
        "3.3a", "a|b", "xterm", ("256",), passes=True, n_clients=1
    )
    assert outside("3.3a||||0|0|") is not None
    for garbage in ("", "no server running\n", "a|b", "\0"):
        assert outside(garbage) is None


@pytest.mark.parametrize(
    ("replies", "lies", "way", "why"),
    [
        (TMUX, XTERM, "half", "beside text"),
        (TMUX, None, "half", "beside text"),
        # It takes a picture away where text is written on its lines.
        (TMUX_SIXEL, None, "half", "beside text"),
        (TMUX_SIXEL, XTERM_SIXEL, "half", "beside text"),
        (TMUX, KITTY, "placeholders", "kitty(0.41.1)"),
        (TMUX_SIXEL, KITTY, "placeholders", "kitty(0.41.1)"),
        (TMUX, KITTY_SHUT, "half", "beside text"),
        (TMUX, KITTY_OLD, "half", "beside text"),
        ((), SILENT, "half", "beside text"),
    ],
)
def test_inside_of_tmux_the_choice_is_honest(
    replies: tuple[str, ...], lies: Outside | None, way: str, why: str
) -> None:
    choice = choose(read(replies), around(lies))
    assert choice.way == way and why in choice.why


def test_kitty_s_way_that_is_asked_for_goes_past_tmux() -> None:
    assert choose(read(TMUX), around(XTERM), "kitty").way == "placeholders"
    assert choose(read(TMUX), Surroundings(100, 40), "kitty").way == "kitty"


@pytest.mark.parametrize(
    ("lies", "words"),
    [
        (XTERM, ("tmux 3.3a, which does not pass on", "XTerm(379) xterm-256color",
                 "come outside of tmux, where a terminal has them")),
        (XTERM_SIXEL, ("where this terminal has them",)),
        (KITTY_OLD, ("This kitty (0.26)", "from 0.28 on", "which passes on what")),
        (KITTY_SHUT, ("`tmux set -g allow-passthrough on`",)),
        (KITTY, ("shown as placeholders",)),
        (KITTY._replace(n_clients=2), ("2 terminals show this tmux session",)),
        (SILENT, ("outside of it: linux",)),
        (None, ("cannot be asked",)),
    ],
)  # fmt: skip
def test_doctor_says_what_is_outside_and_what_would_bring_pictures(
    lies: Outside | None, words: tuple[str, ...]
) -> None:
    text = said(TMUX, lies)
    assert all(word in text for word in words), text


def test_where_pictures_come_there_is_no_advice() -> None:
    assert len(said(TMUX, KITTY).splitlines()) == 4


def test_doctor_knows_screen_and_a_tmux_that_is_elsewhere() -> None:
    text = said(("\x1b[?1;2c",), None, TMUX="", STY="1.x")
    assert "GNU screen" in text and "as half" in text
    assert "on another machine" in said(TMUX, None, TMUX="")
    assert "as half" in said(TMUX_SIXEL, None, TMUX="")
