"""What is chosen for each terminal that was met, and for those that answer garbage or nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanflow_tui.images.probe import (
    QUERIES,
    Surroundings,
    cell_resized,
    choose,
    evidence_lines,
    read,
)
from scanflow_tui.images.protocol import CellSize, Choice

XTERM_PLAIN = ("\x1bP>|XTerm(379)\x1b\\", "\x1b[?2;3;0S", "\x1b[?64;1;2;6;9;15c")
XTERM_SIXEL = ("\x1bP>|XTerm(379)\x1b\\", "\x1b[?2;0;600;520S", "\x1b[?63;1;2;4;6c")
MLTERM = ("\x1b[6;19;10t", "\x1b[?1;3;0S", "\x1b[?63;1;2;3;4;7c")
FOOT = ("\x1bP>|foot(1.13.1)\x1b\\", "\x1b[6;17;8t", "\x1b[?2;0;992;748S", "\x1b[?62;4;22c")
KITTY = ("\x1bP>|kitty(0.26.5)\x1b\\", "\x1b[6;18;9t", "\x1b_Gi=31;OK\x1b\\", "\x1b[?62;c")
KONSOLE = ("\x1bP>|Konsole 23.04\x1b\\", "\x1b_Gi=31;OK\x1b\\", "\x1b[?62;1;4c")
WEZTERM = ("\x1bP>|WezTerm 2024\x1b\\", "\x1b_Gi=31;OK\x1b\\", "\x1b[?65;4;6;18;22c")
GHOSTTY = ("\x1bP>|ghostty 1.1\x1b\\", "\x1b[6;20;10t", "\x1b_Gi=31;OK\x1b\\", "\x1b[?62;22c")
ITERM = ("\x1bP>|iTerm2 3.5\x1b\\", "\x1b[?62;c")
VTE = ("\x1bP>|VTE(7600)\x1b\\", "\x1b[?61;1;21;22c")
TMUX = ("\x1bP>|tmux 3.3a\x1b\\", "\x1b[?1;2c")
TMUX_SIXEL = ("\x1bP>|tmux 3.4\x1b\\", "\x1b[?1;2;4c")


def chosen(
    replies: tuple[str, ...], columns: int = 100, rows: int = 40, **variables: str
) -> Choice:
    around = Surroundings(columns, rows, environment=variables)
    return choose(read(replies), around)


@pytest.mark.parametrize(
    ("replies", "way"),
    [
        (XTERM_PLAIN, "half"),
        (XTERM_SIXEL, "sixel"),
        (MLTERM, "sixel"),
        (FOOT, "sixel"),
        (KITTY, "kitty"),
        (KONSOLE, "sixel"),
        (WEZTERM, "kitty"),
        (GHOSTTY, "kitty"),
        (ITERM, "iterm"),
        (VTE, "half"),
        ((), "half"),
        (("\x1b[?zc", "\x00\xff"), "half"),
    ],
)
def test_each_terminal_gets_what_it_keeps(replies: tuple[str, ...], way: str) -> None:
    choice = chosen(replies)
    assert choice.way == way and choice.why


@pytest.mark.parametrize(
    ("replies", "variables", "way"),
    [
        (TMUX, {"TMUX": "/tmp/x,1,0"}, "half"),
        (TMUX_SIXEL, {"TMUX": "/tmp/x,1,0"}, "sixel"),
        (("\x1b[?1;2c",), {"STY": "1.x"}, "half"),
        (FOOT, {"NO_COLOR": "1"}, "ascii"),
        (("\x1b[?62;c",), {"LC_TERMINAL": "iTerm2"}, "iterm"),
    ],
)
def test_what_lies_between_has_its_say(
    replies: tuple[str, ...], variables: dict[str, str], way: str
) -> None:
    assert chosen(replies, **variables).way == way


def test_a_wish_wins() -> None:
    assert choose(read(VTE), Surroundings(80, 24), "sixel").way == "sixel"


@pytest.mark.parametrize(
    ("replies", "columns", "rows", "cell"),
    [
        (FOOT, 124, 44, CellSize(8, 17)),
        (XTERM_SIXEL, 100, 40, CellSize(6, 13)),
        (VTE, 80, 24, CellSize()),
        (("\x1b[6;0;0t", "\x1b[?62c"), 80, 24, CellSize()),
        (("\x1b[6;9999;9999t", "\x1b[?62c"), 80, 24, CellSize()),
    ],
)
def test_the_size_of_a_cell(
    replies: tuple[str, ...], columns: int, rows: int, cell: CellSize
) -> None:
    assert chosen(replies, columns, rows).cell == cell


def test_the_window_is_divided_where_nothing_is_answered() -> None:
    around = Surroundings(100, 40, 1000, 800)
    assert choose(read(()), around).cell == CellSize(10, 20)


@pytest.mark.parametrize(
    ("before", "now", "cell"),
    [
        # A border of 2 pixels around, as in xterm, with few rows.
        ((120, 42, 964, 634), (20, 5, 164, 79), CellSize(8, 15)),
        ((120, 42, 964, 634), (96, 30, 964, 634), CellSize(10, 21)),
        ((120, 42, 960, 630), (96, 35, 960, 630), CellSize(10, 18)),
        ((120, 42, 0, 0), (80, 24, 0, 0), CellSize(8, 15)),
        ((120, 42, 960, 630), (0, 0, 0, 0), CellSize(8, 15)),
        ((120, 42, 120, 42), (80, 24, 80, 24), CellSize(8, 15)),
        ((120, 42, 9999, 9999), (80, 24, 640, 480), CellSize(8, 15)),
    ],
)
def test_a_cell_after_the_window_or_its_font_changed(
    before: tuple[int, int, int, int], now: tuple[int, int, int, int], cell: CellSize
) -> None:
    assert cell_resized(CellSize(8, 15), Surroundings(*before), Surroundings(*now)) == cell


def test_the_fence_is_asked_for_last() -> None:
    assert QUERIES.endswith("\x1b[c") and QUERIES.count("\x1b[c") == 1


def test_doctor_is_told_why() -> None:
    lines = evidence_lines(read(FOOT), chosen(FOOT))
    assert "foot(1.13.1)" in lines[0] and "8x17" in lines[1] and "sixel" in lines[2]


@given(st.lists(st.text(alphabet="\x1b[]?;0123456789cStGP>|OK\\=i", max_size=40), max_size=6))
def test_garbage_is_passed_over(replies: list[str]) -> None:
    evidence = read(replies)
    assert evidence_lines(evidence, choose(evidence, Surroundings(0, 0)))
