"""Which sessions have news for the mirror, which wait after a failure, and when it may leave. Pure.

Time comes in as an argument.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scanflow_tui.session.index import Entry

LEAVE_S = 120.0
RETRY_S = 5.0
RETRY_S_MAX = 300.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """A session that could not be mirrored, and from when on it is tried again."""

    n_failed: int
    until_s: float


class Rounds:
    """What was mirrored and what was seen, by session name."""

    def __init__(self, now_s: float) -> None:
        self._news_s = now_s
        self._seen: dict[str, tuple[str, int]] = {}
        self._done: dict[str, tuple[str, int]] = {}
        self._waiting: dict[str, Waiting] = {}

    def due(self, entries: Iterable[Entry], now_s: float) -> list[Entry]:
        """The sessions to mirror now: their log went on, and they do not wait after a failure."""
        found = []
        for entry in entries:
            if not entry.ulid or entry.seq < 0:
                continue
            at = (entry.ulid, entry.seq)
            if self._seen.get(entry.name) != at:
                self._seen[entry.name] = at
                self._news_s = now_s
            waiting = self._waiting.get(entry.name)
            if self._is_new(entry) and (waiting is None or now_s >= waiting.until_s):
                found.append(entry)
        return found

    def done(self, name: str, ulid: str, seq: int) -> None:
        """A session is mirrored up to this event."""
        self._done[name] = (ulid, seq)
        self._waiting.pop(name, None)

    def failed(self, name: str, now_s: float) -> float:
        """A session could not be mirrored; the seconds until it is tried again."""
        before = self._waiting.get(name)
        n_failed = before.n_failed + 1 if before else 1
        pause_s = min(RETRY_S_MAX, RETRY_S * 2.0 ** min(n_failed - 1, 16))
        self._waiting[name] = Waiting(n_failed, now_s + pause_s)
        return pause_s

    def is_over(self, now_s: float) -> bool:
        """Whether no session had news for two minutes."""
        return now_s - self._news_s >= LEAVE_S

    def _is_new(self, entry: Entry) -> bool:
        ulid, seq = self._done.get(entry.name, ("", -1))
        return ulid != entry.ulid or entry.seq > seq
