"""What several humans' words on a sample come to, for the files that repair and evaluation read.

Pure. One human alone is taken at their word, and numpy is loaded only where people differ or agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from scanflow_tui.contract.evidence import LabelKind


class Word(Protocol):
    """One human's word in force on one sample."""

    @property
    def actor(self) -> str: ...
    @property
    def kind(self) -> LabelKind: ...
    @property
    def value(self) -> int | None: ...
    @property
    def seq(self) -> int: ...
    @property
    def at(self) -> int: ...
    @property
    def settles(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Settled:
    """The word that counts. ``by`` are those who said it, or whose words were weighed.

    ``disputed``: people differ, nobody settled it, and no class is sure; ``probability`` is that of
    the class, None where nothing had to be weighed.
    """

    kind: LabelKind
    value: int | None
    by: tuple[str, ...]
    at: int
    disputed: bool = False
    probability: float | None = None


Words = Mapping[str, Mapping[str, Word]]
"""Words in force by sample and actor."""


def settle(words: Words, n_classes: int) -> dict[str, Settled]:
    """The word that counts on each sample.

    In this order: the owner's second look; the only human's latest word; the consensus of those who
    named a class or called the image invalid (who was unsure or skipped is not weighed).
    """
    settled = {sample: alone for sample, by in words.items() if (alone := _alone(by)) is not None}
    several = {sample: by for sample, by in words.items() if by and sample not in settled}
    if not several:
        return settled
    from scanflow_tui.labels.consensus import consensus

    named = votes(words, n_classes)
    agreed = consensus(named, n_classes + 1)
    for sample, by in several.items():
        found, voters = agreed[sample], tuple(sorted(named[sample]))
        invalid = found.value == n_classes
        settled[sample] = Settled(
            "invalid" if invalid else "class",
            None if invalid else found.value,
            voters,
            max(by[who].at for who in voters),
            found.disputed,
            found.probability,
        )
    return settled


def votes(words: Words, n_classes: int) -> dict[str, dict[str, int]]:
    """By sample and actor the class that was named; ``n_classes`` stands for no valid image."""
    found: dict[str, dict[str, int]] = {}
    for sample, by in words.items():
        kept = {}
        for who, word in by.items():
            value = vote(word, n_classes)
            if value is not None:
                kept[who] = value
        if kept:
            found[sample] = kept
    return found


def vote(word: Word, n_classes: int) -> int | None:
    """A word as a class, or None where it names none."""
    if word.kind == "invalid":
        return n_classes
    return word.value if word.kind == "class" else None


def _alone(by: Mapping[str, Word]) -> Settled | None:
    """The word that counts without weighing: a second look, or that of a single human."""
    looks = [word for word in by.values() if word.settles]
    named = [word for word in by.values() if word.kind in ("class", "invalid")]
    if looks:
        counts = max(looks, key=lambda word: word.seq)
    elif len(named) == 1:
        counts = named[0]
    elif by and not named:
        counts = max(by.values(), key=lambda word: word.seq)
    else:
        return None
    return Settled(counts.kind, counts.value, (counts.actor,), counts.at)
