"""Accuracy and its change from labelled samples, each with a 95 % interval.

Only labels of a random sample belong in here: the accuracy of samples chosen for being doubtful, or
typical, says nothing about the batch.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
import numpy.typing as npt
from scipy.special import bdtr, betaincinv, logsumexp

from scanflow_tui.checks.arrays import Floats, Ints, finite
from scanflow_tui.contract.errors import InputError
from scanflow_tui.contract.evidence import Interval, WorstClass

Z = 1.959963984540054
"""The 97.5 % quantile of the normal law."""
TEMPERATURE_MAX = 20.0
HALVINGS = 60


def wilson(k: int, n: int) -> Interval:
    """A proportion of k successes in n with Wilson's score interval (Wilson 1927)."""
    counts(k, n)
    share = k / n
    centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z * sqrt(share * (1 - share) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
    low = 0.0 if k == 0 else max(0.0, centre - half)
    high = 1.0 if k == n else min(1.0, centre + half)
    return Interval(share, low, high, n)


def clopper_pearson(k: int, n: int) -> Interval:
    """A proportion of k successes in n with the exact interval (Clopper and Pearson 1934)."""
    counts(k, n)
    low = 0.0 if k == 0 else float(betaincinv(k, n - k + 1, 0.025))
    high = 1.0 if k == n else float(betaincinv(k + 1, n - k, 0.975))
    return Interval(k / n, low, high, n)


def accuracy(correct: npt.ArrayLike) -> Interval:
    """The share of correct guesses (n,) of a simple random sample, with Wilson's interval."""
    hits = np.asarray(correct, dtype=np.bool_)
    return wilson(int(hits.sum()), len(hits))


def stratum_weights(stratum: npt.ArrayLike, probability: npt.ArrayLike) -> Floats:
    """Each stratum's share of the population, from the drawn samples' inclusion probabilities.

    All drawn samples belong in here, those without a label too. Returns (number of strata,).
    """
    members = np.asarray(stratum, dtype=np.int64)
    chances = finite(probability, "inclusion probabilities", rows_min=1)
    if len(members) != len(chances) or (chances <= 0).any() or (members < 0).any():
        raise InputError("an audit sample lacks its stratum or its inclusion probability")
    sizes = np.bincount(members, weights=1 / chances)
    shares: Floats = sizes / sizes.sum()
    return shares


def stratified(correct: npt.ArrayLike, stratum: npt.ArrayLike, weights: npt.ArrayLike) -> Interval:
    """Accuracy of a population from a stratified random sample: correct (n,), stratum (n,).

    ``weights`` (number of strata,) are the strata's shares of the population; a stratum without a
    labelled sample is left out and the others stand for it. Normal interval of the stratified mean
    (Cochran 1977, chapter 5), half a success and half a failure added to each stratum's variance,
    as strata without errors would claim to be certain.
    """
    hits = finite(correct, "correct guesses", rows_min=1)
    members = np.asarray(stratum, dtype=np.int64)
    shares = finite(weights, "stratum weights", rows_min=1)
    if len(members) != len(hits) or members.min() < 0 or members.max() >= len(shares):
        raise InputError("a labelled sample is in none of the strata that were drawn")
    n = np.bincount(members, minlength=len(shares))
    seen = n > 0
    n, k = n[seen], np.bincount(members, weights=hits, minlength=len(shares))[seen]
    shares = shares[seen] / shares[seen].sum()
    value = float((shares * k / n).sum())
    added = (k + 0.5) / (n + 1)
    half = Z * sqrt(float((shares**2 * added * (1 - added) / n).sum()))
    return Interval(value, max(0.0, value - half), min(1.0, value + half), len(hits))


def paired_change(before_correct: npt.ArrayLike, after_correct: npt.ArrayLike) -> Interval:
    """Change of accuracy from before to after on the same n samples, in -1..1.

    Bonett and Price 2012, "Adjusted Wald confidence interval for a difference of binomial
    proportions based on paired data": one is added to the numbers fixed and broken, two to n;
    ``value`` is the plain difference.
    """
    fixed, broken, n = fixed_and_broken(before_correct, after_correct)
    gained, lost = (fixed + 1) / (n + 2), (broken + 1) / (n + 2)
    half = Z * sqrt((gained + lost - (gained - lost) ** 2) / (n + 2))
    low, high = max(-1.0, gained - lost - half), min(1.0, gained - lost + half)
    return Interval((fixed - broken) / n, low, high, n)


def fixed_and_broken(
    before_correct: npt.ArrayLike, after_correct: npt.ArrayLike
) -> tuple[int, int, int]:
    """How many of the same samples became right, how many became wrong, and how many there are."""
    before = np.asarray(before_correct, dtype=np.bool_)
    after = np.asarray(after_correct, dtype=np.bool_)
    if before.ndim != 1 or before.shape != after.shape or not len(before):
        raise InputError(
            f"before and after are not the same samples: {before.shape} and {after.shape}"
        )
    return int((~before & after).sum()), int((before & ~after).sum()), len(before)


def mcnemar(fixed: int, broken: int) -> float:
    """Two-sided p-value that fixed and broken are equally likely: the exact binomial test.

    McNemar 1947, in the exact form.
    """
    counts(fixed, max(1, fixed + broken))
    return min(1.0, 2 * float(bdtr(min(fixed, broken), fixed + broken, 0.5)))


def worst_class(labels: npt.ArrayLike, guesses: npt.ArrayLike, n_min: int = 5) -> WorstClass | None:
    """The class of least accuracy among those with at least n_min labels; None if there is none."""
    truth, guessed = np.asarray(labels, dtype=np.int64), np.asarray(guesses, dtype=np.int64)
    if truth.shape != guessed.shape:
        raise InputError(f"{len(truth)} labels, but {len(guessed)} guesses")
    rows = []
    for label in np.unique(truth):
        of_class = truth == label
        n = int(of_class.sum())
        if n >= n_min:
            rows.append(WorstClass(int(label), float((guessed[of_class] == label).mean()), n))
    return min(rows, key=lambda row: (row.accuracy, -row.n, row.label), default=None)


def temperature(logits: npt.ArrayLike, labels: npt.ArrayLike) -> float:
    """The temperature, in 1/20..20, by which to divide logits (n, classes) for honest confidence.

    The least negative log-likelihood of labels (n,) (Guo, Pleiss, Sun, Weinberger 2017, arXiv
    1706.04599). It is convex in 1/T, so its slope is halved down to 0.
    """
    z = finite(logits, "logits", axes=2, rows_min=1)
    truth: Ints = np.asarray(labels, dtype=np.int64)
    if len(truth) != len(z) or truth.min() < 0 or truth.max() >= z.shape[1]:
        raise InputError("the labels do not fit the logits")
    right = z[np.arange(len(z)), truth]
    low, high = 1 / TEMPERATURE_MAX, TEMPERATURE_MAX
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        odds = np.exp(middle * z - logsumexp(middle * z, axis=1, keepdims=True))
        if float(((odds * z).sum(axis=1) - right).mean()) > 0:
            high = middle
        else:
            low = middle
    return 2 / (low + high)


def counts(k: int, n: int) -> None:
    """Refuse what is no count of successes among trials."""
    if n < 1 or not 0 <= k <= n:
        raise InputError(f"{k} of {n} is no proportion", hint="at least one label is needed")
