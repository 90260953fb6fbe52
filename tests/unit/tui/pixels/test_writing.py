"""Few bytes, and the same screen: what is written is read by an emulator."""

from __future__ import annotations

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanflow_tui.tui.pixels.shadow import Shadow
from scanflow_tui.tui.pixels.writing import Run, moved, switched, written

WIDTH, HEIGHT = 12, 5
PLAIN = ""
BLUE = "\x1b[38;2;138;148;163;48;2;15;19;25m"
BOLD = "\x1b[1;38;2;140;200;255;48;2;15;19;25m"
ON_OTHER = "\x1b[38;2;138;148;163;48;2;28;36;48m"
SIXTEEN = "\x1b[3;34;103m"
STYLES = (PLAIN, BLUE, BOLD, ON_OTHER, SIXTEEN)


def no_piece(char: str) -> None:
    return None


def run(x: int, y: int, text: str, style: str = PLAIN) -> Run:
    return Run(x, y, style, list(text), x + len(text))


def cells(screen: pyte.Screen) -> list[tuple[object, ...]]:
    """Of each cell the character and what it looks like."""
    found = []
    for y in range(HEIGHT):
        for x in range(WIDTH):
            cell = screen.buffer[y][x]
            found.append((cell.data, cell.fg, cell.bg, cell.bold, cell.italics))
    return found


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(
            st.tuples(
                st.integers(0, WIDTH - 1),
                st.integers(0, HEIGHT - 1),
                st.text(alphabet="ab┃━ 漢", min_size=1, max_size=6),
                st.sampled_from(STYLES),
            ),
            max_size=6,
            unique_by=lambda span: span[1],
        ),
        max_size=8,
    )
)
def test_a_terminal_shows_what_is_told_plainly(
    frames: list[list[tuple[int, int, str, str]]],
) -> None:
    shadow, short, plain = Shadow(WIDTH, HEIGHT), *[pyte.Screen(WIDTH, HEIGHT) for _ in "12"]
    short_stream, plain_stream = pyte.Stream(short), pyte.Stream(plain)
    for frame in frames:
        fitting = []
        for x, y, text, style in frame:
            n_cells = sum(2 if char == "漢" else 1 for char in text)
            if x + n_cells <= WIDTH:
                fitting.append((x, y, text, style))
        changes = shadow.take([(x, y, [(text, style)]) for x, y, text, style in fitting], no_piece)
        short_stream.feed(written(changes.runs, WIDTH))
        for x, y, text, style in fitting:
            plain_stream.feed(f"\x1b[{y + 1};{x + 1}H{style}{text}\x1b[0m")
        places = [(x, y) for y in range(HEIGHT) for x in range(WIDTH)]
        known = [shadow.text_at(x, y) is not None for x, y in places]
        for is_known, one, other in zip(known, cells(short), cells(plain), strict=True):
            assert not is_known or one == other


@pytest.mark.parametrize(
    ("at", "to", "way"),
    [
        ((3, 3), (3, 3), ""),
        ((3, 3), (2, 4), "\b\v"),
        ((3, 3), (4, 3), "\x1b[C"),
        ((3, 3), (3, 6), "\v\v\v"),
        ((3, 3), (3, 7), "\x1b[4B"),
        ((30, 3), (3, 30), "\x1b[31;4H"),
        (None, (0, 0), "\x1b[1;1H"),
    ],
)
def test_the_shortest_way(at: tuple[int, int] | None, to: tuple[int, int], way: str) -> None:
    assert moved(at, to) == way


def test_after_the_last_column_the_cursor_is_placed_anew() -> None:
    text = written([run(WIDTH - 1, 0, "a"), run(WIDTH - 1, 1, "b")], WIDTH)
    assert text == f"\x1b[1;{WIDTH}Ha\x1b[2;{WIDTH}Hb"


def test_the_side_of_a_frame_costs_few_bytes_a_cell() -> None:
    side = [run(20, y, "┃", BOLD) for y in range(10)]
    assert len(written(side, 40).encode()) <= len(BOLD) + 10 * 7 + 10


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (BLUE, ON_OTHER, "\x1b[48;2;28;36;48m"),
        (BLUE, BOLD, "\x1b[1;38;2;140;200;255m"),
        (BOLD, BLUE, "\x1b[22;38;2;138;148;163m"),
        (BLUE, PLAIN, "\x1b[0m"),
        (PLAIN, BLUE, BLUE),
        (BLUE, "\x1b[1;32m", "\x1b[0;1;32m"),
        ("\x1b[1;2;32m", "\x1b[1;33;40m", "\x1b[0;1;33;40m"),
        ("\x1b[3;32;41m", "\x1b[32m", "\x1b[0;32m"),
        ("\x1b[21;32m", "\x1b[32m", "\x1b[0;32m"),
    ],
)
def test_of_a_style_what_differs(old: str, new: str, told: str) -> None:
    assert switched(old, new) == told
