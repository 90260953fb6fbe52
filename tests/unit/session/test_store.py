"""The session file: what goes in comes out, and what is no session gives one sentence."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from scanflow_tui.contract.errors import DamagedSession, Missing, Refused
from scanflow_tui.session import chain, contents, store, views
from tests.unit.session.making import more, session_file, stored

SALT = bytes(range(16))


def test_events_come_back_byte_for_byte(tmp_path: Path) -> None:
    rows = stored(5)
    with store.create(tmp_path / "s.duckdb", rows) as opened:
        assert opened.read(0, 5) == rows
        assert opened.head() == chain.Head(5, rows[5].hash)


def test_what_was_appended_is_there_after_opening_again(tmp_path: Path) -> None:
    path = session_file(tmp_path)
    with store.open_writer(path) as opened:
        added = more(opened.read(3, 3)[0])
        opened.append(added)
    with store.open_reader(path) as opened:
        assert list(opened.all(4)) == added


def test_reading_goes_over_the_end_of_a_range(tmp_path: Path) -> None:
    rows = stored(store.RANGE_EVENTS + 5)
    with store.create(tmp_path / "s.duckdb", rows) as opened:
        assert list(opened.all()) == rows


def test_appending_the_same_rows_again_changes_nothing(tmp_path: Path) -> None:
    rows = stored(3)
    with store.create(tmp_path / "s.duckdb", rows) as opened:
        opened.append(rows[2:])
        opened.append(rows[2:] + more(rows[3]))
        assert [row.seq for row in opened.all()] == list(range(7))


def test_rows_that_do_not_follow_are_a_defect(tmp_path: Path) -> None:
    rows = stored(3)
    with store.create(tmp_path / "s.duckdb", rows[:2]) as opened:
        with pytest.raises(AssertionError):
            opened.append(rows[3:])
        with pytest.raises(AssertionError):
            opened.append([rows[1]._replace(hash="0" * 64)])
        opened.append(rows[2:])


def test_contents_lie_beside_the_log(tmp_path: Path) -> None:
    why = contents.text_content("the stripes are a broken scanner", SALT)
    with store.create(tmp_path / "s.duckdb", stored(1), [why]) as opened:
        found = opened.content(why.digest)
        assert found == why and found.is_sound()
        assert opened.content("0" * 64) is None


def test_erased_bytes_are_nowhere_in_the_file_and_the_chain_holds(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    gone = contents.text_content("SECRET" * 20, SALT)
    kept = contents.text_content("KEPT" * 20, SALT)
    with store.create(path, stored(3), [gone, kept]) as opened:
        opened.checkpoint()
        assert opened.erase(gone.digest)
        assert not opened.erase(gone.digest)
        assert opened.content(gone.digest) is None
        assert opened.content(kept.digest) == kept
        assert chain.check(opened.all(), None).holds
        opened.append(more(opened.read(3, 3)[0]))
    assert b"SECRETSECRET" not in path.read_bytes()
    assert list(tmp_path.iterdir()) == [path]


def test_a_session_file_is_private(tmp_path: Path) -> None:
    path = session_file(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_storage_version_is_pinned(tmp_path: Path) -> None:
    path = session_file(tmp_path)
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{path}' AS s (READ_ONLY)")
        tags = con.execute(
            "SELECT tags FROM duckdb_databases() WHERE database_name = 's'"
        ).fetchall()
    assert "v1.4" in str(tags)


def test_a_quote_in_a_path_is_a_quote(tmp_path: Path) -> None:
    folder = tmp_path / "it's"
    folder.mkdir()
    with store.open_reader(session_file(folder)) as opened:
        assert opened.head() is not None


def test_a_session_is_not_made_over_a_file(tmp_path: Path) -> None:
    path = session_file(tmp_path)
    with pytest.raises(Refused, match="there already"):
        store.create(path)


def test_a_session_that_cannot_be_made_leaves_nothing(tmp_path: Path) -> None:
    rows = stored(1)
    with pytest.raises(AssertionError):
        store.create(tmp_path / "s.duckdb", rows[1:])
    assert list(tmp_path.iterdir()) == []


def test_a_session_that_another_process_writes_is_said_to_be_in_use(tmp_path: Path) -> None:
    path = session_file(tmp_path)
    program = "import sys; from pathlib import Path; from scanflow_tui.session import store\n"
    program += (
        "with store.open_writer(Path(sys.argv[1])): print('open', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(store.__file__).parents[2],
    )
    assert holder.stdin is not None and holder.stdout is not None
    assert holder.stdout.readline() == b"open\n"
    try:
        with pytest.raises(Missing, match=f"in use by process {holder.pid}"):
            store.open_reader(path)
    finally:
        holder.stdin.close()
        holder.stdout.close()
        holder.wait()


def _sqlite(path: Path) -> None:
    con = sqlite3.connect(path)
    con.execute("CREATE TABLE event(seq)")
    con.commit()
    con.close()


def _truncated(path: Path) -> None:
    made = session_file(path.parent)
    path.write_bytes(made.read_bytes()[: made.stat().st_size // 2])


def _other_duckdb(path: Path) -> None:
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{path}' AS other (STORAGE_VERSION 'v1.4.0')")
        con.execute("CREATE TABLE other.event(seq BIGINT)")


def _flipped(path: Path) -> None:
    made = bytearray(session_file(path.parent, 500).read_bytes())
    made[3 * 4096 + 64] ^= 1
    path.write_bytes(made)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (_sqlite, "this is no session file"),
        (_truncated, "damaged"),
        (_other_duckdb, "holds no ScanFlow session"),
        (lambda path: path.touch(), "is empty"),
        (lambda path: path.write_text("hello\n" * 5000), "this is no session file"),
        (lambda path: path.mkdir(), "folder"),
        (lambda path: os.mkfifo(path), "device"),
    ],
)
@pytest.mark.parametrize("opening", [store.open_reader, store.open_writer])
def test_what_is_no_session_is_said_in_one_sentence(
    tmp_path: Path, make: object, sentence: str, opening: object
) -> None:
    path = tmp_path / "other.duckdb"
    make(path)  # type: ignore[operator]
    with pytest.raises(DamagedSession, match=sentence) as caught:
        opening(path)  # type: ignore[operator]
    assert "\n" not in caught.value.sentence()


def test_a_flipped_bit_is_found_at_the_latest_when_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "other.duckdb"
    _flipped(path)
    with pytest.raises(DamagedSession), store.open_reader(path) as opened:
        list(opened.all())


def test_a_session_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(Missing, match="no session file"):
        store.open_writer(tmp_path / "none.duckdb")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("view", views.NAMES)
def test_every_view_can_be_read_by_plain_duckdb(tmp_path: Path, view: str) -> None:
    path = session_file(tmp_path)
    with duckdb.connect(str(path), read_only=True) as con:
        rows = con.execute(f"SELECT * FROM {view}").fetchall()
    assert len(rows) == (3 if view == "labels" else 0)
