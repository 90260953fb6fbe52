"""What is read together was not always pressed together."""

from __future__ import annotations

import pytest
from textual import events

from scanflow_tui.tui.terminal.key_parser import KeyParser


def keys(*texts: str) -> list[str]:
    """The keys that these texts are, each read for itself."""
    parser = KeyParser()
    return [
        message.key
        for text in texts
        for message in parser.keys(text)
        if isinstance(message, events.Key)
    ]


@pytest.mark.parametrize(
    ("text", "pressed"),
    [
        ("\x1b1", ["escape", "1"]),
        ("O\x1b14", ["O", "escape", "1", "4"]),
        ("\x1b?", ["escape", "question_mark"]),
        ("\x1ba\x1b3", ["escape", "a", "escape", "3"]),
        ("\x1bO", ["escape", "O"]),
        ("\x1bOP", ["f1"]),
        ("\x1b[A3", ["up", "3"]),
        ("\x1b[A\x1b3", ["up", "escape", "3"]),
        ("\x1bb", ["ctrl+left"]),
        ("\x1b[13;3u", ["alt+enter"]),
    ],
)
def test_an_escape_and_what_is_behind_it_are_two_keys(text: str, pressed: list[str]) -> None:
    assert keys(text) == pressed


def test_an_escape_and_a_key_that_follows_it_soon_are_two_keys() -> None:
    assert keys("b\x1b", "9", "g0") == ["b", "escape", "9", "g", "0"]
    assert keys("\x1b", "\x1b", "x") == ["escape", "escape", "x"]


def test_a_torn_sequence_is_one_key() -> None:
    assert keys("\x1b", "[", "A") == ["up"]
    assert keys("\x1b", "[", "1;5D") == ["ctrl+left"]


def test_what_is_pasted_is_no_key() -> None:
    assert keys("\x1b[200~a3b\x1b[201~", "4") == ["4"]
