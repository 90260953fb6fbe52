"""Typed reads of a document's tree: text, words, numbers, sizes, durations.

Each read gives the value or None, and then a finding says what was expected and where.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from scanflow_tui.workflow.document import Entry, Item, plain
from scanflow_tui.workflow.findings import Findings, nearest
from scanflow_tui.workflow.vocabulary import SYNONYMS

TEXT_CHARS_MAX = 4000
WORDS_MAX = 10_000

_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE)
_SIZE_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_TIME = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m|h|d|)")
_TIME_UNITS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def shown(item: Item) -> str:
    """An item as it is quoted in a sentence."""
    if isinstance(item.value, dict):
        return "a mapping"
    if isinstance(item.value, tuple):
        return "a list"
    return "nothing" if item.value is None and item.raw in ("", "~") else repr(item.raw[:60])


class Fields:
    """The reads, with the findings they fill."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings

    def mapping(self, item: Item, what: str) -> dict[str, Entry] | None:
        if isinstance(item.value, dict):
            return item.value
        self.findings.error(item.place, f"{what} is a mapping, not {shown(item)}")
        return None

    def known(
        self, entries: Mapping[str, Entry], keys: Iterable[str], what: str
    ) -> dict[str, Entry]:
        """The entries with a known key; the others are findings with the nearest key."""
        allowed = tuple(keys)
        good = {}
        for key, entry in entries.items():
            if key in allowed:
                good[key] = entry
            else:
                self.findings.error(entry.place, _unknown_key(key, allowed, what))
        return good

    def text(self, item: Item, what: str) -> str | None:
        """A scalar as written."""
        if isinstance(item.value, tuple | dict) or item.value is None:
            self.findings.error(item.place, f"{what} is text, not {shown(item)}")
            return None
        if len(item.raw) > TEXT_CHARS_MAX:
            self.findings.error(item.place, f"{what} is longer than {TEXT_CHARS_MAX} characters")
            return None
        return item.raw

    def name(self, item: Item, what: str, pattern: re.Pattern[str], shape: str) -> str | None:
        """Text of a given pattern; ``shape`` says it in words."""
        text = self.text(item, what)
        if text is None:
            return None
        if not pattern.fullmatch(text):
            self.findings.error(item.place, f"{what} {text[:60]!r} is not {shape}")
            return None
        return text

    def each(self, item: Item, what: str) -> Iterator[Item]:
        """The members of a list; one scalar counts as a list of one."""
        if isinstance(item.value, tuple):
            if len(item.value) > WORDS_MAX:
                self.findings.error(item.place, f"{what} has more than {WORDS_MAX} members")
            yield from item.value[:WORDS_MAX]
        elif isinstance(item.value, dict) or item.value is None:
            self.findings.error(item.place, f"{what} is a list, not {shown(item)}")
        else:
            yield item

    def words(self, item: Item, what: str, pattern: re.Pattern[str], shape: str) -> tuple[str, ...]:
        """A list of different names."""
        found: dict[str, None] = {}
        for one in self.each(item, what):
            word = self.name(one, what, pattern, shape)
            if word is not None and word in found:
                self.findings.error(one.place, f"{what} {word!r} stands twice")
            elif word is not None:
                found[word] = None
        return tuple(found)

    def choice(self, item: Item, what: str, words: tuple[str, ...]) -> str | None:
        """One word of a few."""
        text = self.text(item, what)
        if text is None or text in words:
            return text
        close = nearest(text, words)
        hint = f"; did you mean {close!r}?" if close else f"; it is one of {', '.join(words)}"
        self.findings.error(item.place, f"unknown {what} {text[:60]!r}{hint}")
        return None

    def number(self, item: Item, what: str) -> float | None:
        value = item.value
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e15:
            self.findings.error(item.place, f"{what} is a number, not {shown(item)}")
            return None
        return float(value)

    def whole(self, item: Item, what: str, low: int, high: int) -> int | None:
        value = item.value
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            said = f"{what} is a whole number from {low} to {high}, not {shown(item)}"
            self.findings.error(item.place, said)
            return None
        return value

    def flag(self, item: Item, what: str) -> bool | None:
        if isinstance(item.value, bool):
            return item.value
        self.findings.error(item.place, f"{what} is true or false, not {shown(item)}")
        return None

    def size(self, item: Item, what: str) -> int | None:
        """Bytes: ``2g``, ``512m``, ``64k`` (powers of 1,024) or a number of bytes."""
        return _whole_of(
            self._measured(item, what, _SIZE, _SIZE_UNITS, "a size such as 512m or 2g")
        )

    def duration(self, item: Item, what: str) -> float | None:
        """Seconds: ``10m``, ``90s``, ``2h``, ``1d`` or a number of seconds."""
        return self._measured(item, what, _TIME, _TIME_UNITS, "a time such as 90s or 10m")

    def _measured(
        self,
        item: Item,
        what: str,
        pattern: re.Pattern[str],
        units: Mapping[str, float],
        shape: str,
    ) -> float | None:
        value = item.value
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1e15:
            return float(value)
        hit = pattern.fullmatch(item.raw.strip()) if isinstance(value, str) else None
        if hit is None or len(hit.group(1)) > 15:
            self.findings.error(item.place, f"{what} is {shape}, not {shown(item)}")
            return None
        return float(hit.group(1)) * units[hit.group(2).lower()]

    def command(self, item: Item) -> tuple[str, ...]:
        """An argument vector: text split as a shell splits words, without a shell, or a list."""
        if isinstance(item.value, tuple):
            read = [self.text(one, "a word of 'run'") for one in self.each(item, "'run'")]
            argv = [word for word in read if word is not None]
            if len(argv) < len(read):
                return ()
        else:
            text = self.text(item, "'run'")
            if text is None:
                return ()
            try:
                argv = shlex.split(text)
            except ValueError as error:
                said = f"'run' cannot be split into words: {str(error).lower()}"
                self.findings.error(item.place, said)
                return ()
        if not argv or not argv[0]:
            self.findings.error(item.place, "'run' names no program")
            return ()
        return tuple(argv)

    def params(self, item: Item) -> dict[str, Any]:
        """The ``with`` of a step: plain JSON values by name."""
        return {} if self.mapping(item, "'with'") is None else dict(plain(item))


def _unknown_key(key: str, allowed: tuple[str, ...], what: str) -> str:
    known = {word: word for word in allowed}
    known |= {word: ours for word, ours in SYNONYMS.items() if ours in allowed}
    close = nearest(key, known)
    hint = f"; did you mean {known[close]!r}?" if close else f"; {what} knows {', '.join(allowed)}"
    return f"unknown key {key[:60]!r}{hint}"


def _whole_of(value: float | None) -> int | None:
    return None if value is None else int(value)
