"""Which samples a human is asked about: typical ones to repair with, random ones to judge by.

The audit share is drawn first, at random from the whole batch, so that its inclusion probabilities
are true; samples chosen in any other way prove nothing about accuracy.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from scanflow_tui.contract.errors import InputError
from scanflow_tui.contract.evidence import QueueEntry
from scanflow_tui.labels.order import ORDERS, Order, mixed, ordered

__all__ = ["ORDERS", "Order", "build_queue", "clusters", "ordered", "stratified_audit", "typical"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

ROUNDS = 10
"""Lloyd iterations: the images nearest to the centres hardly change after a few."""
NEXT_GUESSES = 2


def build_queue(
    *,
    features: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    p: npt.ArrayLike,
    flagged: npt.ArrayLike,
    n_repair: int = 50,
    n_audit: int = 20,
    seed: int = 0,
    ids: Sequence[str] | None = None,
) -> tuple[QueueEntry, ...]:
    """The queue of one batch, repair samples in typical order with the audit samples among them.

    ``features`` (n, d), ``probabilities`` (n, classes) of the model, conformal ``p`` (n,),
    ``flagged`` (n,), ``ids`` (n) (if left out, the index in five digits). A batch smaller than the
    queue is shared out in proportion. InputError: sizes that differ, values that are not finite.
    """
    rows, guesses = finite(features, "features", axes=2), finite(probabilities, "guesses", axes=2)
    strangeness = finite(p, "p-values", axes=1)
    marks = np.asarray(flagged, dtype=np.bool_)
    n = len(rows)
    names = [f"{index:05d}" for index in range(n)] if ids is None else list(ids)
    if {len(guesses), len(strangeness), len(marks), len(names)} != {n}:
        raise InputError("features, guesses, p-values, flags and ids of a queue differ in number")
    if len(set(names)) != n:
        raise InputError("two samples of a queue have the same id")
    wanted = max(1, n_repair + n_audit)
    n_audit = min(n_audit, round(n * n_audit / wanted))
    confidence = guesses.max(axis=1)
    rng = np.random.default_rng(seed)
    drawn, strata, inclusion = stratified_audit(confidence, n_audit, rng=rng)
    rest = np.setdiff1d(np.arange(n), drawn)
    k = min(n_repair, len(rest))
    repair = rest[typical(rows[rest], k, seed)]

    def entry(index: int, probability: float | None, stratum: int | None) -> QueueEntry:
        best = np.argsort(-guesses[index], kind="stable")[: NEXT_GUESSES + 1]
        odds = [float(guesses[index, label]) for label in best]
        # The same words for both shares: a cluster's number, say, would give the audit share away.
        why = f"p {strangeness[index]:.3f}".replace(" 0.", " .")
        return QueueEntry(
            id=names[index],
            index=index,
            share="repair" if probability is None else "audit",
            flagged=bool(marks[index]),
            p=float(strangeness[index]),
            guess=int(best[0]),
            confidence=odds[0],
            risk=1 - (odds[0] - odds[1]) if len(odds) > 1 else 0.0,
            probability=probability,
            stratum=stratum,
            next_guesses=tuple(zip(map(int, best[1:]), odds[1:], strict=True)),
            why=why + (" · flagged" if marks[index] else ""),
        )

    audit = [
        entry(int(index), float(chance), int(stratum))
        for index, stratum, chance in zip(drawn, strata, inclusion, strict=True)
    ]
    return mixed([entry(int(index), None, None) for index in repair], audit, seed=seed)


def stratified_audit(
    confidence: npt.ArrayLike, k: int, strata: int = 5, *, rng: np.random.Generator
) -> tuple[Ints, Ints, Floats]:
    """Draw k samples at random, evenly from strata of equal size by confidence (n,).

    Returns indices (k,), their strata (k,) (0 the least confident) and the inclusion probability
    of each when it was drawn (k,). Stratified sampling: Cochran 1977, chapter 5.
    """
    values = finite(confidence, "confidence", axes=1)
    n = len(values)
    k, strata = min(k, n), max(1, min(strata, n))
    member = np.empty(n, dtype=np.int64)
    member[np.argsort(values, kind="stable")] = np.arange(n) * strata // max(n, 1)
    # Samples left over by the division go to strata chosen by chance.
    sizes = np.bincount(member, minlength=strata)
    shares = np.full(strata, k // strata)
    shares[rng.permutation(strata)[: k % strata]] += 1
    shares = level(shares, sizes)
    drawn = np.concatenate(
        [rng.permutation(np.flatnonzero(member == s))[: shares[s]] for s in range(strata)]
    )
    drawn = rng.permutation(drawn).astype(np.int64)
    inclusion: Floats = shares[member[drawn]] / sizes[member[drawn]]
    return drawn, member[drawn], inclusion


def level(shares: Ints, sizes: Ints) -> Ints:
    """Shares that no stratum is too small for; what one cannot give, the largest others give."""
    given = np.minimum(shares, sizes)
    for _ in range(int(shares.sum() - given.sum())):
        given[np.argmax(sizes - given)] += 1
    return given


def typical(features: npt.ArrayLike, k: int, seed: int = 0) -> Ints:
    """Indices of k distinct typical samples: the nearest to each of k cluster centres.

    Clusters of unit-length features (n, d), the largest first. Hacohen, Dekel, Weinshall 2022,
    arXiv 2202.02794: with few labels, typical samples teach more than doubtful ones.
    """
    rows = finite(features, "features", axes=2)
    return nearest_distinct(unit_length(rows), clusters(rows, min(k, len(rows)), seed))


def clusters(features: npt.ArrayLike, k: int, seed: int = 0) -> Floats:
    """Centres (k, d) of unit-length features (n, d), the largest cluster first.

    Lloyd 1982, started by k-means++ (Arthur and Vassilvitskii 2007); a centre that loses all its
    samples stays where it is.
    """
    points = unit_length(finite(features, "features", axes=2))
    if k < 1:
        return points[:0]
    rng = np.random.default_rng(seed)
    centres = points[[int(rng.integers(len(points)))]]
    nearest = squared_distances(points, centres)[:, 0]
    while len(centres) < k:
        total = nearest.sum()
        odds = nearest / total if total > 0 else None
        chosen = int(rng.choice(len(points), p=odds))
        centres = np.vstack([centres, points[chosen]])
        nearest = np.minimum(nearest, squared_distances(points, centres[-1:])[:, 0])
    for _ in range(ROUNDS):
        group = nearest_centre(points, centres)
        counts = np.bincount(group, minlength=k)
        sums = np.zeros_like(centres)
        np.add.at(sums, group, points)
        kept = counts > 0
        centres[kept] = sums[kept] / counts[kept, None]
    sizes = np.bincount(nearest_centre(points, centres), minlength=k)
    return centres[np.argsort(-sizes, kind="stable")]


def nearest_distinct(points: Floats, centres: Floats) -> Ints:
    """For each centre the nearest point that no earlier centre has taken."""
    distances = squared_distances(points, centres)
    chosen = np.empty(len(centres), dtype=np.int64)
    for place in range(len(centres)):
        chosen[place] = np.argmin(distances[:, place])
        distances[chosen[place]] = np.inf
    return chosen


def nearest_centre(points: Floats, centres: Floats) -> Ints:
    """For each point the number of its nearest centre."""
    nearest: Ints = np.argmin(squared_distances(points, centres), axis=1)
    return nearest


def squared_distances(points: Floats, centres: Floats) -> Floats:
    """Squared Euclidean distances (points, centres), never negative by rounding."""
    square = (points**2).sum(axis=1)[:, None] + (centres**2).sum(axis=1)
    distances: Floats = np.maximum(square - 2 * points @ centres.T, 0)
    return distances


def unit_length(rows: Floats) -> Floats:
    """Each row divided by its length; a row of zeros stays one."""
    lengths = np.sqrt((rows**2).sum(axis=1, keepdims=True))
    scaled: Floats = rows / np.maximum(lengths, np.finfo(np.float64).tiny)
    return scaled


def finite(values: npt.ArrayLike, name: str, *, axes: int) -> Floats:
    """The values as float64 with this many axes, or InputError."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != axes or not np.isfinite(array).all():
        raise InputError(f"{name} of a queue must be finite numbers with {axes} axes")
    return array
