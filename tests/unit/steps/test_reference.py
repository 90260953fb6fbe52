"""The reference folder, and the slices that it keeps apart."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from scanflow_tui.checks.pvalues import conformal
from scanflow_tui.contract.errors import InputError
from scanflow_tui.steps.vision.corruptions import corrupt
from scanflow_tui.steps.vision.datasets import Slices
from scanflow_tui.steps.vision.nets import Model, outputs
from scanflow_tui.steps.vision.reference import load_reference, make_reference
from tests.unit.steps.conftest import made_up


def test_a_reference_scores_the_same_after_loading(
    model: Model, slices: Slices, reference_folder: Path
) -> None:
    made, loaded = make_reference(model, slices), load_reference(reference_folder)
    said = outputs(model, made_up(20, seed=9).images)
    np.testing.assert_allclose(made.scorer.columns(said), loaded.scorer.columns(said))
    np.testing.assert_allclose(made.scores, loaded.scores)
    assert loaded.slices == slices.hashes()


def test_calibration_has_one_score_for_each_held_out_image(
    reference_folder: Path, slices: Slices
) -> None:
    loaded = load_reference(reference_folder)
    n = len(slices.calibration)
    assert loaded.columns.shape == (n, 2)
    assert loaded.scores.shape == loaded.guesses.shape == (n,)


def test_corrupted_images_are_stranger_than_clean_ones(
    model: Model, reference_folder: Path
) -> None:
    loaded = load_reference(reference_folder)
    images = made_up(100, seed=9).images

    def p(pixels: np.ndarray) -> np.ndarray:
        scores = loaded.scorer.joined(loaded.scorer.columns(outputs(model, pixels)))
        return conformal(loaded.scores, scores)

    assert np.median(p(corrupt("stripe", images, seed=0))) < 0.02 < np.median(p(images))


def test_the_record_lists_populations(reference_folder: Path) -> None:
    record = json.loads((reference_folder / "populations.json").read_text())
    assert [each["name"] for each in record["populations"]] == ["train"]


def test_a_reference_without_arrays_is_refused(reference_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(reference_folder, tmp_path / "reference"))
    (folder / "train.npz").write_bytes(b"")
    with pytest.raises(InputError) as caught:
        load_reference(folder)
    assert caught.value.where == "train.npz"


def test_a_reference_without_record_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"populations\.json"):
        load_reference(tmp_path)
