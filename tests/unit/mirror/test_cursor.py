"""The side file that says how far a session was mirrored."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanflow_tui.mirror import cursor
from scanflow_tui.mirror.cursor import Cursor


def test_a_cursor_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "demo.json"
    cursor.write(path, Cursor("01J", 5, "ab"))
    assert cursor.read(path) == Cursor("01J", 5, "ab")
    assert [item.name for item in tmp_path.iterdir()] == ["demo.json"]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"session":1,"seq":1,"head":""}', '{"session":"","seq":true,"head":""}'],
)
def test_a_broken_cursor_stands_before_every_event(tmp_path: Path, text: str) -> None:
    path = tmp_path / "demo.json"
    path.write_text(text)
    assert cursor.read(path) == Cursor()
