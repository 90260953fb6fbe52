"""How far people agree, on classes without order, beyond chance. Pure; standard library only.

A word is a whole number; who said nothing of a sample is missing, never a class of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

Words = Mapping[str, int]
"""What one person said, by sample."""


def cohen_kappa(pairs: Iterable[tuple[int, int]]) -> float | None:
    """Agreement of two beyond chance, at most 1; None where nothing or chance alone decides.

    Cohen 1960, A coefficient of agreement for nominal scales.
    """
    both = list(pairs)
    n = len(both)
    if not n:
        return None
    first, second = Counter(a for a, _ in both), Counter(b for _, b in both)
    seen = sum(a == b for a, b in both) / n
    by_chance = sum(first[value] * second[value] for value in first) / n**2
    return None if by_chance == 1 else (seen - by_chance) / (1 - by_chance)


def krippendorff_alpha(units: Iterable[Sequence[int]]) -> float | None:
    """Agreement of any number of people; ``units`` are the words said of each sample.

    A sample with one word says nothing. None where no two words can be compared, or all are the
    same. Krippendorff 2011, Computing Krippendorff's alpha-reliability, nominal data.
    """
    # Units of the same words count together: there are far fewer kinds of them than samples.
    pairable = Counter(tuple(sorted(words)) for words in units if len(words) > 1)
    totals: Counter[int] = Counter()
    for words, times in pairable.items():
        for value in words:
            totals[value] += times
    n = sum(totals.values())
    if n < 2:
        return None
    expected = (n**2 - sum(count**2 for count in totals.values())) / (n - 1)
    if not expected:
        return None
    observed = 0.0
    for words, times in pairable.items():
        m = len(words)
        alike = sum(count**2 for count in Counter(words).values())
        observed += times * (m**2 - alike) / (m - 1)
    return 1 - observed / expected


def pairs_of(first: Words, second: Words) -> list[tuple[int, int]]:
    """The words of two on the samples that both spoke of, by sample."""
    return [(first[sample], second[sample]) for sample in sorted(first.keys() & second.keys())]


def every_pair(people: Mapping[str, Words]) -> list[tuple[str, str, list[tuple[int, int]]]]:
    """Each two people, and their words on the samples that both spoke of."""
    return [
        (one, other, pairs_of(people[one], people[other]))
        for one, other in combinations(sorted(people), 2)
    ]


def units_of(people: Mapping[str, Words]) -> list[list[int]]:
    """The words said of each sample, samples and people in order of their names."""
    samples = sorted({sample for words in people.values() for sample in words})
    return [[people[who][one] for who in sorted(people) if one in people[who]] for one in samples]
