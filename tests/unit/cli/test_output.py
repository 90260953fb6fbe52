"""What leaves the program: nothing that a terminal obeys."""

from __future__ import annotations

import json

import pytest

from scanflow_tui.cli import output

NASTY = "\x1b[31mred\x07\x9b2J\u202eback"


@pytest.mark.parametrize("text", ["plain", "übung ✔", "a\nb"])
def test_good_text_stays_as_it_is(text: str) -> None:
    assert output.safe(text) == text


def test_controls_are_shown() -> None:
    assert output.safe(NASTY) == "\\x1b[31mred\\x07\\x9b2J\\u202eback"


def test_a_name_that_is_no_utf8_is_shown() -> None:
    assert output.safe("\udcff") == "\\xff"


def test_json_says_the_same_without_a_control(capsys: pytest.CaptureFixture[str]) -> None:
    output.write_json({"text": NASTY})
    said = capsys.readouterr().out
    assert json.loads(said) == {"text": NASTY}
    assert not set(said) & {"\x1b", "\x07", "\x9b", "\u202e"}


def test_a_cell_stays_on_its_row(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(("a", "b"), [("one\ntwo", "\x1b[2J")])
    assert capsys.readouterr().out == "a        b\none two  \\x1b[2J\n"
