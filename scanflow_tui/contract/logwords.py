"""Where words stand in bytes, also in any case (pure).

Folding the case of a gigabyte costs more than looking for one byte that is rare in it: where a log
has such a byte of the words, only the places of that byte are compared. It never misses a place.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import Protocol

SAMPLE_BYTES = 32 * 1024
BYTES_PER_SPOT = 700
"""Comparing the places of a byte that is more frequent than this costs more than folding."""


Fold = Callable[[bytes], bytes | bytearray]
"""Makes letters that differ in case alone the same byte, and perhaps others too. The result may be
longer than what was given, and holds until the next call.
"""


class Text(Protocol):
    """What words are looked for in: bytes, or the places where they stand."""

    def find(self, words: bytes, start: int, end: int, /) -> int:
        """The first place from ``start`` on; -1 where there is none."""

    def rfind(self, words: bytes, start: int, end: int, /) -> int:
        """The last place."""


class Places:
    """Where words begin in a text; ``n_bytes`` is how long they are."""

    def __init__(self, starts: list[int], n_bytes: int) -> None:
        self._starts = starts
        self._n_bytes = n_bytes

    def find(self, words: bytes, start: int, end: int, /) -> int:
        """The first place from ``start`` on; -1 where there is none."""
        at = bisect_left(self._starts, start)
        found = self._starts[at] if at < len(self._starts) else end
        return found if found + self._n_bytes <= end else -1

    def rfind(self, words: bytes, start: int, end: int, /) -> int:
        """The last place that ends before ``end``; -1 where there is none."""
        at = bisect_left(self._starts, end - self._n_bytes + 1) - 1
        return self._starts[at] if at >= 0 and self._starts[at] >= start else -1


class Folded:
    """A text that some fold made, and the text itself, which has the last word."""

    def __init__(self, data: bytes, words: bytes, fold: Fold) -> None:
        self._data = data
        self._words = words
        self._mark = bytes(fold(words)[: len(words)])
        self._folded = fold(data)

    def find(self, words: bytes, start: int, end: int, /) -> int:
        """The first place from ``start`` on; -1 where there is none."""
        # Looking from the end is three times as fast, and most pieces hold none.
        last = self._folded.rfind(self._mark, start, end)
        at = -1 if last < 0 else self._folded.find(self._mark, start, last + len(self._mark))
        while at >= 0 and not self._is_at(at):
            at = self._folded.find(self._mark, at + 1, end)
        return at

    def rfind(self, words: bytes, start: int, end: int, /) -> int:
        """The last place that ends before ``end``; -1 where there is none."""
        at = self._folded.rfind(self._mark, start, end)
        while at >= 0 and not self._is_at(at):
            at = self._folded.rfind(self._mark, start, at + len(self._mark) - 1)
        return at

    def _is_at(self, at: int) -> bool:
        return self._data[at : at + len(self._words)].lower() == self._words


class Words:
    """The words of one search: ``text`` is what a piece of a log is searched in.

    Words without capitals are found in any case (ASCII); ``fold`` is a quicker way to that.
    """

    def __init__(self, words: bytes, fold: Fold = bytes.lower) -> None:
        self.words = words
        self._fold = fold
        self._is_folded = words == words.lower()
        self._anchor: tuple[int, tuple[bytes, ...]] | None = None
        self._is_chosen = False

    def text(self, data: bytes) -> Text:
        """Bytes in which the words stand where they do in ``data``, or their places."""
        if not self.words:
            return data
        if not self._is_chosen:
            self._choose(data)
        places = self._places(data)
        if places is not None:
            return places
        self._anchor = None
        return Folded(data, self.words, self._fold) if self._is_folded else data

    def _choose(self, data: bytes) -> None:
        """The byte of the words that is rarest in the middle of a piece, if any is rare."""
        self._is_chosen = True
        sample = data[max(len(data) - SAMPLE_BYTES, 0) // 2 :][:SAMPLE_BYTES]
        least = len(sample) // BYTES_PER_SPOT + 1
        for byte in dict.fromkeys(self.words[at : at + 1] for at in range(len(self.words))):
            cases = (byte, byte.upper()) if self._is_folded and byte != byte.upper() else (byte,)
            n_spots = sum(sample.count(one) for one in cases)
            if n_spots < least:
                least = n_spots
                self._anchor = self.words.index(byte), cases

    def _places(self, data: bytes) -> Places | None:
        """All places; None where too many would have to be compared."""
        if self._anchor is None:
            return None
        before, cases = self._anchor
        words, n_bytes = self.words, len(self.words)
        room = len(data) // BYTES_PER_SPOT + 1
        starts: list[int] = []
        for byte in cases:
            spot = data.find(byte, before)
            while spot >= 0:
                start = spot - before
                found = data[start : start + n_bytes]
                if found == words or (self._is_folded and found.lower() == words):
                    starts.append(start)
                room -= 1
                if room < 0:
                    return None
                spot = data.find(byte, spot + 1)
        starts.sort()
        return Places(starts, n_bytes)
