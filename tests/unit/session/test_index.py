"""The index beside a session file."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanflow_tui.session import index
from scanflow_tui.session.places import SessionFolder

ENTRY = index.Entry("s", "01AR", "mnist", 12, "f" * 64, 5, "needs_you", "run 1", 1, 2, 3, 4, 1, 9)


def folder(tmp_path: Path, name: str = "s") -> SessionFolder:
    made = SessionFolder(tmp_path / name)
    made.path.mkdir(parents=True)
    made.database.touch()
    return made


def test_an_entry_comes_back(tmp_path: Path) -> None:
    made = folder(tmp_path)
    index.write(made, ENTRY)
    assert index.read(made) == ENTRY
    assert sorted(path.name for path in made.path.iterdir()) == ["index.json", "session.duckdb"]


def test_the_name_is_the_folders_whatever_the_index_says(tmp_path: Path) -> None:
    made = folder(tmp_path, "moved")
    index.write(made, ENTRY)
    assert index.read(made).name == "moved"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"seq": "x"}', '{"needs": true}', "x" * 70_000])
def test_a_broken_index_is_listed_as_damaged(tmp_path: Path, text: str) -> None:
    made = folder(tmp_path)
    made.index.write_text(text)
    assert "damaged" in index.read(made).damaged


def test_an_index_of_a_newer_version_is_read_as_far_as_known(tmp_path: Path) -> None:
    made = folder(tmp_path)
    made.index.write_text('{"seq": 4, "colour": "blue"}')
    assert index.read(made).seq == 4


def test_every_session_of_a_root_is_listed_by_name(tmp_path: Path) -> None:
    index.write(folder(tmp_path, "b"), ENTRY)
    folder(tmp_path, "a")
    (tmp_path / "store").mkdir()
    (tmp_path / "no-session").mkdir()
    assert [(entry.name, bool(entry.damaged)) for entry in index.entries(tmp_path)] == [
        ("a", True),
        ("b", False),
    ]


def test_a_root_that_is_not_there_has_no_sessions(tmp_path: Path) -> None:
    assert index.entries(tmp_path / "none") == []
