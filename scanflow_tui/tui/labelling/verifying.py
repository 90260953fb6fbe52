"""Accepting or rejecting guesses, which is cheaper than choosing a class.

Pure. Only samples that show a guess and wait for a word are asked, guesses of one class together; a
guess that is rejected waits for its class in the queue.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from scanflow_tui.contract.evidence import QueueEntry


@dataclass(frozen=True, slots=True)
class Asked:
    """The samples to judge, in their order; by place the ``first`` and the ``end`` of its class."""

    entries: tuple[QueueEntry, ...]
    first: tuple[int, ...]
    end: tuple[int, ...]

    def page_first(self, cursor: int, page: int) -> int:
        """Where the page begins that a place is on: no page holds guesses of two classes."""
        first = self.first[cursor]
        return cursor - (cursor - first) % page

    def page_end(self, cursor: int, page: int) -> int:
        """The place after the page's last."""
        return min(self.page_first(cursor, page) + page, self.end[cursor])


def asked(entries: Sequence[QueueEntry], is_asked: Callable[[QueueEntry], bool]) -> Asked:
    """The samples to judge: those that are asked, by guess, the surest guess first."""
    chosen = sorted(
        (entry for entry in entries if is_asked(entry)),
        key=lambda entry: (entry.guess, -entry.confidence),
    )
    first: list[int] = []
    end: list[int] = []
    for _, group in groupby(chosen, key=lambda entry: entry.guess):
        n = len(list(group))
        start = len(first)
        first += [start] * n
        end += [start + n] * n
    return Asked(tuple(chosen), tuple(first), tuple(end))
