"""What an owner wants to know of several people's labels: how far they agree, what they dispute,
which labels look wrong. Pure; nothing here changes a label.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scanflow_tui.labels.agreement import cohen_kappa, every_pair, krippendorff_alpha, units_of
from scanflow_tui.labels.assign import AGAIN
from scanflow_tui.labels.consensus import estimate
from scanflow_tui.labels.doubt import Doubts, likely_errors
from scanflow_tui.labels.settle import Settled, Words, settle, votes


@dataclass(frozen=True, slots=True)
class Person:
    """One who labelled ``n`` samples. ``n_again`` were shown again, ``n_same`` of them got the same
    word; ``right`` is the estimated share of right words, ``confusion`` by true and by said class.
    """

    who: str
    n: int
    n_again: int
    n_same: int
    kappa_again: float | None
    right: float | None
    confusion: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two who both spoke of ``n`` samples, and said the same of ``n_same``."""

    one: str
    other: str
    n: int
    n_same: int
    kappa: float | None


@dataclass(frozen=True, slots=True)
class Suspect:
    """A label that the others make unlikely."""

    sample: str
    given: int
    looks_like: int
    margin: float


@dataclass(frozen=True, slots=True)
class Review:
    """``alpha`` is Krippendorff's over the ``n_several`` samples with several words; ``disputed``
    and ``suspects`` are for a second look. ``n_judged`` labels could be judged by features, and
    the share ``predicted`` of them is what the others say.
    """

    people: tuple[Person, ...]
    pairs: tuple[Pair, ...]
    alpha: float | None
    n_several: int
    settled: dict[str, Settled]
    disputed: tuple[str, ...]
    suspects: tuple[Suspect, ...]
    n_judged: int
    predicted: float | None = None

    @property
    def second_look(self) -> tuple[str, ...]:
        """The samples to look at again: disputed ones, then likely errors, the clearest first."""
        return tuple(dict.fromkeys([*self.disputed, *(one.sample for one in self.suspects)]))


def review(
    words: Words,
    samples: Sequence[str],
    n_classes: int,
    features: Mapping[str, Sequence[float]] | None = None,
) -> Review:
    """Everything about the words in force on a queue's ``samples``; ``features`` by sample."""
    first = {sample: words.get(sample, {}) for sample in samples}
    settled = settle(first, n_classes)
    named = votes(first, n_classes)
    people: dict[str, dict[str, int]] = {}
    for sample, by in named.items():
        for who, value in by.items():
            people.setdefault(who, {})[sample] = value
    disputed = sorted(
        (sample for sample, word in settled.items() if word.disputed),
        key=lambda sample: (settled[sample].probability or 0.0, sample),
    )
    suspects, doubts = _suspects(first, settled, n_classes, features or {})
    return Review(
        _people(people, named, words, n_classes),
        tuple(
            Pair(one, other, len(both), sum(a == b for a, b in both), cohen_kappa(both))
            for one, other, both in every_pair(people)
        ),
        krippendorff_alpha(units_of(people)),
        sum(len(by) > 1 for by in named.values()),
        settled,
        tuple(disputed),
        suspects,
        doubts.n_judged,
        doubts.predicted,
    )


def _people(
    people: Mapping[str, Mapping[str, int]],
    named: Mapping[str, Mapping[str, int]],
    words: Words,
    n_classes: int,
) -> tuple[Person, ...]:
    again = votes({sample: by for sample, by in words.items() if sample.endswith(AGAIN)}, n_classes)
    known = estimate(named, n_classes + 1) if any(len(by) > 1 for by in named.values()) else None
    found = []
    for who in sorted(people):
        pairs = [
            (people[who][base], by[who])
            for sample, by in sorted(again.items())
            if who in by and (base := sample.removesuffix(AGAIN)) in people[who]
        ]
        right: float | None = None
        confusion: tuple[tuple[float, ...], ...] = ()
        if known is not None:
            rates = known.found.confusion[known.people.index(who)]
            right = float((known.found.shares * np.diag(rates)).sum())
            confusion = tuple(tuple(float(rate) for rate in row) for row in rates)
        n_same = sum(a == b for a, b in pairs)
        found.append(
            Person(who, len(people[who]), len(pairs), n_same, cohen_kappa(pairs), right, confusion)
        )
    return tuple(found)


def _suspects(
    words: Words,
    settled: Mapping[str, Settled],
    n_classes: int,
    features: Mapping[str, Sequence[float]],
) -> tuple[tuple[Suspect, ...], Doubts]:
    """Labels judged by the others; what the owner looked at again is not suspected any more."""
    judged = [
        sample
        for sample, word in settled.items()
        if word.kind == "class" and not word.disputed and sample in features
    ]
    if not judged:
        return (), Doubts((), 0)
    given = [settled[sample].value or 0 for sample in judged]
    doubts = likely_errors([features[sample] for sample in judged], given, n_classes)
    return (
        tuple(
            Suspect(judged[doubt.at], doubt.given, doubt.looks_like, doubt.margin)
            for doubt in doubts.found
            if not any(word.settles for word in words[judged[doubt.at]].values())
        ),
        doubts,
    )
