"""How strange one sample looks: feature distance, batch-norm statistics, and their join.

High means strange. Fit on training data, join on a slice of its own, calibrate on another: training
images lie nearer to the reference than unseen ones, so scores of theirs calibrate nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scanflow_tui.checks.arrays import Floats, finite
from scanflow_tui.contract.errors import InputError

REFERENCE_MAX = 5_000
"""Training rows kept: beyond this, selecting neighbours dominates a check's time."""
BLOCK_ROWS = 1_000
DEVIATION_MIN = 1e-6
"""Added to a channel's deviation, as one that never varies in training must not divide by zero."""


@dataclass(frozen=True, slots=True)
class KnnReference:
    """Unit-length training features (r, d), float32, and which neighbour counts."""

    features: npt.NDArray[np.float32]
    k: int


@dataclass(frozen=True, slots=True)
class BnReference:
    """Training statistics: scale (d,), then mean (d,) and precision (d, d) of the scaled."""

    scale: Floats
    mean: Floats
    precision: Floats


@dataclass(frozen=True, slots=True)
class JoinScale:
    """Median (s,) and spread (s,) (90th percentile minus median) of each score."""

    median: Floats
    spread: Floats


def fit_knn(
    features: npt.ArrayLike, k: int = 10, labels: npt.ArrayLike | None = None
) -> KnnReference:
    """A reference for ``knn_scores`` from training features (n, d), capped at 5,000 rows.

    Beyond the cap rows are taken at even steps, in proportion by class if ``labels`` (n,) come.
    """
    rows = finite(features, "features", axes=2, rows_min=k)
    rows = rows[rows_kept(len(rows), labels)]
    return KnnReference(unit_length(rows).astype(np.float32), k)


def rows_kept(n: int, labels: npt.ArrayLike | None = None) -> npt.NDArray[np.int64]:
    """Which of n training rows a reference keeps, in their order: all up to 5,000."""
    if n <= REFERENCE_MAX:
        return np.arange(n)
    order = np.arange(n) if labels is None else np.argsort(labels, kind="stable")
    steps = np.arange(REFERENCE_MAX) * n // REFERENCE_MAX
    return np.sort(order[steps])


def knn_scores(ref: KnnReference, features: npt.ArrayLike) -> Floats:
    """Euclidean distance of each row's direction (n, d) to its k-th nearest reference: (n,).

    Deep nearest neighbours (Sun, Ming, Zhu, Li 2022, arXiv 2204.06507).
    """
    rows = finite(features, "features", axes=2)
    same_width(rows, ref.features, "features")
    queries = unit_length(rows).astype(np.float32)
    lengths = (ref.features**2).sum(axis=1)
    scores = np.empty(len(queries))
    for start in range(0, len(queries), BLOCK_ROWS):
        block = queries[start : start + BLOCK_ROWS]
        square = (block**2).sum(axis=1, keepdims=True) + lengths - 2 * block @ ref.features.T
        nearest = np.partition(square, ref.k - 1, axis=1)[:, ref.k - 1]
        scores[start : start + BLOCK_ROWS] = np.sqrt(np.maximum(nearest, 0))
    return scores


def knn_nearest(
    ref: KnnReference, features: npt.ArrayLike, n_nearest: int
) -> npt.NDArray[np.int64]:
    """The references nearest to each row's direction (n, d), the nearest first: (n, n_nearest)."""
    rows = finite(features, "features", axes=2)
    same_width(rows, ref.features, "features")
    queries = unit_length(rows).astype(np.float32)
    n_nearest = min(n_nearest, len(ref.features))
    likeness = queries @ ref.features.T
    found = np.argpartition(-likeness, n_nearest - 1, axis=1)[:, :n_nearest]
    order = np.argsort(-np.take_along_axis(likeness, found, axis=1), axis=1, kind="stable")
    nearest: npt.NDArray[np.int64] = np.take_along_axis(found, order, axis=1)
    return nearest


