"""Which labels are probably wrong, judged by the other labels and what the images look like. Pure.

Confident learning: Northcutt, Jiang, Chuang 2021, arXiv 1911.00068, on left-out predictions. A
label is only ever shown for another look; nothing here changes one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

MEMBERS_MIN = 3
"""Labels that a class needs before one of its own can be judged by the others."""
QUANTILE = 0.1
MARGIN_MIN = 0.2
"""On scikit-learn's digits with one label in 20 flipped, pixels as features, this finds .78 of the
flipped among 70 labels, every second shown being one, and .90 among 300, three of four.
"""
PREDICTED_MIN = 0.6
"""Labels that do not predict one another cannot call one wrong."""
STRENGTHS = (0.01, 0.1, 1.0, 10.0, 100.0)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A label to look at again: its place, the class given, the class that it looks like, and by
    how much more (0..1).
    """

    at: int
    given: int
    looks_like: int
    margin: float


@dataclass(frozen=True, slots=True)
class Doubts:
    """The doubtful labels, the worst first. ``n_judged`` of all could be judged; of these the
    others predict the share ``predicted``.
    """

    found: tuple[Doubt, ...]
    n_judged: int
    predicted: float | None = None


def likely_errors(features: npt.ArrayLike, labels: Sequence[int], n_classes: int) -> Doubts:
    """Judge labels (n,) by features (n, d) and the other labels; few of a class judge nothing.

    A label is doubtful where another class is the likeliest, and no less likely than for nine in
    ten of that class's own members (the paper takes their mean, which needs many labels), by a
    clear margin; none where the others predict too few of the labels.
    """
    given = np.asarray(labels, dtype=np.int64)
    counts = np.bincount(given, minlength=n_classes)
    kept = np.flatnonzero(counts[given] >= MEMBERS_MIN)
    classes = np.flatnonzero(counts >= MEMBERS_MIN)
    if len(classes) < 2:
        return Doubts((), 0)
    rows = np.asarray(features)[kept]
    own = np.searchsorted(classes, given[kept])
    odds = left_out(rows, own, len(classes))
    rows_of = np.arange(len(kept))
    usual = np.array([np.quantile(odds[own == one, one], QUANTILE) for one in range(len(classes))])
    best = odds.argmax(axis=1)
    margins = odds[rows_of, best] - odds[rows_of, own]
    predicted = float((best == own).mean())
    is_doubtful = (odds[rows_of, best] >= usual[best]) & (margins >= MARGIN_MIN)
    doubtful = np.flatnonzero(is_doubtful) if predicted >= PREDICTED_MIN else kept[:0]
    found = [
        Doubt(int(kept[row]), int(given[kept[row]]), int(classes[best[row]]), float(margins[row]))
        for row in doubtful
    ]
    found.sort(key=lambda doubt: (-doubt.margin, doubt.at))
    return Doubts(tuple(found), len(kept), predicted)


def left_out(rows: npt.NDArray[Any], own: npt.NDArray[np.int64], n_classes: int) -> Floats:
    """Each sample's class probabilities (n, classes) by a model that did not see its label.

    Ridge regression onto the classes, left out one by one in closed form (Allen 1974), with the
    strength that predicts best; negative votes count as none.
    """
    n, width = rows.shape
    scaled = np.empty((n, width + 1))
    scaled[:, :width] = rows
    seen = scaled[:, :width]
    spread = seen.std(axis=0)
    seen -= seen.mean(axis=0)
    seen /= np.where(spread > 0, spread, 1.0)
    seen /= np.maximum(np.sqrt(np.einsum("ij,ij->i", seen, seen)), 1e-12)[:, None]
    scaled[:, width] = 1.0
    target = np.eye(n_classes)[own]
    # The smaller of the two square matrices: time and memory grow with the samples, no faster.
    is_long = n > scaled.shape[1]
    values, vectors = np.linalg.eigh(scaled.T @ scaled if is_long else scaled @ scaled.T)
    values = np.maximum(values, 0.0)
    sides = scaled @ vectors if is_long else vectors
    # In the place of what is needed no more: of many samples each copy is hundreds of megabytes.
    pulls, across = np.square(sides, out=scaled if is_long else None), sides.T @ target
    tried = []
    for strength in STRENGTHS:
        kept = 1 / (values + strength) if is_long else values / (values + strength)
        own_pull = np.minimum(pulls @ kept, 1 - 1e-9)[:, None]
        guess = (sides @ (kept[:, None] * across) - own_pull * target) / (1 - own_pull)
        tried.append((float(((guess - target) ** 2).sum()), guess))
    votes = np.maximum(min(tried, key=lambda item: item[0])[1], 0.0) + 1e-9
    odds: Floats = votes / votes.sum(axis=1, keepdims=True)
    return odds
