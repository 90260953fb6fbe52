"""Loading a pipeline's network, and what a model says about images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from scanflow_tui.contract.errors import InputError
from scanflow_tui.steps.vision import nets
from scanflow_tui.steps.vision.datasets import Slices
from scanflow_tui.steps.vision.nets import Model
from tests.unit.steps.conftest import MODEL_FILE, SHAPE


class Plain(nn.Module):
    """A network without batch norm."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 3, 3)
        self.head = nn.Linear(3, 2)

    def features(self, images: torch.Tensor) -> torch.Tensor:
        return self.conv(images).mean((2, 3))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.features(images))


def test_the_shipped_network_keeps_its_promise() -> None:
    network = nets.build_classifier(nets.load_builder(MODEL_FILE), 10, SHAPE).eval()
    seen = torch.rand(2, *SHAPE)
    features = network.features(seen)
    assert features.shape == (2, 64)
    torch.testing.assert_close(network(seen), network.head(features))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("x = 1\n", "has no function build"),
        ("import nothing_of_this_name\n", "fails to load: ModuleNotFoundError"),
        ("def build(:\n", "fails to load: SyntaxError"),
    ],
)
def test_a_bad_network_file_is_named(text: str, what: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(InputError, match=what) as caught:
        nets.load_builder(path)
    assert caught.value.where == "mine.py"


def test_a_network_without_features_is_refused() -> None:
    with pytest.raises(InputError, match="without features"):
        nets.build_classifier(lambda classes, shape: nn.Linear(1, classes), 2, SHAPE)


def test_a_small_model_learns(model: Model, slices: Slices) -> None:
    right = nets.guesses(model, slices.calibration.images) == slices.calibration.labels
    assert right.mean() > 0.9


def test_outputs_do_not_depend_on_the_chunk(
    model: Model, slices: Slices, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = slices.fit.images[:20]
    whole = nets.outputs(model, images)
    monkeypatch.setattr(nets, "CHUNK", 3)
    parts = nets.outputs(model, images)
    np.testing.assert_allclose(whole.stats, parts.stats, atol=1e-4)
    np.testing.assert_allclose(whole.logits, parts.logits, atol=1e-4)


def test_statistics_are_those_of_what_enters_batch_norm(model: Model, slices: Slices) -> None:
    images = slices.fit.images[:4]
    first = model.classifier.body[0][0]
    with torch.no_grad():
        maps = first(nets.as_tensor(images))
    stats = nets.outputs(model, images).stats
    assert stats.shape == (4, 2 * (16 + 32 + 32))
    np.testing.assert_allclose(stats[:, :16], maps.mean((2, 3)), atol=1e-5)
    np.testing.assert_allclose(stats[:, 16:32], maps.std((2, 3)), atol=1e-5)


def test_without_batch_norm_the_convolutions_are_read() -> None:
    said = nets.outputs(Model(Plain()), np.zeros((3, 28, 28), np.uint8))
    assert said.stats.shape == (3, 6)


def test_probabilities_sum_to_one(model: Model, slices: Slices) -> None:
    said = nets.outputs(model, slices.fit.images[:5])
    np.testing.assert_allclose(said.probabilities.sum(axis=1), 1, atol=1e-5)
    assert (said.probabilities.argmax(axis=1) == said.guesses).all()


def test_fresh_weights_depend_on_the_seed_alone() -> None:
    build = nets.load_builder(MODEL_FILE)
    first, same, other = (nets.fresh(build, 10, SHAPE, seed) for seed in (1, 1, 2))
    weights = [made.classifier.head.weight for made in (first, same, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
