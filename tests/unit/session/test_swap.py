"""A new file takes the old one's name; every moment at which a kill may come."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import duckdb
import pytest

from scanflow_tui.session import chain, contents, store, swap, views
from scanflow_tui.session.chain import Row
from scanflow_tui.session.copy import open_copy
from scanflow_tui.session.places import SessionFolder
from scanflow_tui.session.verify import verify_store
from tests.unit.session.making import more, stored


def interrupted(folder: Path, *, renamed: bool) -> list[Row]:
    """A session whose change was interrupted before or after the draft took its name."""
    path = folder / "session.duckdb"
    rows = stored(3)
    with store.create(path, rows) as opened:
        added = more(rows[-1])
        opened.append(added)
        shutil.copyfile(path, folder / "old")
        shutil.copyfile(swap.wal_of(path), folder / "old.wal")
    shutil.move(path, path if renamed else swap.draft_of(path))
    if not renamed:
        shutil.move(folder / "old", path)
    shutil.move(folder / "old.wal", swap.aside_of(path))
    return rows + added


@pytest.mark.parametrize("renamed", [False, True])
@pytest.mark.parametrize("opening", [store.open_writer, store.open_reader])
def test_an_interrupted_change_is_finished_by_who_opens(
    tmp_path: Path, renamed: bool, opening: object
) -> None:
    rows = interrupted(tmp_path, renamed=renamed)
    with opening(tmp_path / "session.duckdb") as opened:  # type: ignore[operator]
        assert list(opened.all()) == rows
    assert not swap.aside_of(tmp_path / "session.duckdb").exists()


@pytest.mark.parametrize("renamed", [False, True])
def test_a_copy_of_an_interrupted_change_is_whole_and_changes_nothing(
    tmp_path: Path, renamed: bool
) -> None:
    rows = interrupted(tmp_path, renamed=renamed)
    before = sorted(path.name for path in tmp_path.iterdir())
    with open_copy(SessionFolder(tmp_path)) as copied:
        assert list(copied.all()) == rows
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "lock") == before


def test_a_draft_that_is_not_whole_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "session.duckdb"
    rows = stored(3)
    store.create(path, rows).close()
    swap.draft_of(path).write_bytes(b"half")
    with store.open_writer(path) as opened:
        opened.append(more(rows[-1]))
        opened.checkpoint()
        assert verify_store(opened).verdict.n == 7
    assert list(tmp_path.iterdir()) == [path]


def test_commits_leave_the_database_file_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "session.duckdb"
    rows = stored(3)
    with store.create(path, rows) as opened:
        before = path.stat()
        for number in range(20):
            rows = more(rows[-1], 1000)
            text = f"{number}{hashlib.sha256(bytes([number])).hexdigest()}" * 1000
            opened.append(rows, [contents.text_content(text, bytes(16))])
        after = path.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_checkpoint_leaves_one_file_with_its_views(tmp_path: Path) -> None:
    path = tmp_path / "session.duckdb"
    rows = stored(3)
    with store.create(path, rows) as opened:
        added = more(rows[-1])
        opened.append(added)
        opened.checkpoint()
        assert list(tmp_path.iterdir()) == [path]
        assert chain.check(opened.all(), None).n == 7
    with duckdb.connect(str(path), read_only=True) as con:
        assert [con.execute(f"SELECT count(*) FROM {view}").fetchone() for view in views.NAMES]
