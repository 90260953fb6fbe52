"""Drawing batches: what is in them, and what must not be."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from scanflow_tui.contract.errors import UsageError
from scanflow_tui.steps import draw
from scanflow_tui.steps.vision.datasets import write_images
from scanflow_tui.steps.vision.images import read_images
from tests.unit.steps.conftest import made_up

STREAM = made_up(60, seed=8)


@pytest.fixture
def stream(tmp_path: Path) -> Path:
    write_images(tmp_path / "stream", STREAM.images)
    (tmp_path / "truth").mkdir()
    (tmp_path / "truth" / "stream.json").write_text(json.dumps({"labels": STREAM.labels.tolist()}))
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str) -> Path:
    fixed = ["draw", "--stream", str(folder / "stream"), "--out", str(folder / "b1")]
    monkeypatch.setattr(sys, "argv", [*fixed, *arguments])
    draw.main()
    return folder / "b1"


def test_a_batch_holds_pixels_alone(stream: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = run(monkeypatch, stream, "--n", "20", "--corruption", "stripe")
    assert [path.name for path in out.iterdir()] == ["images.npy"]
    assert read_images(out).shape == (20, 28, 28)


def test_the_truth_beside_the_streams_truth_says_what_each_sample_is(
    stream: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = stream / "truth" / "stream.json"
    arguments = ["--n", "30", "--corruption", "stripe", "--share", "0.5", "--truth", str(truth)]
    images = read_images(run(monkeypatch, stream, *arguments))
    said = json.loads((stream / "truth" / "b1.json").read_text())
    assert said["labels"] == STREAM.labels[said["stream"]].tolist()
    assert sum(said["corrupted"]) == 15
    for image, index, corrupted in zip(images, said["stream"], said["corrupted"], strict=True):
        assert (image == STREAM.images[index]).all() != corrupted


def test_one_seed_draws_one_batch() -> None:
    first, second, other = (draw.choose(60, 20, 1.0, seed)[0] for seed in (0, 0, 1))
    assert (first == second).all()
    assert (first != other).any()


def test_no_sample_is_drawn_twice() -> None:
    assert len(np.unique(draw.choose(60, 60, 0.0, 3)[0])) == 60


@pytest.mark.parametrize(("n", "share"), [(61, 1.0), (0, 1.0), (5, 1.5)])
def test_what_cannot_be_drawn_is_refused(n: int, share: float) -> None:
    with pytest.raises(UsageError):
        draw.choose(60, n, share, 0)


def test_another_file_than_the_truth_is_refused(
    stream: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = stream / "bad.json"
    bad.write_text("[]")
    with pytest.raises(SystemExit) as caught:
        run(monkeypatch, stream, "--n", "5", "--truth", str(bad))
    assert caught.value.code == 2
    assert "is not the stream's truth" in capsys.readouterr().err
