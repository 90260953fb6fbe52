"""Networks of a pipeline: loading its ``model.py``, and what a model says about images.

A classifier comes from the pipeline's own ``build`` (see ``pipelines/mnist/model.py``); a filter
may stand in front of it. Scores are always taken in evaluation mode. Never trains, never writes.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from scanflow_tui.contract.errors import InputError
from scanflow_tui.steps.vision.images import Labels, Pixels

Floats = npt.NDArray[np.float32]
Shape = tuple[int, int, int]
Builder = Callable[[int, Shape], nn.Module]
Progress = Callable[[float, str], None]

CHUNK = 250


def silent(share: float, text: str) -> None:
    """A progress that nobody sees."""


class Model(nn.Module):
    """A classifier with, where it has one, a filter in front of it."""

    def __init__(self, classifier: nn.Module, filter: nn.Module | None = None) -> None:
        super().__init__()
        self.classifier = classifier
        self.filter = filter

    def features(self, images: Tensor) -> Tensor:
        seen = images if self.filter is None else self.filter(images)
        found: Tensor = self.classifier.features(seen)  # type: ignore[operator]
        return found

    def head(self, features: Tensor) -> Tensor:
        logits: Tensor = self.classifier.head(features)  # type: ignore[operator]
        return logits

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.features(images))


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a model says about n images.

    ``features`` (n, d) before the head, ``logits`` (n, classes), ``stats`` (n, 2 x channels):
    mean and standard deviation over the pixels of each channel that enters a batch norm layer.
    """

    features: Floats
    logits: Floats
    stats: Floats

    @property
    def guesses(self) -> Labels:
        return np.asarray(self.logits.argmax(axis=1), dtype=np.int64)

    @property
    def probabilities(self) -> Floats:
        shifted = self.logits - self.logits.max(axis=1, keepdims=True)
        weights = np.exp(shifted)
        return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float32)


def load_builder(path: Path) -> Builder:
    """The function ``build`` of a model file. InputError where it has none or fails to load."""
    spec = importlib.util.spec_from_file_location("scanflow_pipeline_model", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise InputError("is not a Python file", where=str(path))
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        # The file is the user's program: whatever it raises is an error of that file.
        raise InputError(
            f"fails to load: {type(error).__name__}: {error}", where=path.name
        ) from error
    build: Any = getattr(module, "build", None)
    if not callable(build):
        raise InputError("has no function build(classes, shape)", where=path.name)
    return build  # type: ignore[no-any-return]


def build_classifier(build: Builder, classes: int, shape: Shape) -> nn.Module:
    """A fresh classifier. Raises InputError where it lacks ``features`` or ``head``."""
    classifier = build(classes, shape)
    for name in ("features", "head"):
        if not callable(getattr(classifier, name, None)):
            raise InputError(f"build() gave a module without {name}", where="model file")
    return classifier


def fresh(build: Builder, classes: int, shape: Shape, seed: int) -> Model:
    """An untrained model whose first weights depend on the seed alone."""
    torch.manual_seed(seed)
    return Model(build_classifier(build, classes, shape))


def as_tensor(images: Pixels) -> Tensor:
    """Pixels uint8 (n, h, w) as float32 (n, 1, h, w) in 0..1."""
    return torch.from_numpy(np.array(images, order="C")).unsqueeze(1).float().div(255)


@torch.no_grad()
def outputs(model: Model, images: Pixels, progress: Progress = silent) -> Outputs:
    """Features, logits and channel statistics of images, in evaluation mode, in chunks."""
    model.eval()
    features, logits, stats = [], [], []
    for start in range(0, len(images), CHUNK):
        with channel_stats(model.classifier) as seen:
            found = model.features(as_tensor(images[start : start + CHUNK]))
        features.append(found)
        logits.append(model.head(found))
        stats.append(torch.cat(seen, dim=1))
        progress(min(1.0, (start + CHUNK) / len(images)), "scoring")
    joined = (torch.cat(part).numpy() for part in (features, logits, stats))
    return Outputs(*joined)


@torch.no_grad()
def guesses(model: Model, images: Pixels) -> Labels:
    """The class a model gives each image, in evaluation mode."""
    model.eval()
    parts = [
        model(as_tensor(images[start : start + CHUNK])).argmax(1)
        for start in range(0, len(images), CHUNK)
    ]
    return torch.cat(parts).numpy().astype(np.int64)


@contextmanager
def channel_stats(classifier: nn.Module) -> Iterator[list[Tensor]]:
    """Collect, while open, mean and deviation over pixels of what enters each BatchNorm2d.

    A network without batch norm is read at the outputs of its convolutions instead.
    """
    seen: list[Tensor] = []

    def keep(maps: Tensor) -> None:
        seen.append(torch.cat([maps.mean((2, 3)), maps.std((2, 3))], dim=1))

    norms = [layer for layer in classifier.modules() if isinstance(layer, nn.BatchNorm2d)]
    if norms:
        hooks = [layer.register_forward_pre_hook(lambda _, args: keep(args[0])) for layer in norms]
    else:
        convs = [layer for layer in classifier.modules() if isinstance(layer, nn.Conv2d)]
        hooks = [layer.register_forward_hook(lambda _, __, maps: keep(maps)) for layer in convs]
    if not hooks:
        raise InputError("the classifier has neither BatchNorm2d nor Conv2d layers to read")
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()
