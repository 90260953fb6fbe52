"""Small made-up digits and a model trained on them in a second: real steps, little data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from scanflow_tui.steps.vision.datasets import Labelled, Slices, cut_training
from scanflow_tui.steps.vision.modelfile import Meta, save_model
from scanflow_tui.steps.vision.nets import Model, fresh, load_builder
from scanflow_tui.steps.vision.reference import make_reference, save_reference
from scanflow_tui.steps.vision.train import train

MODEL_FILE = Path(__file__).parents[3] / "pipelines" / "mnist" / "model.py"
SHAPE = (1, 28, 28)
CLASSES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def made_up(n: int, seed: int) -> Labelled:
    """n images of ten classes in turn: a bright block whose place is the class, over soft noise."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 10
    images = rng.integers(0, 40, (n, 28, 28))
    for image, label in zip(images, labels, strict=True):
        row, column = 4 + 11 * (label // 5), 2 + 5 * (label % 5)
        row, column = row + rng.integers(-1, 2), column + rng.integers(-1, 2)
        image[row : row + 8, column : column + 4] = rng.integers(120, 256)
    return Labelled(images.astype(np.uint8), labels.astype(np.int64))


@pytest.fixture(scope="session")
def slices() -> Slices:
    return cut_training(made_up(1000, seed=1))


@pytest.fixture(scope="session")
def model(slices: Slices) -> Model:
    torch.set_num_threads(1)
    made = fresh(load_builder(MODEL_FILE), len(CLASSES), SHAPE, seed=0)
    return train(made, slices.fit, epochs=3, seed=0)


@pytest.fixture(scope="session")
def model_folder(model: Model, slices: Slices, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store") / "model"
    save_model(folder, model, Meta(CLASSES, SHAPE, "", slices.hashes()), MODEL_FILE)
    return folder


@pytest.fixture(scope="session")
def reference_folder(
    model: Model, slices: Slices, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("store") / "reference"
    save_reference(folder, make_reference(model, slices))
    return folder
