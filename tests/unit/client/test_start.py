"""Making sessions and the words of a supervisor that does not come up. No process is started."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scanflow_tui.client.starting import _told, create_session
from scanflow_tui.contract import commands, wire
from scanflow_tui.contract.commands import Command
from scanflow_tui.contract.errors import InputError, Missing, Refused, ScanflowError


@pytest.fixture
def pipeline(tmp_path: Path) -> Path:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "pipeline.yaml").write_text("scanflow: 1\n")
    return tmp_path / "p"


@pytest.mark.parametrize("name", ["", "UPPER", "../x", "a/b", ".hidden", "x" * 65])
def test_a_name_that_no_session_may_have_is_refused(
    tmp_path: Path, pipeline: Path, name: str
) -> None:
    with pytest.raises(InputError, match="no session name"):
        create_session(tmp_path / "sessions", name, pipeline)
    assert not (tmp_path / "sessions").exists()


def test_a_folder_without_pipeline_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no pipeline\.yaml"):
        create_session(tmp_path / "sessions", "one", tmp_path)


def test_a_folder_of_sessions_that_cannot_be_made_is_said(tmp_path: Path, pipeline: Path) -> None:
    (tmp_path / "sessions").write_text("a file")
    with pytest.raises(Missing, match=r"cannot be made.*--sessions DIR"):
        create_session(tmp_path / "sessions", "one", pipeline)


def test_a_session_that_exists_is_not_made_again(tmp_path: Path, pipeline: Path) -> None:
    (tmp_path / "sessions" / "one").mkdir(parents=True)
    (tmp_path / "sessions" / "one" / "session.duckdb").touch()
    with pytest.raises(Refused, match="exists already"):
        create_session(tmp_path / "sessions", "one", pipeline)


def test_a_supervisors_own_sentence_is_what_is_raised(tmp_path: Path) -> None:
    said = json.dumps(wire.error_json(Missing("no engine", hint="install one"))).encode()
    error = _told(b"some warning\n" + said + b"\n", tmp_path, 5)
    assert isinstance(error, Missing) and error.sentence() == "no engine; install one"


@pytest.mark.parametrize("said", [b"", b"Segmentation fault\n", b"[]\n", b"{\n"])
def test_a_supervisor_without_a_sentence_names_its_log(tmp_path: Path, said: bytes) -> None:
    error = _told(said, tmp_path, -11)
    assert isinstance(error, ScanflowError) and "supervisor.log" in error.hint


@pytest.mark.parametrize(
    "command",
    [
        commands.AddBatch("/batch", "name"),
        commands.StartRun("b0001"),
        commands.GiveLabel(1, "label", "s1", "class", 3, ms=20),
        commands.Approve(1, "approve", 2, "because"),
        commands.Leave(),
    ],
)
def test_a_command_travels_and_comes_back_equal(command: Command) -> None:
    assert commands.from_json(json.loads(json.dumps(commands.to_json(command)))) == command
