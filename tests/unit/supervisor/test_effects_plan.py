"""Gathering a plan: files are hashed into the store, code is snapshot, errors come as values."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

import scanflow_tui
from scanflow_tui.session import artifacts, places
from scanflow_tui.session.cache import CacheEntry, write
from scanflow_tui.session.places import SessionFolder
from scanflow_tui.supervisor import effects_plan
from scanflow_tui.supervisor.effects_plan import gather
from scanflow_tui.supervisor.machine.effects import GatherPlan
from scanflow_tui.supervisor.workplace import Workplace
from tests.fakes.engine import FakeEngine

PIPELINE = """\
scanflow: 1
name: toy
classes: [zero, one]
champion: train
nodes:
  train: {run: sh train.sh, in: {data: file:data}, out: [model, reference]}
"""
ASKED = GatherPlan(None, None, "c:1", "human:u1", None, None, {}, {})


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    pipeline = tmp_path / "pipeline"
    (pipeline / "data").mkdir(parents=True)
    (pipeline / "data" / "images").write_bytes(b"pixels")
    (pipeline / "pipeline.yaml").write_text(PIPELINE)
    (pipeline / "train.sh").write_text("true\n")
    folder = SessionFolder(pipeline / "sessions" / "one")
    places.make_session(folder)
    return Workplace("X", folder, pipeline, FakeEngine(), tmp_path / "receipts")


def test_a_plan_names_text_code_files_and_environment(place: Workplace) -> None:
    told = gather(place, ASKED)
    assert told.error is None and told.plan is not None and told.text == PIPELINE
    assert told.plan.verdicts() == {"train": "run"}
    assert artifacts.verify(place.objects, told.files["data"]) and len(told.environment) == 64


def test_the_snapshot_holds_code_alone(place: Workplace) -> None:
    told = gather(place, ASKED)
    names = [item.path for item in artifacts.files(place.objects, told.code)]
    assert names == ["train.sh"]


def test_other_sessions_in_the_folder_are_no_code(place: Workplace) -> None:
    before = gather(place, ASKED)
    for root in ("sessions_of_old", "other"):
        folder = SessionFolder(place.pipeline / root / "two")
        places.make_session(folder)
        folder.database.touch()
        os.mkfifo(folder.path / "sock")
    after = gather(place, ASKED)
    assert after.error is None and after.code == before.code


def test_an_edited_package_is_another_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "steps").mkdir()
    (tmp_path / "__init__.py").write_text("")
    monkeypatch.setattr(effects_plan.scanflow_tui, "__file__", str(tmp_path / "__init__.py"))
    before = effects_plan.package_digest()
    assert effects_plan.package_digest() == before
    (tmp_path / "steps" / "step.py").write_text("edited")
    assert effects_plan.package_digest() != before


def test_all_of_the_package_that_a_step_loads_is_in_its_environment() -> None:
    root = Path(scanflow_tui.__file__).parent
    loaded = set()
    for package in effects_plan.STEP_PACKAGES:
        for path in (root / package).rglob("*.py"):
            loaded.update(re.findall(r"^ *from scanflow_tui\.(\w+)", path.read_text(), re.M))
    assert {"contract", "steps"} <= loaded <= set(effects_plan.STEP_PACKAGES)


def test_edited_code_is_another_snapshot_and_unchanged_files_are_the_same(
    place: Workplace,
) -> None:
    before = gather(place, ASKED)
    (place.pipeline / "train.sh").write_text("false\n")
    after = gather(place, ASKED)
    assert before.code != after.code and before.files == after.files


def test_an_outcome_in_the_cache_is_planned_as_cached(place: Workplace) -> None:
    first = gather(place, ASKED)
    assert first.plan is not None
    (place.pipeline.parent / "made").write_text("m")
    made = artifacts.ingest(place.pipeline.parent / "made", place.objects)
    key = first.plan.nodes[0].key
    write(place.cache, CacheEntry(key, {"model": made, "reference": made}, {}, "sf-origin", 1))
    again = gather(place, ASKED)
    assert again.plan is not None
    assert again.plan.reasons() == {"train": "unchanged since sf-origin"}


def test_a_file_that_is_missing_is_named(place: Workplace) -> None:
    (place.pipeline / "data" / "images").unlink()
    (place.pipeline / "data").rmdir()
    told = gather(place, ASKED)
    assert told.plan is None and told.error is not None
    assert "file:data is missing" in told.error.sentence() and told.error.exit_code == 5


def test_a_pipeline_with_errors_is_told_with_its_places(place: Workplace) -> None:
    (place.pipeline / "pipeline.yaml").write_text(PIPELINE.replace("champion", "champoin"))
    told = gather(place, ASKED)
    assert told.error is not None and "pipeline.yaml:4:1" in told.error.sentence()


@pytest.mark.parametrize("data", [b"\xff\xfe", b"# " + b"x" * (1 << 20)])
def test_a_pipeline_that_is_no_text_or_too_large_is_told(place: Workplace, data: bytes) -> None:
    (place.pipeline / "pipeline.yaml").write_bytes(data)
    told = gather(place, ASKED)
    assert told.error is not None and told.error.exit_code == 2


def test_a_champion_from_files_is_hashed_into_the_store(place: Workplace) -> None:
    text = PIPELINE.replace("champion: train", "champion: {file: model, reference: ref}")
    (place.pipeline / "pipeline.yaml").write_text(text)
    for name in ("model", "ref"):
        (place.pipeline / name).mkdir()
        (place.pipeline / name / "file").write_text(name)
    told = gather(place, ASKED)
    assert told.error is None and set(told.champion_files) == {"model", "reference"}
    for artifact in told.champion_files.values():
        assert artifacts.verify(place.objects, artifact.sha)
