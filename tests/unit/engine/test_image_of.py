from __future__ import annotations

from pathlib import Path

import pytest

from scanflow_tui.contract.errors import Missing
from scanflow_tui.engine.choose import image_of, open_engine
from scanflow_tui.engine.images.tag import tag_of

PIPELINE = """\
scanflow: 1
name: small
image: {dockerfile: Dockerfile}
nodes:
  a: {run: [python, a.py], out: [x]}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    monkeypatch.delenv("SCANFLOW_BASE", raising=False)
    (tmp_path / "pipeline.yaml").write_text(PIPELINE)
    (tmp_path / "Dockerfile").write_text("ARG BASE=base:1\nFROM ${BASE}\n")
    return tmp_path


def test_processes_need_no_image_and_read_no_dockerfile(folder: Path) -> None:
    engine, _ = open_engine("process")
    (folder / "Dockerfile").unlink()
    assert image_of(engine, folder, "", "Dockerfile") == ""
    assert image_of(engine, folder, "named:1", "") == ""


def test_containers_run_in_the_image_named_or_built(folder: Path) -> None:
    engine, _ = open_engine("docker", must_answer=False)
    assert image_of(engine, folder, "named:1", "") == "named:1"
    assert image_of(engine, folder, "", "Dockerfile") == tag_of(folder)
    engine.close()


def test_the_base_of_the_surroundings_is_another_image(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tag_of(folder)
    monkeypatch.setenv("SCANFLOW_BASE", "other:1")
    assert tag_of(folder) == tag_of(folder / "pipeline.yaml") == tag_of(folder, "other:1") != before


def test_a_dockerfile_that_is_missing_is_said(folder: Path) -> None:
    engine, _ = open_engine("docker", must_answer=False)
    (folder / "Dockerfile").unlink()
    with pytest.raises(Missing, match="the Dockerfile cannot be read"):
        image_of(engine, folder, "", "Dockerfile")
    engine.close()


def test_auto_says_why_a_dockerfile_is_not_used(folder: Path) -> None:
    engine, why = open_engine("auto", pipeline=folder)
    assert engine.name == "process"
    assert why.startswith("the pipeline's image is not used: no Docker engine listens")
