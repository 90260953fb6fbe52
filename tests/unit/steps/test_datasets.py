"""Data sets on disk, and the cut whose calibration slices nothing else may touch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scanflow_tui.contract.errors import InputError
from scanflow_tui.steps.vision.datasets import (
    cut_by_class,
    cut_training,
    read_labelled,
    write_images,
)
from tests.unit.steps.conftest import made_up


def test_the_cut_is_eighty_five_and_fifteen_percent_of_every_class() -> None:
    cut = cut_training(made_up(1000, seed=1))
    for part, n_each in ((cut.fit, 80), (cut.join, 5), (cut.calibration, 15)):
        assert np.bincount(part.labels).tolist() == [n_each] * 10


def test_the_slices_are_disjoint_and_whole() -> None:
    labels = np.arange(100) % 10
    parts = cut_by_class(labels, (0.5, 0.2), seed=3)
    assert sorted(np.concatenate(parts).tolist()) == list(range(100))


def test_the_same_data_is_cut_alike() -> None:
    first, second = (cut_training(made_up(1000, seed=1)).hashes() for _ in range(2))
    assert first == second


def test_other_labels_change_the_hashes() -> None:
    data = made_up(1000, seed=1)
    before = cut_training(data).hashes()
    data.labels[:2] = data.labels[[1, 0]]
    assert cut_training(data).hashes() != before


def test_too_little_data_is_refused() -> None:
    with pytest.raises(InputError, match="for p-values"):
        cut_training(made_up(200, seed=1))


def test_a_data_set_is_read_as_written(tmp_path: Path) -> None:
    data = made_up(30, seed=2)
    write_images(tmp_path, data.images, data.labels)
    read = read_labelled(tmp_path, classes=10)
    np.testing.assert_array_equal(read.images, data.images)
    np.testing.assert_array_equal(read.labels, data.labels)


@pytest.mark.parametrize(
    ("labels", "what"),
    [
        (np.arange(29), "29 labels for 30 images"),
        (np.full(30, 10), "outside 0..9"),
        (np.full(30, -1), "outside 0..9"),
        (np.zeros((30, 1), dtype=np.int64), "expected integers"),
    ],
)
def test_labels_that_do_not_fit_are_refused(labels: np.ndarray, what: str, tmp_path: Path) -> None:
    write_images(tmp_path, made_up(30, seed=2).images, labels)
    with pytest.raises(InputError, match=what):
        read_labelled(tmp_path, classes=10)


def test_float_labels_are_refused(tmp_path: Path) -> None:
    write_images(tmp_path, made_up(30, seed=2).images)
    np.save(tmp_path / "labels.npy", np.zeros(30))
    with pytest.raises(InputError, match="expected integers"):
        read_labelled(tmp_path, classes=10)
