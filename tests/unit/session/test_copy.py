"""Reading a session through a copy of its own."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scanflow_tui.contract.errors import DamagedSession, Missing, Refused
from scanflow_tui.session import store
from scanflow_tui.session.copy import open_copy
from scanflow_tui.session.places import SessionFolder
from tests.unit.session.making import session_file

ROOT = Path(store.__file__).parents[2]


def test_a_copy_holds_the_session_and_goes_when_closed(tmp_path: Path) -> None:
    session_file(tmp_path)
    with open_copy(SessionFolder(tmp_path)) as copied:
        assert len(list(copied.all())) == 4
        path = copied.path
    assert not path.parent.exists()


def test_a_copy_leaves_the_session_free_for_its_writer(tmp_path: Path) -> None:
    path = session_file(tmp_path)
    with open_copy(SessionFolder(tmp_path)), store.open_writer(path) as writer:
        assert writer.head() is not None


def test_a_copy_holds_what_lies_in_the_log_of_a_killed_writer(tmp_path: Path) -> None:
    path = session_file(tmp_path)
    program = """
import os, sys
from pathlib import Path
from scanflow_tui.session import store
from tests.unit.session.making import more
opened = store.open_writer(Path(sys.argv[1]))
opened.append(more(opened.read(3, 3)[0], 5))
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", program, str(path)], cwd=ROOT)
    with open_copy(SessionFolder(tmp_path)) as copied:
        assert [row.seq for row in copied.all()] == list(range(9))


def test_a_session_that_a_supervisor_holds_is_refused(tmp_path: Path) -> None:
    session_file(tmp_path)
    held = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(held, fcntl.LOCK_EX)
    try:
        with pytest.raises(Refused, match="supervisor"):
            open_copy(SessionFolder(tmp_path))
    finally:
        os.close(held)


def test_a_session_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(Missing):
        open_copy(SessionFolder(tmp_path))


def test_a_copy_of_garbage_is_told_and_removed(tmp_path: Path) -> None:
    (tmp_path / "session.duckdb").write_text("hello\n" * 3000)
    with pytest.raises(DamagedSession):
        open_copy(SessionFolder(tmp_path))
