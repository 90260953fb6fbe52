from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from scanflow_tui.engine import attempt
from scanflow_tui.engine.protocol import Exited

RECORD = {"code": 3, "signal": None, "claimed_at": 5, "ended_at": 9}


def test_an_exit_record_comes_back_as_written(tmp_path: Path) -> None:
    exited = Exited(None, 9, 5, 9, "log", True, 1.5, 4096, "", "", "the log ends early")
    attempt.write_exit(tmp_path, exited)
    assert attempt.read_exit(tmp_path) == exited


def test_an_older_record_with_fewer_facts_is_read(tmp_path: Path) -> None:
    (tmp_path / attempt.EXIT).write_text(json.dumps(RECORD))
    assert attempt.read_exit(tmp_path) == Exited(3, None, 5, 9)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"code": "x"}', '"a"', "\x00" * 40])
def test_nonsense_is_no_exit_record(tmp_path: Path, text: str) -> None:
    (tmp_path / attempt.EXIT).write_text(text)
    assert attempt.read_exit(tmp_path) is None


def test_a_link_in_the_place_of_a_record_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text(json.dumps(RECORD))
    (tmp_path / attempt.EXIT).symlink_to(tmp_path / "elsewhere")
    assert attempt.read_exit(tmp_path) is None


def test_a_pipe_in_the_place_of_the_log_blocks_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / attempt.LOG)
    assert attempt.read_log(tmp_path, 0, 100).data == b""


def test_a_record_of_any_size_is_not_read(tmp_path: Path) -> None:
    big = json.dumps(RECORD) + " " * attempt.RECORD_BYTES_MAX
    (tmp_path / attempt.EXIT).write_text(big)
    assert attempt.read_exit(tmp_path) is None


def test_the_first_cancel_counts(tmp_path: Path) -> None:
    attempt.write_cancel(tmp_path, asked_at=1, grace_s=2.0)
    attempt.write_cancel(tmp_path, asked_at=9, grace_s=0.0)
    assert attempt.read_cancel(tmp_path) == (1, 2.0)


def test_a_claim_without_text_is_a_claim(tmp_path: Path) -> None:
    (tmp_path / attempt.CLAIM).touch()
    assert attempt.has_claim(tmp_path)
    assert attempt.read_claim(tmp_path) is None


def test_files_are_private_and_leave_no_parts(tmp_path: Path) -> None:
    attempt.write(tmp_path / attempt.SPEC, b"{}")
    assert [path.name for path in tmp_path.iterdir()] == [attempt.SPEC]
    assert (tmp_path / attempt.SPEC).stat().st_mode & 0o777 == 0o600
