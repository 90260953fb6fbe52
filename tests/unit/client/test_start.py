"""Making sessions and the words of a supervisor that does not come up. No process is started."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path
from typing import ClassVar

import pytest

from scanflow_tui.client import starting
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


class Unborn:
    """A supervisor that makes no session: another one has the lock, or it lacks something."""

    is_busy: ClassVar[bool] = True

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        (folder / "lock").touch()
        (folder / starting.LOG_NAME).touch()

    def wait(self) -> bool:
        if self.is_busy:
            return False
        raise Missing("there is no engine")


@pytest.mark.parametrize("is_busy", [True, False])
def test_what_another_supervisor_holds_is_not_taken_away(
    tmp_path: Path, pipeline: Path, monkeypatch: pytest.MonkeyPatch, is_busy: bool
) -> None:
    monkeypatch.setattr(starting, "Starting", Unborn)
    monkeypatch.setattr(Unborn, "is_busy", is_busy)
    making = starting.begin_session(tmp_path, "one", pipeline)
    with open(tmp_path / "one" / "lock") as lock, pytest.raises(ScanflowError):
        fcntl.flock(lock, fcntl.LOCK_EX)
        making.finish()
    left = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert left == ["lock", starting.LOG_NAME]


def test_what_nobody_holds_and_never_was_a_session_is_taken_away(
    tmp_path: Path, pipeline: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starting, "Starting", Unborn)
    monkeypatch.setattr(Unborn, "is_busy", False)
    with pytest.raises(Missing):
        create_session(tmp_path, "one", pipeline)
    assert not (tmp_path / "one").exists()


class Begun:
    """A supervisor that comes up at once; ``made`` are all that were started."""

    made: ClassVar[list[tuple[str, ...]]] = []

    def __init__(self, folder: Path, *options: str) -> None:
        self.made.append((folder.name, *options))

    def wait(self) -> bool:
        return True


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(starting, "Starting", Begun)
    monkeypatch.setattr(starting, "_begun", {})
    monkeypatch.setattr(Begun, "made", [])
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / starting.DATABASE_NAME).touch()
    return tmp_path / "one"


def test_a_supervisor_that_was_begun_is_waited_for_and_not_started_again(session: Path) -> None:
    starting.begin(session)
    assert starting.launch(session) and Begun.made == [("one",)]
    assert starting.launch(session) and Begun.made == [("one",), ("one",)]


def test_none_is_begun_where_one_seems_to_live_or_no_session_is(
    session: Path, tmp_path: Path
) -> None:
    (session / starting.SOCKET_NAME).touch()
    starting.begin(session)
    starting.begin(tmp_path / "two")
    assert Begun.made == []


def test_a_launch_with_options_takes_none_that_was_begun_without(session: Path) -> None:
    starting.begin(session)
    assert starting.launch(session, "--idle-s", "1")
    assert Begun.made == [("one",), ("one", "--idle-s", "1")]


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