def ledoit_wolf(x: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Mean (d,) and precision (d, d) of x (n, d), its covariance shrunk towards the identity's.

    Ledoit and Wolf 2004, "A well-conditioned estimator for large-dimensional covariance matrices":
    with S the covariance and mu = tr(S)/d, the share of mu I is min(b, e)/e, where
    e = |S - mu I|^2 / d and b = (mean |x x'|^2 - |S|^2) / (n d), in Frobenius norms.
    """
    rows = finite(x, "statistics", axes=2, rows_min=2)
    n, d = rows.shape
    mean = rows.mean(axis=0)
    centred = rows - mean
    covariance = centred.T @ centred / n
    mu = float(np.trace(covariance)) / d
    square = float((covariance**2).sum())
    distance = (square - 2 * mu * float(np.trace(covariance)) + d * mu**2) / d
    noise = (float(((centred**2).sum(axis=1) ** 2).mean()) - square) / (n * d)
    share = min(noise, distance) / distance if distance > 0 and noise > 0 else 0.0
    shrunk = (1 - share) * covariance + share * mu * np.eye(d)
    return mean, np.linalg.pinv(shrunk, hermitian=True)


def fit_bn(stats: npt.ArrayLike) -> BnReference:
    """A reference for ``bn_scores`` from training statistics (n, d).

    ``stats``: for each image the mean and the deviation over pixels of each channel that enters a
    batch-norm layer.
    """
    rows = finite(stats, "batch-norm statistics", axes=2, rows_min=2)
    scale = rows.std(axis=0) + DEVIATION_MIN
    mean, precision = ledoit_wolf(rows / scale)
    return BnReference(scale, mean, precision)


def bn_scores(ref: BnReference, stats: npt.ArrayLike) -> Floats:
    """Squared Mahalanobis distance of each row of batch-norm statistics (n, d): (n,).

    Mahalanobis distance as a score: Lee, Lee, Lee, Shin 2018, arXiv 1807.03888.
    """
    rows = finite(stats, "batch-norm statistics", axes=2)
    same_width(rows, ref.precision, "batch-norm statistics")
    centred = rows / ref.scale - ref.mean
    distances: Floats = ((centred @ ref.precision) * centred).sum(axis=1)
    return distances


def fit_join(columns: npt.ArrayLike) -> JoinScale:
    """How to make scores comparable, from a slice (n, s) that calibrates nothing else."""
    rows = finite(columns, "scores to join", axes=2, rows_min=2)
    median, upper = np.quantile(rows, [0.5, 0.9], axis=0)
    spread = upper - median
    if (spread <= 0).any():
        column = int(np.argmin(spread))
        raise InputError(
            f"score {column} does not vary over the {len(rows)} samples of the join slice",
            where="check",
            hint="a model whose features are constant cannot be checked",
        )
    return JoinScale(median, spread)


def join(scale: JoinScale, columns: npt.ArrayLike) -> Floats:
    """The largest of a sample's scores (n, s), each as (score - median) / spread: (n,)."""
    rows = finite(columns, "scores to join", axes=2)
    same_width(rows, scale.median[None], "scores to join")
    largest: Floats = ((rows - scale.median) / scale.spread).max(axis=1)
    return largest


def auroc(clean: npt.ArrayLike, strange: npt.ArrayLike) -> float:
    """The chance that a strange sample's score is above a clean one's, ties as half.

    The Mann-Whitney statistic over the number of pairs (Hanley and McNeil 1982).
    """
    low = np.sort(finite(clean, "clean scores", rows_min=1))
    high = finite(strange, "strange scores", rows_min=1)
    below = np.searchsorted(low, high, side="left") + np.searchsorted(low, high, side="right")
    return float(below.mean()) / (2 * len(low))


def unit_length(rows: Floats) -> Floats:
    """Each row divided by its length; a row of zeros stays one."""
    lengths = np.sqrt((rows**2).sum(axis=1, keepdims=True))
    scaled: Floats = rows / np.maximum(lengths, np.finfo(np.float64).tiny)
    return scaled


def same_width(rows: Floats, reference: npt.NDArray[np.floating], name: str) -> None:
    """Refuse rows that are not as wide as the reference they are compared with."""
    if rows.shape[1] != reference.shape[1]:
        raise InputError(
            f"{name} have {rows.shape[1]} columns, the reference has {reference.shape[1]}",
            where="check",
            hint="a reference serves only the model it was made with",
        )
