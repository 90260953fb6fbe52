"""What several people's words come to on each sample, and how sure that is. Pure.

Dawid and Skene 1979, Maximum likelihood estimation of observer error-rates using the EM algorithm:
each person has rates of saying one class where another is true, learned without knowing the truth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

ROUNDS_MAX = 200
CELLS_MAX = 400_000_000
"""So many numbers (rounds by profiles by classes) are worked out at most: where there are very many
profiles the rounds are fewer, ten at least. The first rounds settle nearly everything.
"""
TOLERANCE = 1e-9
"""Rounds end where the likelihood of a word, in the mean, grows by less."""
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


@dataclass(frozen=True, slots=True)
class Weighed:
    """The estimate of many samples. Samples of which the same people said the same are one profile:
    ``profiles`` names it by sample, and ``found.posteriors`` has a row a profile.
    """

    people: tuple[str, ...]
    words: tuple[tuple[tuple[str, int], ...], ...]
    profiles: Mapping[str, int]
    found: Estimate


def dawid_skene(
    words: Sequence[tuple[int, int, int]],
    *,
    n_samples: int,
    n_people: int,
    n_classes: int,
    prior: float = 0.0,
    times: Sequence[int] | None = None,
) -> Estimate:
    """Estimate truth and error rates from words (sample, person, class), repeats allowed.

    ``prior`` is the number of words that each person and class begins with, and then each class
    with one sample; 0 is the paper's own maximum likelihood. A sample without a word takes the
    classes' shares. ``times``: how many samples each stands for, if not one.
    """
    rows = np.asarray(words, dtype=np.int64).reshape(-1, 3)
    weight = np.ones(n_samples) if times is None else np.asarray(times, dtype=np.float64)
    columns = _columns(rows)
    by_said = _Sums(rows[:, 1] * n_classes + rows[:, 2])
    posteriors = np.zeros((n_samples, n_classes))
    for column in columns:
        posteriors[column[:, 0], column[:, 2]] += 1.0
    spoken = posteriors.sum(axis=1, keepdims=True)
    posteriors = np.where(spoken > 0, posteriors / np.maximum(spoken, 1), 1 / n_classes)
    begun = _begun(n_classes, prior)
    n_said = max(1.0, float(weight[rows[:, 0]].sum()))
    rounds_max = max(10, min(ROUNDS_MAX, CELLS_MAX // max(1, n_samples * n_classes)))
    likelihoods: list[float] = []
    while True:
        heavy = posteriors * weight[:, None]
        shares = heavy.sum(axis=0) + bool(prior)
        shares = shares / shares.sum()
        confusion = np.repeat(begun[None], n_people, axis=0)
        who, said = np.divmod(by_said.keys, n_classes)
        confusion.transpose(0, 2, 1)[who, said] += by_said.of(heavy[rows[:, 0]])
        totals = confusion.sum(axis=2, keepdims=True)
        # Nobody spoke of a class that nothing belongs to: any rate does.
        confusion = np.where(totals > 0, confusion / np.where(totals > 0, totals, 1), 1 / n_classes)
        with np.errstate(divide="ignore"):
            logs = np.repeat(np.log(shares)[None], n_samples, axis=0)
            rates = np.log(confusion)
        for column in columns:
            logs[column[:, 0]] += rates[column[:, 1], :, column[:, 2]]
        highest = logs.max(axis=1, keepdims=True)
        posteriors = np.exp(logs - highest)
        totals = posteriors.sum(axis=1, keepdims=True)
        posteriors /= totals
        likelihoods.append(float(((highest + np.log(totals))[:, 0] * weight).sum()))
        grown = abs(likelihoods[-1] - likelihoods[-2]) if len(likelihoods) > 1 else np.inf
        if len(likelihoods) == rounds_max or grown < TOLERANCE * n_said:
            return Estimate(posteriors, confusion, shares, tuple(likelihoods))


def _begun(n_classes: int, prior: float) -> Floats:
    """What is thought of everybody before they said a word."""
    wrong = (1 - PRIOR_RIGHT) / max(1, n_classes - 1)
    right = (PRIOR_RIGHT - wrong) * np.eye(n_classes)
    begun: Floats = prior * (np.full((n_classes, n_classes), wrong) + right)
    return begun


def _columns(rows: Ints) -> list[Ints]:
    """The words in as few parts as there are words of one sample: no part names a sample twice."""
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    starts = np.flatnonzero(np.diff(rows[:, 0], prepend=-1))
    lengths = np.diff(starts, append=len(rows))
    place = np.arange(len(rows)) - np.repeat(starts, lengths)
    return [rows[place == at] for at in range(int(lengths.max(initial=0)))]


class _Sums:
    """Sums rows that have the same key; which they are is worked out once."""

    def __init__(self, of: Ints) -> None:
        self._order = np.argsort(of, kind="stable")
        self.keys, self._starts = np.unique(of[self._order], return_index=True)

    def of(self, rows: Floats) -> Floats:
        """A row for each of ``keys``."""
        if not len(rows):
            return rows
        sums: Floats = np.add.reduceat(rows[self._order], self._starts, axis=0)
        return sums


def estimate(words: Mapping[str, Mapping[str, int]], n_classes: int) -> Weighed | None:
    """The estimate from words by sample and person; None where there are none.

    Profiles and people come in order, so that a tie is settled alike everywhere.
    """
    profile_of = {sample: tuple(sorted(by.items())) for sample, by in words.items() if by}
    if not profile_of:
        return None
    counted = Counter(profile_of.values())
    profiles = sorted(counted)
    people = tuple(sorted({who for profile in profiles for who, _ in profile}))
    number = {who: at for at, who in enumerate(people)}
    found = dawid_skene(
        [(at, number[who], said) for at, profile in enumerate(profiles) for who, said in profile],
        n_samples=len(profiles),
        n_people=len(people),
        n_classes=n_classes,
        prior=PRIOR_WORDS,
        times=[counted[profile] for profile in profiles],
    )
    place = {profile: at for at, profile in enumerate(profiles)}
    at_sample = {sample: place[profile] for sample, profile in profile_of.items()}
    return Weighed(people, tuple(profiles), at_sample, found)


def consensus(words: Mapping[str, Mapping[str, int]], n_classes: int) -> dict[str, Consensus]:
    """What people agree on, by sample; a class that all said is never overruled by their rates."""
    known = estimate(words, n_classes)
    if known is None:
        return {}
    agreed = [
        _agreed([value for _, value in profile], known.found.posteriors[at])
        for at, profile in enumerate(known.words)
    ]
    return {sample: agreed[at] for sample, at in known.profiles.items()}


def _agreed(values: Sequence[int], odds: Floats) -> Consensus:
    said = sorted(set(values))
    # Of the classes that somebody said: rates alone do not bring in another.
    best = said[int(np.argmax(odds[said]))]
    probability = float(odds[best])
    is_sure = probability >= SURE and 2 * values.count(best) > len(values)
    return Consensus(best, probability, len(said) > 1 and not is_sure)
