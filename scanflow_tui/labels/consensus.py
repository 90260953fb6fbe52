"""What several people's words come to on each sample, and how sure that is. Pure.

Dawid and Skene 1979, Maximum likelihood estimation of observer error-rates using the EM algorithm:
each person has rates of saying one class where another is true, learned without knowing the truth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

ROUNDS_MAX = 200
TOLERANCE = 1e-7
SURE = 0.9
"""A sample on which people differ is disputed below this probability, and without a majority: of
two who differ the rates alone would be sure of one in four, and of those half would be wrong (two
people who are right nine times in ten, 14 of 70 samples in common, simulated).
"""
PRIOR_WORDS = 4.0
PRIOR_RIGHT = 0.8
"""Few words teach little: each person and class begins with four words, of which four in five are
right.
"""


@dataclass(frozen=True, slots=True)
class Estimate:
    """``posteriors`` (samples, classes), ``confusion`` (people, true class, said class), rows of
    which sum to 1, ``shares`` (classes), and the log-likelihood after each round.
    """

    posteriors: Floats
    confusion: Floats
    shares: Floats
    likelihoods: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Consensus:
    """What was agreed on one sample: its most likely class and that class's probability."""

    value: int
    probability: float
    disputed: bool


def dawid_skene(
    words: Sequence[tuple[int, int, int]],
    *,
    n_samples: int,
    n_people: int,
    n_classes: int,
    prior: float = 0.0,
) -> Estimate:
    """Estimate truth and error rates from words (sample, person, class), repeats allowed.

    ``prior`` is the number of words that each person and class begins with, and then each class
    with one sample; 0 is the paper's own maximum likelihood. A sample without a word takes the
    classes' shares.
    """
    sample, person, said = (
        np.asarray(column, dtype=np.int64) for column in zip(*words, strict=True)
    )
    posteriors = np.zeros((n_samples, n_classes))
    np.add.at(posteriors, (sample, said), 1.0)
    spoken = posteriors.sum(axis=1, keepdims=True)
    posteriors = np.where(spoken > 0, posteriors / np.maximum(spoken, 1), 1 / n_classes)
    wrong = (1 - PRIOR_RIGHT) / max(1, n_classes - 1)
    begun = prior * (
        np.full((n_classes, n_classes), wrong) + (PRIOR_RIGHT - wrong) * np.eye(n_classes)
    )
    likelihoods: list[float] = []
    while True:
        shares = posteriors.sum(axis=0) + bool(prior)
        shares = shares / shares.sum()
        confusion = np.repeat(begun[None], n_people, axis=0)
        np.add.at(confusion.transpose(0, 2, 1), (person, said), posteriors[sample])
        totals = confusion.sum(axis=2, keepdims=True)
        # Nobody spoke of a class that nothing belongs to: any rate does.
        confusion = np.where(totals > 0, confusion / np.where(totals > 0, totals, 1), 1 / n_classes)
        with np.errstate(divide="ignore"):
            logs = np.repeat(np.log(shares)[None], n_samples, axis=0)
            np.add.at(logs, sample, np.log(confusion)[person, :, said])
        highest = logs.max(axis=1, keepdims=True)
        weights = np.exp(logs - highest)
        totals = weights.sum(axis=1, keepdims=True)
        posteriors = weights / totals
        likelihoods.append(float((highest + np.log(totals)).sum()))
        is_still = len(likelihoods) > 1 and abs(likelihoods[-1] - likelihoods[-2]) < TOLERANCE
        if len(likelihoods) == ROUNDS_MAX or is_still:
            return Estimate(posteriors, confusion, shares, tuple(likelihoods))


def estimate(
    words: Mapping[str, Mapping[str, int]], n_classes: int
) -> tuple[list[str], list[str], Estimate] | None:
    """Samples, people and the estimate from words by sample and person; None where there is none.

    Samples and people come in order of their names, so that a tie is settled alike everywhere.
    """
    samples = sorted(words)
    people = sorted({who for by in words.values() for who in by})
    rows = [
        (at, people.index(who), words[sample][who])
        for at, sample in enumerate(samples)
        for who in sorted(words[sample])
    ]
    if not rows:
        return None
    found = dawid_skene(
        rows,
        n_samples=len(samples),
        n_people=len(people),
        n_classes=n_classes,
        prior=PRIOR_WORDS,
    )
    return samples, people, found


def consensus(words: Mapping[str, Mapping[str, int]], n_classes: int) -> dict[str, Consensus]:
    """What people agree on, by sample; a class that all said is never overruled by their rates."""
    known = estimate(words, n_classes)
    if known is None:
        return {}
    samples, _, found = known
    agreed: dict[str, Consensus] = {}
    for at, sample in enumerate(samples):
        odds = found.posteriors[at]
        said = sorted(set(words[sample].values()))
        # Of the classes that somebody said: rates alone do not bring in another.
        best = said[int(np.argmax(odds[said]))]
        probability = float(odds[best])
        n_best = sum(value == best for value in words[sample].values())
        is_sure = probability >= SURE and 2 * n_best > len(words[sample])
        agreed[sample] = Consensus(best, probability, len(said) > 1 and not is_sure)
    return agreed
