"""What stands on the samples of a queue, counted as it changes: no key looks at all. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from scanflow_tui.contract.evidence import LabelKind, QueueEntry


@dataclass(frozen=True, slots=True)
class Counts:
    """How far the queue is, in samples. A guess that was rejected alone is no class yet."""

    labelled: int
    unsure: int
    skipped: int
    invalid: int
    left: int
    total: int
    rejected: int = 0

    @property
    def open(self) -> int:
        """Samples that still ask for a word: nothing was said of them, or only what they are
        not.
        """
        return self.left + self.rejected

    @property
    def done(self) -> int:
        """Samples that ask for nothing more."""
        return self.total - self.open


class Tally:
    """``kinds`` of the words by sample; ``changed`` names the samples looked at anew, in order."""

    def __init__(self, total: int) -> None:
        self.kinds: dict[str, LabelKind] = {}
        self.changed: list[str] = []
        self._stamps: dict[str, int] = {}
        self._total = total
        self._n_of: Counter[LabelKind] = Counter()

    def note(self, sample: str, kind: LabelKind | None) -> None:
        """Something else may stand on a sample now: a word of this kind, or none."""
        self._stamps[sample] = self._stamps.get(sample, 0) + 1
        self.changed.append(sample)
        before = self.kinds.pop(sample, None)
        if before is not None:
            self._n_of[before] -= 1
        if kind is not None:
            self.kinds[sample] = kind
            self._n_of[kind] += 1

    def stamp(self, sample: str) -> int:
        """Another number whenever something else stands on a sample, or was saved of it."""
        return self._stamps.get(sample, 0)

    def counts(self) -> Counts:
        """How many samples have a class, were put aside, or have nothing yet."""
        n_of, left = self._n_of, self._total - len(self.kinds)
        return Counts(
            n_of["class"], n_of["unsure"], n_of["skip"], n_of["invalid"], left, self._total,
            n_of["rejected"],
        )  # fmt: skip


class Places:
    """Where each sample stands in an order, and which place asks for a word next.

    A guess that was rejected asks for its class, unless guesses are being judged.
    """

    def __init__(self, entries: Sequence[QueueEntry], tally: Tally, *, judging: bool) -> None:
        self.entries = entries
        self._tally = tally
        self.judging = judging
        self._at = {entry.id: at for at, entry in enumerate(entries)}
        self._has_word = bytearray(len(self._at))
        for sample in tally.kinds:
            at = self._at.get(sample)
            if at is not None:
                self._has_word[at] = self._is_said(sample)
        self._n_heard = len(tally.changed)

    def at(self, sample: str) -> int | None:
        """The place of a sample."""
        return self._at.get(sample)

    def next_open(self, after: int) -> int | None:
        """The next place that asks for a word after one, from the start again."""
        for sample in self._tally.changed[self._n_heard :]:
            at = self._at.get(sample)
            if at is not None:
                self._has_word[at] = self._is_said(sample)
        self._n_heard = len(self._tally.changed)
        found = self._has_word.find(0, after + 1)
        if found < 0:
            found = self._has_word.find(0)
        return None if found < 0 else found

    def _is_said(self, sample: str) -> bool:
        kind = self._tally.kinds.get(sample)
        return kind is not None and (self.judging or kind != "rejected")
