"""Verifying a session file, and taking it out and in as JSON lines."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from scanflow_tui.contract.errors import DamagedSession, InputError
from scanflow_tui.session import chain, contents, export, store
from scanflow_tui.session import events as ev
from scanflow_tui.session.verify import verify_store
from tests.unit.session.making import ULID, numbered, opened, session_file, stored


def altered(tmp_path: Path, sql: str) -> Path:
    """A session file, changed behind our back."""
    path = session_file(tmp_path)
    with duckdb.connect(str(path)) as con:
        con.execute(sql)
    return path


def test_a_whole_session_holds(tmp_path: Path) -> None:
    with store.open_reader(session_file(tmp_path)) as read:
        report = verify_store(read)
    assert report.holds and report.kinds == {"LabelGiven": 3, "SessionOpened": 1}


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE event SET body = replace(decode(body), 's1', 's9')::BLOB WHERE seq = 2",
        "UPDATE event SET hash = repeat('0', 64) WHERE seq = 2",
        "UPDATE event SET actor = 'human:u0' WHERE seq = 2",
        "UPDATE event SET kind = 'NoteWritten' WHERE seq = 2",
        'UPDATE event SET "at" = 1 WHERE seq = 2',
        "DELETE FROM event WHERE seq = 2",
        "UPDATE event SET seq = 4611686018427387904 WHERE seq = 2",
    ],
)
def test_one_value_changed_by_sql_names_the_event(tmp_path: Path, sql: str) -> None:
    with store.open_reader(altered(tmp_path, sql)) as read:
        report = verify_store(read)
    assert not report.holds
    assert report.verdict.sentence().startswith("event 2 ")


def test_an_event_put_before_the_first_is_seen(tmp_path: Path) -> None:
    sql = 'INSERT INTO event SELECT -1, "at", kind, actor, body, hash FROM event WHERE seq = 2'
    with store.open_reader(altered(tmp_path, sql)) as read:
        assert not verify_store(read).holds


def test_a_cut_tail_is_seen_with_a_head_alone(tmp_path: Path) -> None:
    head = chain.Head(3, stored(3)[3].hash)
    with store.open_reader(altered(tmp_path, "DELETE FROM event WHERE seq = 3")) as read:
        assert verify_store(read).holds
        report = verify_store(read, head)
    assert not report.holds
    assert "no longer reaches event 3" in report.sentences()[0]


def test_changed_content_is_named(tmp_path: Path) -> None:
    why = contents.text_content("because", bytes(16))
    path = tmp_path / "s.duckdb"
    store.create(path, stored(1), [why]).close()
    with duckdb.connect(str(path)) as con:
        con.execute("UPDATE content SET bytes = 'other'::BLOB")
    with store.open_reader(path) as read:
        report = verify_store(read)
    assert report.altered == (why.digest,) and not report.holds


def test_a_head_that_left_the_file_is_compared_with_the_chain(tmp_path: Path) -> None:
    first = chain.rows(numbered(opened()), chain.first(ULID))
    for told, agrees in ((first[0].hash, True), ("0" * 64, False)):
        issued = numbered(ev.HeadIssued(0, told, "receipt"), first=1)
        path = tmp_path / f"{agrees}.duckdb"
        with store.create(path, first + chain.rows(issued, first[0].hash)) as made:
            report = verify_store(made)
        assert report.holds is agrees and report.heads[0].agrees is agrees


def test_an_export_comes_back_byte_for_byte(tmp_path: Path) -> None:
    with store.open_reader(session_file(tmp_path)) as read:
        lines = list(export.lines(read.all()))
    with export.import_lines(lines, tmp_path / "again.duckdb") as again:
        assert list(export.lines(again.all())) == lines


def test_an_altered_export_is_not_taken_in(tmp_path: Path) -> None:
    lines = list(export.lines(stored(3)))
    lines[2] = lines[2].replace(b"s1", b"s2")
    with pytest.raises(DamagedSession, match="event 2 was changed"):
        export.import_lines(lines, tmp_path / "again.duckdb")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "line", [b"", b"x", b"[]", b"{}", b'{"body": 3, "hash": ""}', b'{"body": "{}", "hash": ""}']
)
def test_a_line_that_is_no_event_is_named(line: bytes) -> None:
    with pytest.raises(InputError, match="line 2"):
        list(export.parse([*export.lines(stored(0)), line]))
