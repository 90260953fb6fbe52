"""The model folder: what is promoted and rolled back. Weights are safetensors, never pickle.

model.json                 classes, shape, SHA-256 of model.py, slices of the training data, notes
model.py                   the pipeline's network file, copied: the folder needs nothing else
classifier.safetensors
filter.safetensors         only where a filter stands in front of the classifier
"""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from scanflow_tui.contract import canonical
from scanflow_tui.contract.errors import InputError
from scanflow_tui.steps.vision.filter import Filter
from scanflow_tui.steps.vision.nets import Model, Shape, build_classifier, load_builder

FORMAT = 1
META_FILE = "model.json"
CODE_FILE = "model.py"
CLASSIFIER_FILE = "classifier.safetensors"
FILTER_FILE = "filter.safetensors"


@dataclass(frozen=True, slots=True)
class Meta:
    """What ``model.json`` says. ``slices`` are the hashes of the training data's parts."""

    classes: tuple[str, ...]
    shape: Shape
    code: str
    slices: dict[str, str] = field(default_factory=dict)
    made_by: str = "train"
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of an image."""
        return self.shape[1], self.shape[2]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model read from its folder, in evaluation mode."""

    model: Model
    meta: Meta
    folder: Path


def save_model(folder: Path, model: Model, meta: Meta, code: Path) -> None:
    """Write a model folder; ``code`` is the network file that builds the classifier."""
    folder.mkdir(parents=True, exist_ok=True)
    source = code.read_bytes()
    (folder / CODE_FILE).write_bytes(source)
    save_file(_weights(model.classifier), folder / CLASSIFIER_FILE)
    if model.filter is not None:
        save_file(_weights(model.filter), folder / FILTER_FILE)
    record = {"format": FORMAT, **asdict(meta), "code": canonical.sha256(source)}
    (folder / META_FILE).write_bytes(canonical.encode(record) + b"\n")


def load_model(folder: Path) -> Loaded:
    """Read a model folder. Raises InputError where a file is missing, altered or does not fit."""
    meta = read_meta(folder)
    code = folder / CODE_FILE
    if not code.is_file() or canonical.sha256(code.read_bytes()) != meta.code:
        raise InputError(
            f"{CODE_FILE} is missing or not the one that {META_FILE} names", where=folder.name
        )
    classifier = build_classifier(load_builder(code), len(meta.classes), meta.shape)
    _fill(classifier, folder / CLASSIFIER_FILE)
    front = None
    if (folder / FILTER_FILE).exists():
        front = Filter(meta.shape)
        _fill(front, folder / FILTER_FILE)
    return Loaded(Model(classifier, front).eval(), meta, folder)


def read_meta(folder: Path) -> Meta:
    """What ``model.json`` says. Raises InputError where it is missing or malformed."""
    path = folder / META_FILE
    try:
        raw = canonical.decode(path.read_bytes())
        channels, height, width = (int(item) for item in raw["shape"])
        return Meta(
            classes=tuple(str(item) for item in raw["classes"]),
            shape=(channels, height, width),
            code=str(raw["code"]),
            slices={str(key): str(value) for key, value in raw.get("slices", {}).items()},
            made_by=str(raw.get("made_by", "")),
            notes=dict(raw.get("notes", {})),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        text = f"{META_FILE} is missing or malformed ({type(error).__name__})"
        raise InputError(
            text, where=folder.name, hint="a model is a folder made by train"
        ) from None


def save_filter(folder: Path, filter: nn.Module) -> None:
    """Write a filter alone, as the ``base`` step gives it."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(_weights(filter), folder / FILTER_FILE)


def load_filter(folder: Path, shape: Shape) -> Filter:
    """Read a filter that ``save_filter`` wrote. Raises InputError where it does not fit."""
    front = Filter(shape)
    _fill(front, folder / FILTER_FILE)
    return front.eval()


def copy_code(folder: Path, into: Path) -> None:
    """Copy a model's network file."""
    shutil.copyfile(folder / CODE_FILE, into / CODE_FILE)


def _weights(module: nn.Module) -> dict[str, Tensor]:
    return {name: value.contiguous() for name, value in module.state_dict().items()}


def _fill(module: nn.Module, path: Path) -> None:
    try:
        module.load_state_dict(load_file(path))
    except (OSError, SafetensorError, RuntimeError) as error:
        text = str(error).splitlines()[0]
        raise InputError(f"cannot be loaded: {text}", where=path.name) from None
