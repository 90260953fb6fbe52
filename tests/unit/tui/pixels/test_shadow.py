"""The shadow: only what changed is written, and every picture knows which of its cells show."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scanflow_tui.tui.pixels.shadow import PRIVATE_FIRST, Piece, Shadow, Spot
from scanflow_tui.tui.pixels.writing import written

WIDE = 4


def piece_of(text: str) -> Piece | None:
    """Pictures of 4 by 3 cells."""
    picture, place = divmod(ord(text[0]) - PRIVATE_FIRST, WIDE * 3)
    row, column = divmod(place, WIDE)
    counts_on = all(ord(char) == ord(text[0]) + at for at, char in enumerate(text))
    return Piece(picture, column, row) if counts_on and column + len(text) <= WIDE else None


def row_of(picture: int, row: int) -> str:
    return "".join(chr(PRIVATE_FIRST + picture * WIDE * 3 + row * WIDE + x) for x in range(WIDE))


def shown(shadow: Shadow, picture: int, x: int, y: int) -> None:
    shadow.take([(x, y + row, [(row_of(picture, row), "")]) for row in range(3)], piece_of)


def test_what_stands_there_is_not_written_again() -> None:
    shadow = Shadow(10, 2)
    assert written(shadow.take([(0, 0, [("hello", "")])], piece_of).runs) == "\x1b[1;1Hhello"
    assert shadow.take([(0, 0, [("hello", "")])], piece_of).runs == []
    changes = shadow.take([(0, 0, [("hallo", "")])], piece_of)
    assert written(changes.runs) == "\x1b[1;2Ha"


def test_a_style_is_part_of_what_is_shown() -> None:
    shadow = Shadow(10, 2)
    shadow.take([(0, 0, [("ab", "")])], piece_of)
    changes = shadow.take([(0, 0, [("a", ""), ("b", "\x1b[1m")])], piece_of)
    assert written(changes.runs) == "\x1b[1;2H\x1b[1mb\x1b[0m"


def test_a_picture_is_fresh_once() -> None:
    shadow = Shadow(10, 5)
    spans = [(2, 1 + row, [(row_of(7, row), "")]) for row in range(3)]
    assert list(shadow.take(spans, piece_of).fresh) == [Spot(7, 2, 1)]
    assert not shadow.take(spans, piece_of).fresh
    assert shadow.visible(Spot(7, 2, 1), WIDE, 3) == [(0, 0, 4, 3)]


def test_text_over_a_picture_leaves_the_rest_visible() -> None:
    shadow = Shadow(10, 5)
    shown(shadow, 1, 0, 0)
    changes = shadow.take([(1, 1, [("xx", "")])], piece_of)
    assert list(changes.lost) == [Spot(1, 0, 0)] and not changes.fresh
    assert shadow.visible(Spot(1, 0, 0), WIDE, 3) == [
        (0, 0, 4, 1),
        (0, 1, 1, 2),
        (3, 1, 4, 2),
        (0, 2, 4, 3),
    ]


def test_what_comes_back_is_fresh() -> None:
    shadow = Shadow(10, 5)
    shown(shadow, 1, 0, 0)
    shadow.take([(1, 1, [("xx", "")])], piece_of)
    changes = shadow.take([(0, 1, [(row_of(1, 1), "")])], piece_of)
    assert list(changes.fresh) == [Spot(1, 0, 0)]
    assert shadow.visible(Spot(1, 0, 0), WIDE, 3) == [(0, 0, 4, 3)]


def test_one_picture_in_place_of_another() -> None:
    shadow = Shadow(10, 5)
    shown(shadow, 1, 0, 0)
    spans = [(0, row, [(row_of(2, row), "")]) for row in range(3)]
    changes = shadow.take(spans, piece_of)
    assert list(changes.fresh) == [Spot(2, 0, 0)] and list(changes.lost) == [Spot(1, 0, 0)]
    assert shadow.visible(Spot(1, 0, 0), WIDE, 3) == []


def test_half_of_a_wide_character_unsettles_the_other() -> None:
    shadow = Shadow(10, 1)
    shadow.take([(0, 0, [("漢a", "")])], piece_of)
    shadow.take([(1, 0, [("b", "")])], piece_of)
    changes = shadow.take([(0, 0, [("漢", "")])], piece_of)
    assert written(changes.runs) == "\x1b[1;1H漢"


def test_a_picture_at_the_edge_is_cut() -> None:
    shadow = Shadow(6, 2)
    shown(shadow, 1, 4, 1)
    assert shadow.visible(Spot(1, 4, 1), WIDE, 3) == [(0, 0, 2, 1)]


def test_nothing_is_known_after_forgetting() -> None:
    shadow = Shadow(5, 1)
    shadow.take([(0, 0, [("a", "")])], piece_of)
    shadow.forget(5, 1)
    assert shadow.take([(0, 0, [("a", "")])], piece_of).runs


@given(
    st.lists(
        st.tuples(
            st.integers(0, 11),
            st.integers(0, 3),
            st.text(alphabet="ab 漢" + row_of(0, 0) + row_of(1, 2), max_size=8),
            st.sampled_from(["", "\x1b[1m"]),
        ),
        max_size=12,
    )
)
def test_what_is_written_makes_the_screen(steps: list[tuple[int, int, str, str]]) -> None:
    """Writing the runs alone, a terminal shows every text cell as one that was written whole."""
    shadow, cells = Shadow(12, 4), {}
    for x, y, text, style in steps:
        changes = shadow.take([(x, y, [(text, style)])], piece_of)
        for run in changes.runs:
            at = run.x
            for char in run.chars:
                cells[at, run.y] = (char, run.style)
                at += 2 if char == "漢" else 1
    for (x, y), (char, style) in cells.items():
        if shadow.text_at(x, y):
            assert (shadow.text_at(x, y), shadow.style_at(x, y)) == (char, style)


@given(
    st.lists(
        st.tuples(
            st.integers(-3, 11),
            st.integers(0, 3),
            st.lists(st.sampled_from(["ab", "é·", "漢", row_of(0, 0), row_of(0, 0)[1:],
                                      row_of(1, 2), row_of(2, 1) + row_of(3, 1)]), max_size=3),
            st.sampled_from(["", "\x1b[1m"]),
        ),
        max_size=10,
    )
)  # fmt: skip
def test_taken_whole_or_by_character_it_comes_to_the_same(
    steps: list[tuple[int, int, list[str], str]],
) -> None:
    whole, single = Shadow(12, 4), Shadow(12, 4)
    for x, y, texts, style in steps:
        one = whole.take([(x, y, [(text, style) for text in texts])], piece_of)
        chars = [(char, style) for text in texts for char in text]
        other = single.take([(x, y, chars)], piece_of)
        assert written(one.runs) == written(other.runs)
        assert (one.fresh, one.lost, one.restyled) == (other.fresh, other.lost, other.restyled)
