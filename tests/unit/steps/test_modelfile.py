"""The model folder: read as written, and refused when a file of it was changed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from scanflow_tui.contract.errors import InputError
from scanflow_tui.steps.vision.datasets import Slices
from scanflow_tui.steps.vision.filter import Filter
from scanflow_tui.steps.vision.modelfile import (
    Meta,
    load_filter,
    load_model,
    read_meta,
    save_filter,
    save_model,
)
from scanflow_tui.steps.vision.nets import Model, outputs
from tests.unit.steps.conftest import CLASSES, MODEL_FILE, SHAPE


@pytest.fixture
def copy(model_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(model_folder, tmp_path / "model"))


def test_a_model_says_the_same_after_loading(
    model: Model, model_folder: Path, slices: Slices
) -> None:
    images = slices.join.images
    loaded = load_model(model_folder)
    np.testing.assert_array_equal(
        outputs(loaded.model, images).logits, outputs(model, images).logits
    )
    assert loaded.meta.classes == CLASSES
    assert loaded.meta.slices == slices.hashes()


def test_a_filter_travels_with_its_model(model: Model, slices: Slices, tmp_path: Path) -> None:
    filtered = Model(model.classifier, Filter(SHAPE)).eval()
    save_model(tmp_path, filtered, Meta(CLASSES, SHAPE, ""), MODEL_FILE)
    loaded = load_model(tmp_path).model
    assert loaded.filter is not None
    images = slices.join.images
    np.testing.assert_array_equal(outputs(loaded, images).logits, outputs(filtered, images).logits)


def test_a_filter_alone_is_read_as_written(tmp_path: Path) -> None:
    front = Filter(SHAPE).eval()
    save_filter(tmp_path, front)
    read = load_filter(tmp_path, SHAPE)
    for name, weights in front.state_dict().items():
        np.testing.assert_array_equal(read.state_dict()[name], weights)


def test_the_folder_holds_no_pickle(copy: Path) -> None:
    assert sorted(path.name for path in copy.iterdir()) == [
        "classifier.safetensors",
        "model.json",
        "model.py",
    ]


def test_changed_code_is_refused(copy: Path) -> None:
    with (copy / "model.py").open("a") as code:
        code.write("\n# changed\n")
    with pytest.raises(InputError, match=r"model\.py is missing or not the one"):
        load_model(copy)


def test_cut_weights_are_refused(copy: Path) -> None:
    path = copy / "classifier.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match="cannot be loaded") as caught:
        load_model(copy)
    assert caught.value.where == "classifier.safetensors"


def test_weights_of_another_network_are_refused(copy: Path) -> None:
    meta = json.loads((copy / "model.json").read_text())
    meta["classes"] = ["a", "b"]
    (copy / "model.json").write_text(json.dumps(meta))
    with pytest.raises(InputError, match="cannot be loaded"):
        load_model(copy)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"classes": 3, "shape": [1, 2]}', "NaN"])
def test_a_malformed_record_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text(text)
    with pytest.raises(InputError, match=r"model\.json is missing or malformed"):
        read_meta(tmp_path)


def test_a_missing_record_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="missing"):
        load_model(tmp_path)
