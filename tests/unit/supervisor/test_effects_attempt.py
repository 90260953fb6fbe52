"""Starting attempts: step.json with real paths, a built environment, and twice is as once."""

from __future__ import annotations

from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import pytest

from scanflow_tui.contract import ids
from scanflow_tui.contract.step import StepFile, StepLimits
from scanflow_tui.engine.protocol import Accepted, Capacity, StartRefused, StartUnknown
from scanflow_tui.session import artifacts, places
from scanflow_tui.session.places import SessionFolder
from scanflow_tui.supervisor import effects_attempt
from scanflow_tui.supervisor.machine.effects import CancelAttempt, StartAttempt
from scanflow_tui.supervisor.slots import Slots
from scanflow_tui.supervisor.workplace import Workplace
from tests.fakes.engine import FakeEngine

NAME = ids.attempt_name("01ARZ3NDEKTSV4RRFFQ69G5FAV", 1, "train_it", 2)
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def place(tmp_path: Path, engine: FakeEngine) -> Workplace:
    folder = SessionFolder(tmp_path / "sessions" / "one")
    places.make_session(folder)
    return Workplace("X", folder, tmp_path, engine, tmp_path / "receipts")


@pytest.fixture
def asked(place: Workplace, tmp_path: Path) -> StartAttempt:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "step.sh").write_text("true\n")
    (tmp_path / "data").write_text("data")
    code = artifacts.ingest(tmp_path / "code", place.objects)
    data = artifacts.ingest(tmp_path / "data", place.objects)
    return StartAttempt(
        NAME,
        1,
        "train_it",
        2,
        ("sh", "step.sh"),
        ("TOKEN", "ABSENT"),
        {"data": data.sha},
        {"data": "file:data"},
        ("model",),
        {"epochs": 3},
        7,
        StepLimits(),
        ("zero", "one"),
        code.sha,
        "",
    )


def test_the_step_is_told_real_paths_that_exist(
    place: Workplace, asked: StartAttempt, engine: FakeEngine
) -> None:
    assert isinstance(effects_attempt.start(place, asked).answer, Accepted)
    folder = place.attempt_folder(1, "train_it", 2)
    step = StepFile.from_json((folder / "step.json").read_bytes())
    assert Path(step.inputs["data"]).read_text() == "data"
    assert step.outputs == {"model": str(folder / "out" / "model")}
    assert (step.seed, step.params, step.classes) == (7, {"epochs": 3}, ("zero", "one"))
    spec = engine.world.attempts[NAME].spec
    assert (Path(spec.code) / "step.sh").exists() and spec.reads == (step.inputs["data"],)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_only_what_the_pipeline_lets_through_is_in_the_environment(
    place: Workplace, asked: StartAttempt, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "t")
    monkeypatch.setenv("OTHER", "o")
    effects_attempt.start(place, asked)
    assert set(engine.world.attempts[NAME].spec.env) == {"SCANFLOW_STEP", "TOKEN"}


def test_starting_twice_starts_once(
    place: Workplace, asked: StartAttempt, engine: FakeEngine
) -> None:
    first = effects_attempt.start(place, asked)
    assert effects_attempt.start(place, asked) == first
    assert engine.world.started == [NAME]


def test_an_input_that_is_gone_refuses_the_start(
    place: Workplace, asked: StartAttempt, engine: FakeEngine
) -> None:
    told = effects_attempt.start(place, replace(asked, inputs={"data": "a" * 64}))
    assert isinstance(told.answer, StartRefused) and "'data'" in told.answer.reason
    assert engine.world.started == []


def test_with_little_room_nothing_is_started_yet(
    place: Workplace, asked: StartAttempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: Usage(10**9, 10**9 - 1, 1 << 20))
    told = effects_attempt.start(place, asked)
    assert isinstance(told.answer, StartUnknown) and "less than 64 MiB free" in told.answer.reason


def shared(place: Workplace, tmp_path: Path, capacity: Capacity) -> Workplace:
    return replace(place, slots=Slots(tmp_path / "slots", "one", capacity))


def test_the_attempts_slot_and_gpus_go_to_the_engine_and_come_back(
    place: Workplace, asked: StartAttempt, engine: FakeEngine, tmp_path: Path
) -> None:
    place = shared(place, tmp_path, Capacity(1.0, None, 2, ("GPU-a", "GPU-b"), is_here=True))
    told = effects_attempt.start(place, replace(asked, limits=StepLimits(gpus=2)))
    assert isinstance(told.answer, Accepted) and told.gpus == ("GPU-a", "GPU-b")
    spec = engine.world.attempts[NAME].spec
    assert spec.gpus == told.gpus and Path(spec.slot).is_file()


def test_without_room_the_engine_is_not_asked(
    place: Workplace, asked: StartAttempt, engine: FakeEngine, tmp_path: Path
) -> None:
    capacity = Capacity(1.0, None, is_here=True)
    Slots(tmp_path / "slots", "two", capacity).take("sf-two", "n", StepLimits())
    told = effects_attempt.start(shared(place, tmp_path, capacity), asked)
    assert isinstance(told.answer, StartUnknown) and "session two uses" in told.answer.reason
    assert engine.world.started == []
    assert not place.attempt_folder(1, "train_it", 2).exists()


def test_a_step_that_asks_for_a_gpu_is_refused_where_there_is_none(
    place: Workplace, asked: StartAttempt, engine: FakeEngine, tmp_path: Path
) -> None:
    place = shared(place, tmp_path, Capacity(1.0, None, is_here=True))
    told = effects_attempt.start(place, replace(asked, limits=StepLimits(gpus=1)))
    assert isinstance(told.answer, StartRefused)
    assert told.answer.reason.endswith("this machine has no GPU")
    assert engine.world.started == []


def test_a_cancel_finds_the_folder_by_the_name(
    place: Workplace, asked: StartAttempt, engine: FakeEngine
) -> None:
    effects_attempt.start(place, asked)
    effects_attempt.cancel(place, CancelAttempt(NAME, 1.0))
    assert engine.world.cancelled == [NAME]
    assert effects_attempt.parts_of(NAME) == (1, "train_it", 2)
