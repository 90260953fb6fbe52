"""Rows wider than their pane."""

from __future__ import annotations

from rich.text import Text

from scanflow_tui.tui.present.folding import LINES_MAX, folded_row


def lines(words: str, width: int, overflow: str | None = None) -> list[str]:
    row = Text(words)
    if overflow:
        row.overflow = "ellipsis"
    return [line.plain for line in folded_row(row, width)]


def test_a_row_that_fits_is_left_alone() -> None:
    row = Text("as it is")
    assert folded_row(row, 8) == [row]


def test_a_sentence_goes_on_where_it_began() -> None:
    assert lines("   ✖ the input is bad in two ways", 20) == [
        "   ✖ the input is",
        "   bad in two ways",
    ]


def test_a_value_goes_on_in_its_column() -> None:
    assert lines(" limits    1 cpu and one hour", 24) == [
        " limits    1 cpu and one",
        "           hour",
    ]


def test_a_word_without_blanks_is_broken() -> None:
    assert lines(" " + "x" * 20, 11) == [" " + "x" * 10, " " + "x" * 10]


def test_wide_characters_count_twice() -> None:
    assert lines("漢字漢字漢字", 8) == ["漢字漢字", "漢字"]


def test_a_row_that_wants_to_be_cut_is_left_alone() -> None:
    assert lines("out a line of a log", 8, "ellipsis") == ["out a line of a log"]


def test_nobody_reads_on_for_ever() -> None:
    assert len(lines("word " * 500, 20)) == LINES_MAX


def test_styles_stay_with_their_words() -> None:
    row = Text(" name      ").append("a value of some length", "bold")
    first, second, *_ = folded_row(row, 22)
    assert [span.style for span in first.spans] == ["bold"]
    assert [second.plain[span.start : span.end] for span in second.spans] == ["some length"]
