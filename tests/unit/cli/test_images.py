from __future__ import annotations

from pathlib import Path

import pytest

from scanflow_tui.cli.commands.images import execute
from scanflow_tui.contract.errors import Missing, UsageError


def images(act: str, folder: Path, *, remove: bool = False) -> int:
    return execute(act, str(folder), "", remove, False, False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    return tmp_path


def test_an_unknown_act_names_those_there_are(folder: Path) -> None:
    with pytest.raises(UsageError, match="build, list, prune"):
        images("make", folder)


def test_yes_belongs_to_prune(folder: Path) -> None:
    with pytest.raises(UsageError, match="prune"):
        images("list", folder, remove=True)


@pytest.mark.parametrize("act", ["list", "prune"])
def test_no_engine_is_one_sentence(act: str, folder: Path) -> None:
    with pytest.raises(Missing, match="no Docker engine listens at unix://"):
        images(act, folder)


def test_a_pipeline_without_an_image_is_said_before_any_engine_is_asked(folder: Path) -> None:
    (folder / "pipeline.yaml").write_text(
        "scanflow: 1\nname: a\nnodes:\n  a: {run: [true], out: [x]}\n"
    )
    with pytest.raises(Missing, match="the pipeline has no Dockerfile"):
        images("build", folder)


def test_a_folder_without_a_pipeline_is_said(folder: Path) -> None:
    with pytest.raises(Missing, match=r"pipeline\.yaml"):
        images("build", folder)
