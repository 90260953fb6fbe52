"""Session files that are damaged, altered, cut or none, and sessions that somebody holds."""

from __future__ import annotations

import fcntl
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.crash.commandline import Commandline

pytestmark = pytest.mark.slow

READERS = (["status", "toy"], ["verify", "toy"], ["export", "toy"], ["replay", "toy", "--text"])


@pytest.fixture
def scanflow(tmp_path: Path) -> Iterator[Commandline]:
    """A session that was closed well."""
    made = Commandline(tmp_path)
    assert made("run", "--engine", "process").returncode == 0
    made.end()
    yield made
    made.end()


def replaced(scanflow: Commandline, data: bytes) -> Path:
    """Put other bytes where the session's file was."""
    path = scanflow.folder / "session.duckdb"
    path.write_bytes(data)
    return path


def refused_everywhere(scanflow: Commandline, path: Path) -> None:
    """Every reader says one sentence about the file, with code 4, and leaves the file alone."""
    before = path.read_bytes()
    elsewhere = path.with_name("elsewhere.duckdb")
    elsewhere.write_bytes(before)
    replay = scanflow("replay", str(elsewhere), "--text")
    assert replay.returncode == 4 and str(elsewhere) in replay.stderr
    for arguments in (*READERS, ["run", "toy"], ["verify", str(path)]):
        done = scanflow(*arguments)
        assert done.returncode == 4, (arguments, done.stderr)
        assert str(path) in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert path.read_bytes() == before


def test_a_truncated_session_file_is_damaged(scanflow: Commandline) -> None:
    whole = (scanflow.folder / "session.duckdb").read_bytes()
    refused_everywhere(scanflow, replaced(scanflow, whole[: len(whole) // 2]))


def test_an_sqlite_file_is_no_session(scanflow: Commandline, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE event (seq INTEGER)")
    refused_everywhere(scanflow, replaced(scanflow, (tmp_path / "other.db").read_bytes()))


@pytest.mark.parametrize("data", [b"", b"no database at all\n" * 400])
def test_a_file_that_is_no_database_is_no_session(scanflow: Commandline, data: bytes) -> None:
    refused_everywhere(scanflow, replaced(scanflow, data))


def test_a_database_of_somebody_else_is_no_session(scanflow: Commandline, tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "other.duckdb")) as other:
        other.execute("CREATE TABLE t (a INTEGER)")
    refused_everywhere(scanflow, replaced(scanflow, (tmp_path / "other.duckdb").read_bytes()))


def test_an_event_altered_by_sql_is_named(scanflow: Commandline) -> None:
    path = scanflow.folder / "session.duckdb"
    with duckdb.connect(str(path)) as file:
        file.execute("UPDATE event SET actor = 'human:u4242' WHERE seq = 4")
    done = scanflow("verify", "toy")
    assert done.returncode == 4 and "✖ event 4 " in done.stdout
    told = scanflow("verify", path, "--json")
    assert told.returncode == 4 and told.json()["bad_seq"] == 4
    assert scanflow("replay", "toy", "--text").returncode == 4
    exported = scanflow("export", "toy")
    assert exported.returncode == 4 and "event 4 " in exported.stderr
    assert len(exported.stdout.splitlines()) > 4


def test_a_cut_tail_shows_against_the_head_of_a_receipt(scanflow: Commandline) -> None:
    found = scanflow("verify", "toy", "--json").json()
    head = f"{found['head'][0]}:{found['head'][1]}"
    assert scanflow("verify", "toy", "--head", head).returncode == 0
    with duckdb.connect(str(scanflow.folder / "session.duckdb")) as file:
        file.execute(f"DELETE FROM event WHERE seq = {found['head'][0]}")
    assert scanflow("verify", "toy").returncode == 0
    cut = scanflow("verify", "toy", "--head", head)
    assert cut.returncode == 4
    assert f"no longer reaches event {found['head'][0]}" in cut.stdout


def test_a_head_of_another_chain_is_refused_by_a_living_supervisor(scanflow: Commandline) -> None:
    assert scanflow("run").returncode == 0
    done = scanflow("verify", scanflow.folder / "session.duckdb", "--head", f"3:{'0' * 64}")
    assert done.returncode == 4 and "event 3" in done.stdout


def test_a_lock_that_somebody_holds_is_said(scanflow: Commandline) -> None:
    with open(scanflow.folder / "lock", "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = scanflow("status", "toy")
    assert done.returncode == 5
    assert "supervisor does not answer" in done.stderr and str(scanflow.folder) in done.stderr


def test_a_socket_left_behind_is_replaced(scanflow: Commandline) -> None:
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(scanflow.folder / "sock"))
    stale.close()
    assert scanflow("run", "toy").returncode == 0


def test_no_session_at_all_is_said(scanflow: Commandline, tmp_path: Path) -> None:
    for arguments in (["status"], ["verify"], ["export"], ["runs"], ["approve"]):
        done = scanflow(*arguments, "--sessions", tmp_path / "empty")
        assert done.returncode == 2
        assert "there is no session in" in done.stderr


def test_an_export_into_a_folder_that_is_not_there_is_said(scanflow: Commandline) -> None:
    done = scanflow("export", "toy", "-o", scanflow.tmp / "no" / "x.jsonl")
    assert done.returncode == 5 and "x.jsonl" in done.stderr
