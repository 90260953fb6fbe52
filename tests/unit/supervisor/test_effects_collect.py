"""Collecting what an attempt left: outputs into the store, sentences for what is wrong, twice."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scanflow_tui.contract import limits
from scanflow_tui.contract.step import StepLimits
from scanflow_tui.engine.protocol import Exited, Spec
from scanflow_tui.session import artifacts, places
from scanflow_tui.session.places import SessionFolder
from scanflow_tui.supervisor.effects_collect import collect, log_ends
from scanflow_tui.supervisor.machine.effects import CollectAttempt
from scanflow_tui.supervisor.machine.reports import Tail
from scanflow_tui.supervisor.workplace import Workplace
from tests.fakes.engine import FakeEngine

NAME = "sf-x-1-train-1"


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    folder = SessionFolder(tmp_path / "sessions" / "one")
    places.make_session(folder)
    made = Workplace("X", folder, tmp_path, FakeEngine(), tmp_path / "receipts")
    (attempt(made) / "out").mkdir(parents=True)
    made.engine.start(Spec(NAME, str(attempt(made)), str(tmp_path), ("x",), {}, StepLimits()))
    return made


def attempt(place: Workplace) -> Path:
    return place.attempt_folder(1, "train", 1)


def asked(*outputs: str, **exited: Any) -> CollectAttempt:
    facts: dict[str, Any] = {"code": 0, "signal": None, "claimed_at": 1, "ended_at": 2} | exited
    checks = "finding" in outputs
    return CollectAttempt(
        NAME, 1, "train", 1, outputs, checks, "options" in outputs, Exited(**facts)
    )


def out(place: Workplace, name: str, data: str = "data") -> Path:
    path = attempt(place) / "out" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(data)
    return path


def test_outputs_and_values_are_taken(place: Workplace) -> None:
    out(place, "model/weights")
    out(place, "reference")
    (attempt(place) / "values.json").write_text('{"acc": 0.9}')
    found = collect(place, asked("model", "reference"), Tail())
    assert (found.problem, found.values) == ("", {"acc": 0.9})
    assert found.outputs["model"].n_files == 1
    for artifact in found.outputs.values():
        assert artifacts.verify(place.objects, artifact.sha)


def test_an_output_that_is_missing_is_named(place: Workplace) -> None:
    out(place, "reference")
    found = collect(place, asked("model", "reference"), Tail())
    assert found.problem == "it wrote no output 'model'" and found.outputs == {}


def test_outputs_over_the_disk_limit_are_not_taken(place: Workplace) -> None:
    out(place, "model", "12345")
    within = replace(asked("model"), disk_bytes_max=5)
    found = collect(place, replace(within, disk_bytes_max=4), Tail())
    assert found.problem.startswith("its outputs hold 5 bytes, over the limit of 4")
    assert found.outputs == {}
    assert collect(place, within, Tail()).problem == ""


def test_an_output_that_is_a_link_is_named_and_stays(place: Workplace) -> None:
    (attempt(place) / "out" / "model").symlink_to("/etc/passwd")
    found = collect(place, asked("model"), Tail())
    assert "output 'model'" in found.problem and "link" in found.problem
    assert (attempt(place) / "out" / "model").is_symlink()


def test_what_a_failed_attempt_left_stays_aside(place: Workplace) -> None:
    half = out(place, "model")
    found = collect(place, asked("model", code=3), Tail())
    assert found.outputs == {} and half.exists()


@pytest.mark.parametrize(
    "exited", [{"hit": "time"}, {"signal": 9, "code": None}, {"doubt": "the daemon was away"}]
)
def test_no_output_counts_after_an_end_that_is_not_clean(
    place: Workplace, exited: dict[str, Any]
) -> None:
    half = out(place, "model")
    assert collect(place, asked("model", **exited), Tail()).outputs == {}
    assert half.exists()


def test_collecting_again_after_a_crash_finds_what_was_moved(place: Workplace) -> None:
    out(place, "model")
    out(place, "reference", "other")
    first = collect(place, asked("model", "reference"), Tail())
    again = collect(place, asked("model", "reference"), Tail())
    assert again.outputs == first.outputs and again.problem == ""


def test_collecting_again_after_a_crash_between_two_moves(place: Workplace) -> None:
    out(place, "model")
    out(place, "reference", "other")
    first = collect(place, asked("model", "reference"), Tail())
    out(place, "reference", "other")
    assert collect(place, asked("model", "reference"), Tail()).outputs == first.outputs


def test_a_note_that_names_what_is_not_stored_does_not_help(place: Workplace) -> None:
    note = attempt(place).parent / ".collected-1.json"
    note.write_text(json.dumps({"model": {"sha": "a" * 64, "n_bytes": 1, "n_files": 1}}))
    assert collect(place, asked("model"), Tail()).problem == "it wrote no output 'model'"


def test_evidence_that_does_not_pass_is_the_problem_and_nothing_is_moved(
    place: Workplace,
) -> None:
    path = out(place, "finding", '{"verdict": "maybe"}')
    found = collect(place, asked("finding"), Tail())
    assert "output 'finding' is no Finding" in found.problem
    assert path.exists() and found.outputs == {}


def test_the_log_is_kept_by_its_ends_and_whole_by_its_hash(place: Workplace) -> None:
    engine = place.engine
    assert isinstance(engine, FakeEngine)
    for number in range(3000):
        engine.write(NAME, "stdout", b"%06d " % number + b"x" * 60 + b"\n")
    engine.write(NAME, "stderr", b"Traceback\nValueError: bad\n")
    ends = log_ends(engine, NAME, attempt(place))
    whole = engine.world.attempts[NAME].log
    assert (ends.n_bytes, ends.n_lines) == (len(whole), whole.count(b"\n"))
    assert ends.head == whole[: limits.LOG_HEAD_BYTES]
    assert ends.tail == whole[-limits.LOG_TAIL_BYTES :]
    assert collect(place, asked(code=1), Tail()).last_error_line == "ValueError: bad"


def test_the_report_is_read_to_its_end_and_its_error_is_kept(place: Workplace) -> None:
    (attempt(place) / "report.jsonl").write_text(
        '{"metric": "loss", "value": 1}\n{"metric": "loss", "value": 2}\n'
        '{"error": {"what": "no data"}}'
    )
    found = collect(place, asked(code=2), Tail(n_metrics=1))
    assert found.error is not None and found.error.what == "no data"
    assert found.report is not None and found.report.first_metric == 1
    assert [value for _, value, *_ in found.report.metrics] == [2.0]


def test_log_and_exit_record_are_forced_to_the_disk_before_the_outcome_is_told(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = attempt(place)
    for name in ("log", "exit.json"):
        (folder / name).write_text("{}")
    forced: list[str] = []

    def fsync(handle: int) -> None:
        forced.append(str(Path(f"/proc/self/fd/{handle}").readlink()))

    monkeypatch.setattr(os, "fsync", fsync)
    collect(place, asked(), Tail())
    assert forced == [str(folder / "log"), str(folder / "exit.json"), str(folder)]


def test_a_disk_that_keeps_nothing_is_no_success(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fsync(handle: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fsync)
    found = collect(place, asked(), Tail())
    assert found.problem == "what it left cannot be kept: Input/output error"
