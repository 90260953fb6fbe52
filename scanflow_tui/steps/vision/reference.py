"""The reference folder: what a check compares a batch with. It serves one model only.

    populations.json            format, the populations' names, slices' hashes
    <name>.npz                  arrays of one population, never pickled

One population to begin with (``train``). The k-nearest-neighbour and batch norm references come
from the slice to fit, the join from a slice of its own, the calibration scores from images
nothing else has seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from scanflow_tui.checks.scores import (
    BnReference,
    JoinScale,
    KnnReference,
    bn_scores,
    fit_bn,
    fit_join,
    fit_knn,
    join,
    knn_scores,
    rows_kept,
)
from scanflow_tui.contract import canonical
from scanflow_tui.contract.errors import InputError
from scanflow_tui.steps.vision.datasets import Slices
from scanflow_tui.steps.vision.images import Labels, Pixels, read_array
from scanflow_tui.steps.vision.nets import Model, Outputs, Progress, outputs, silent

FORMAT = 1
POPULATIONS_FILE = "populations.json"
TRAIN = "train"
SCORES = ("knn", "norm")
EXAMPLE_SIDE_MAX = 32

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scorer:
    """What turns a model's outputs into scores: high is strange."""

    knn: KnnReference
    norm: BnReference
    scale: JoinScale

    def columns(self, said: Outputs) -> Floats:
        """Each score alone, (n, 2) in the order of ``SCORES``."""
        return _columns(self.knn, self.norm, said)

    def joined(self, columns: Floats) -> Floats:
        """The one score that is ranked, (n,)."""
        return join(self.scale, columns)


@dataclass(frozen=True, slots=True)
class Examples:
    """The training images behind the scorer's rows, made small, with their classes (r,).

    People compare a strange image with them. A reference of an older version has none.
    """

    images: Pixels
    labels: Labels


@dataclass(frozen=True, slots=True)
class Reference:
    """One population: scorer, calibration scores (m, 2), joined (m,), guesses (m,)."""

    scorer: Scorer
    columns: Floats
    scores: Floats
    guesses: Labels
    slices: dict[str, str]
    examples: Examples | None = None


def fit_scorer(fit: Outputs, fit_labels: Labels, join_slice: Outputs) -> Scorer:
    """A scorer from a model's outputs on the slice to fit and on the join slice."""
    knn = fit_knn(fit.features, labels=fit_labels)
    norm = fit_bn(fit.stats)
    return Scorer(knn, norm, fit_join(_columns(knn, norm, join_slice)))


def make_reference(model: Model, slices: Slices, progress: Progress = silent) -> Reference:
    """The reference of a model: the same calibration slices for every model, its own scores."""
    progress(0.0, "reference: training images")
    fit = outputs(model, slices.fit.images)
    progress(0.7, "reference: calibration images")
    scorer = fit_scorer(fit, slices.fit.labels, outputs(model, slices.join.images))
    held_out = outputs(model, slices.calibration.images)
    columns = scorer.columns(held_out)
    progress(1.0, "reference made")
    kept = rows_kept(len(slices.fit.labels), slices.fit.labels)
    examples = Examples(small(slices.fit.images[kept]), slices.fit.labels[kept])
    joined = scorer.joined(columns)
    return Reference(scorer, columns, joined, held_out.guesses, slices.hashes(), examples)


def small(images: Pixels) -> Pixels:
    """Images (n, h, w) with sides of at most 32, every so-manyth pixel of them."""
    step = max(1, -(-max(images.shape[1:3]) // EXAMPLE_SIDE_MAX))
    return np.ascontiguousarray(images[:, ::step, ::step])


def save_reference(folder: Path, reference: Reference) -> None:
    """Write a reference with its one population."""
    folder.mkdir(parents=True, exist_ok=True)
    scorer = reference.scorer
    shown: dict[str, npt.NDArray[Any]] = {}
    if reference.examples is not None:
        shown = {"images": reference.examples.images, "labels": reference.examples.labels}
    np.savez(
        folder / f"{TRAIN}.npz",
        allow_pickle=False,
        knn_features=scorer.knn.features,
        knn_k=np.array([scorer.knn.k]),
        norm_scale=scorer.norm.scale,
        norm_mean=scorer.norm.mean,
        norm_precision=scorer.norm.precision,
        join_median=scorer.scale.median,
        join_spread=scorer.scale.spread,
        columns=reference.columns,
        scores=reference.scores,
        guesses=reference.guesses,
        **shown,
    )
    record = {
        "format": FORMAT,
        "populations": [{"name": TRAIN, "slices": reference.slices}],
    }
    (folder / POPULATIONS_FILE).write_bytes(canonical.encode(record) + b"\n")


def load_reference(folder: Path) -> Reference:
    """Read a reference. Raises InputError where a file or an array is missing or malformed."""
    try:
        raw = canonical.decode((folder / POPULATIONS_FILE).read_bytes())
        (population,) = raw["populations"]
        path = folder / f"{population['name']}.npz"
        slices = {str(key): str(value) for key, value in population["slices"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        text = f"{POPULATIONS_FILE} is missing or malformed ({type(error).__name__})"
        raise InputError(text, where=folder.name, hint="a reference is made by train") from None

    def stored(name: str) -> Floats:
        return np.asarray(read_array(path, prefer=name), dtype=np.float64)

    scorer = Scorer(
        KnnReference(stored("knn_features").astype(np.float32), int(stored("knn_k")[0])),
        BnReference(stored("norm_scale"), stored("norm_mean"), stored("norm_precision")),
        JoinScale(stored("join_median"), stored("join_spread")),
    )
    guesses = stored("guesses").astype(np.int64)
    scores = stored("scores")
    return Reference(scorer, stored("columns"), scores, guesses, slices, _examples(path, scorer))


def _examples(path: Path, scorer: Scorer) -> Examples | None:
    try:
        images, labels = read_array(path, prefer="images"), read_array(path, prefer="labels")
    except InputError:
        return None
    fits = len(images) == len(labels) == len(scorer.knn.features) and images.ndim == 3
    if not fits or images.dtype != np.uint8:
        return None
    return Examples(images, labels.astype(np.int64))


def _columns(knn: KnnReference, norm: BnReference, said: Outputs) -> Floats:
    return np.stack([knn_scores(knn, said.features), bn_scores(norm, said.stats)], axis=1)
