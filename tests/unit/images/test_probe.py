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
        (TMUX_SIXEL, {"TMUX": "/tmp/x,1,0"}, "half"),
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
    ("told", "window", "cell"),
    [
        # xterm tells its largest picture where a side of the window is longer than that.
        ((1000, 798), (1174, 802), CellSize(9, 19)),
        ((1000, 1000), (1174, 1200), CellSize(9, 28)),
        ((1000, 798), (1000, 798), CellSize(7, 19)),
        ((10_000, 10_000), (1170, 798), CellSize(9, 19)),
        ((1000, 798), (0, 0), CellSize(7, 19)),
    ],
)
def test_a_limit_of_pictures_is_not_the_size_of_the_text(
    told: tuple[int, int], window: tuple[int, int], cell: CellSize
) -> None:
    replies = ("\x1bP>|XTerm(379)\x1b\\", f"\x1b[?2;0;{told[0]};{told[1]}S", "\x1b[?63;1;4c")
    assert choose(read(replies), Surroundings(130, 42, *window)).cell == cell


def test_xterm_cuts_large_pictures_off_unless_it_says_otherwise() -> None:
    larger = (XTERM_SIXEL[0], "\x1b[?2;0;1600;1200S", XTERM_SIXEL[2])
    assert chosen(XTERM_SIXEL).side_px_max == 1000
    assert chosen(larger).side_px_max == 0 == chosen(FOOT).side_px_max
    assert choose(read(XTERM_SIXEL), Surroundings(80, 24), "sixel").side_px_max == 1000


@pytest.mark.parametrize(
    ("now", "cell"),
    [
        # What xterm says after its window was made another size, and after other fonts.
        ((20, 5, 164, 79), CellSize(8, 15)),
        ((119, 41, 964, 634), CellSize(8, 15)),
        ((120, 42, 1560, 1134), CellSize(13, 27)),
        ((83, 26, 1084, 718), CellSize(13, 27)),
        ((96, 35, 960, 630), CellSize(10, 18)),
        ((80, 24, 0, 0), CellSize(8, 15)),
        ((0, 0, 960, 630), CellSize(8, 15)),
        ((80, 24, 80, 24), CellSize(8, 15)),
    ],
)
def test_a_cell_after_the_window_or_its_font_changed(
    now: tuple[int, int, int, int], cell: CellSize
) -> None:
    assert cell_resized(CellSize(8, 15), Surroundings(*now)) == cell


def test_the_fence_is_asked_for_last() -> None:
    assert QUERIES.endswith("\x1b[c") and QUERIES.count("\x1b[c") == 1


def test_doctor_is_told_why() -> None:
    lines = evidence_lines(read(FOOT), chosen(FOOT))
    assert "foot(1.13.1)" in lines[0] and "8x17" in lines[1] and "sixel" in lines[2]


@given(st.lists(st.text(alphabet="\x1b[]?;0123456789cStGP>|OK\\=i", max_size=40), max_size=6))
def test_garbage_is_passed_over(replies: list[str]) -> None:
    evidence = read(replies)
    assert evidence_lines(evidence, choose(evidence, Surroundings(0, 0)))


def test_numbers_and_names_without_end_are_nothing() -> None:
    digits = "9" * 5000
    evidence = read((f"\x1b[6;{digits};10t", f"\x1b[?2;0;{digits};1S", f"\x1b[?{'1;' * 5000}c"))
    assert (evidence.cell, evidence.area, evidence.fence) == (None, None, True)
    named = read((f"\x1bP>|a\r\n\x9b31m{digits}\x1b\\",))
    assert named.version.startswith("a31m9") and len(named.version) < 100
    assert all(len(line) < 200 for line in evidence_lines(evidence, chosen(XTERM_PLAIN)))
