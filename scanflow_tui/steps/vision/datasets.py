"""Labelled data as the steps exchange it, and the cut of the training data into its three slices.

A data set is a folder with ``images.npy`` (uint8, n x h x w) and, where it is labelled,
``labels.npy``. The calibration slices are cut by class with a fixed seed, from the data alone:
every step that sees the same data makes the same cut, so retraining never touches what the
checker's p-values rest on.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scanflow_tui.contract.errors import InputError
from scanflow_tui.steps.vision.images import Labels, Pixels, read_array, read_images

IMAGES_FILE = "images.npy"
LABELS_FILE = "labels.npy"

FIT_SHARE = 0.80
JOIN_SHARE = 0.05
CUT_SEED = 20211103


@dataclass(frozen=True, slots=True)
class Labelled:
    """Images uint8 (n, h, w) and the class of each, int64 (n,)."""

    images: Pixels
    labels: Labels

    def __len__(self) -> int:
        return len(self.images)

    def take(self, index: Labels) -> Labelled:
        return Labelled(self.images[index], self.labels[index])


@dataclass(frozen=True, slots=True)
class Slices:
    """The training data's three parts: to fit, to join scores, and for p-values."""

    fit: Labelled
    join: Labelled
    calibration: Labelled

    def hashes(self) -> dict[str, str]:
        """The SHA-256 of each part's pixels and labels, in order."""
        parts = {"fit": self.fit, "join": self.join, "calibration": self.calibration}
        return {name: fingerprint(part) for name, part in parts.items()}


def fingerprint(data: Labelled) -> str:
    """Hex SHA-256 over pixels and labels."""
    digest = hashlib.sha256(np.ascontiguousarray(data.images).tobytes())
    digest.update(data.labels.astype("<i8").tobytes())
    return digest.hexdigest()


def read_labelled(folder: Path, *, classes: int, size: tuple[int, int] = (28, 28)) -> Labelled:
    """A labelled data set. Raises InputError where images and labels do not fit each other."""
    images = read_images(folder / IMAGES_FILE, size)
    labels = read_array(folder / LABELS_FILE, prefer="labels")
    where = f"{folder.name}/{LABELS_FILE}"
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise InputError(f"is {labels.dtype} {labels.shape}, expected integers (n,)", where=where)
    if len(labels) != len(images):
        raise InputError(f"has {len(labels)} labels for {len(images)} images", where=where)
    if labels.min() < 0 or labels.max() >= classes:
        raise InputError(f"has a label outside 0..{classes - 1}", where=where)
    return Labelled(images, labels.astype(np.int64))


def write_images(folder: Path, images: Pixels, labels: Labels | None = None) -> None:
    """Write a data set: ``images.npy`` and, where labels are given, ``labels.npy``."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / IMAGES_FILE, images, allow_pickle=False)
    if labels is not None:
        np.save(folder / LABELS_FILE, labels.astype(np.int64), allow_pickle=False)


def cut_by_class(labels: Labels, shares: tuple[float, ...], seed: int) -> list[Labels]:
    """Indices of disjoint parts, each its share of every class; the last takes the rest."""
    rng = np.random.default_rng(seed)
    parts: list[list[Labels]] = [[] for _ in (*shares, None)]
    for label in np.unique(labels):
        order = rng.permutation(np.flatnonzero(labels == label))
        ends = np.rint(np.cumsum(shares) * len(order)).astype(int)
        for part, piece in zip(parts, np.split(order, ends), strict=True):
            part.append(piece)
    return [rng.permutation(np.concatenate(part)).astype(np.int64) for part in parts]


def cut_training(data: Labelled) -> Slices:
    """The fixed cut of training data: 80 % to fit, 5 % to join scores, 15 % for p-values.

    Raises InputError where the data is too small to calibrate with.
    """
    fit, join, calibration = cut_by_class(data.labels, (FIT_SHARE, JOIN_SHARE), CUT_SEED)
    if len(join) < 20 or len(calibration) < 100:
        raise InputError(
            f"{len(data)} training images leave {len(calibration)} for p-values",
            where="input data",
            hint="give at least 700 images, better 4,000",
        )
    return Slices(data.take(fit), data.take(join), data.take(calibration))
