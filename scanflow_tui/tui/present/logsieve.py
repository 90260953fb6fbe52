"""A filtered log as rows: the record lines that match, searched only as far as they are looked at.

Speaks like ``LogWindow``, so that a pane shows either. Whoever searches hands what was found to
``take``; the range between ``low`` and ``high`` was searched wholly. Pure.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

from scanflow_tui.contract import limits
from scanflow_tui.contract.logsearch import LINE_BYTES_MAX, Found, Search, Streams
from scanflow_tui.tui.present.logwindow import LogWindow, Row, decoded

HITS_AT_ONCE = 500
HITS_KEPT = 50_000
ROWS_KEPT = 2000


@dataclass(slots=True)
class LogSieve:
    """``wants_up`` and ``wants_down`` say that more is to be searched before or behind."""

    window: LogWindow
    needle: str = ""
    streams: Streams = "both"
    low: int = 0
    high: int = 0
    hits: list[int] = field(default_factory=list)
    wants_up: bool = False
    wants_down: bool = False
    wanted: set[int] = field(default_factory=set)
    """Hits whose rows are to be read."""
    kept: dict[int, Row] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """The record's length."""
        return self.window.size

    @property
    def is_whole(self) -> bool:
        """Whether all of the record was searched."""
        return self.low == 0 and self.high >= self.size

    @property
    def is_wanting(self) -> bool:
        """Whether something is to be searched or read."""
        return bool(self.wanted) or self.asks() is not None

    def begin(self, offset: int) -> None:
        """Search anew, from an offset on in both directions."""
        self.low = self.high = offset
        self.hits.clear()

    def near(self, offset: int) -> None:
        """Begin anew where an offset is far from all that was searched."""
        far = limits.FIND_BYTES_MAX
        if not self.low - far <= offset <= self.high + far:
            self.begin(offset)

    def asks(self) -> tuple[Search, int, int] | None:
        """What to search next: the search, where, and how far."""
        up, down = self.wants_up and self.low > 0, self.wants_down and self.high < self.size
        if not up and not down:
            return None
        search = Search(self.needle, self.streams, is_backwards=up, hits_max=HITS_AT_ONCE)
        # Little at first: most filters are dense, and what is on screen is wanted at once.
        length = min(max(self.high - self.low, 1024 * 1024), limits.FIND_BYTES_MAX)
        return search, self.low if up else self.high, length

    def take(self, search: Search, start: int, found: Found) -> None:
        """What a search brought."""
        if start != (self.low if search.is_backwards else self.high):
            return
        if search.is_backwards:
            self.hits[:0] = reversed(found.offsets)
            self.low, self.wants_up = found.reached, False
            if len(self.hits) > HITS_KEPT:
                self.high = self.hits[HITS_KEPT]
                del self.hits[HITS_KEPT:]
        else:
            self.hits += found.offsets
            self.high, self.wants_down = found.reached, False
            if len(self.hits) > HITS_KEPT:
                del self.hits[:-HITS_KEPT]
                self.low = self.hits[0]

    def read(self, offset: int, data: bytes) -> None:
        """A hit's record line was read."""
        self.wanted.discard(offset)
        line = data[: data.find(b"\n") + 1] or data
        self.kept[offset] = decoded(line, offset)
        while len(self.kept) > ROWS_KEPT:
            self.kept.pop(next(iter(self.kept)))

    def rows(self, offset: int, n: int) -> list[Row | None]:
        """Matching rows from an offset on; None stands for what is not here yet."""
        at = bisect_left(self.hits, offset)
        if offset < self.low:
            self.wants_up = True
        found = [self._row(hit) for hit in self.hits[at : at + n]]
        if len(found) < n and self.high < self.size:
            self.wants_down = True
            found.append(None)
        return found

    def move(self, offset: int, n: int) -> tuple[int, int]:
        """The match ``n`` matches on (or back), and how many were missing for that."""
        at = bisect_left(self.hits, offset) + n
        if at < 0:
            self.wants_up = self.low > 0
            return (self.hits[0] if self.hits else self.low), -at
        if at >= len(self.hits):
            self.wants_down = self.high < self.size
            return (self.hits[-1] if self.hits else offset), at - len(self.hits) + 1
        return self.hits[at], 0

    def row_of(self, offset: int) -> int:
        """The match that an offset lies in."""
        at = bisect_right(self.hits, offset) - 1
        return self.hits[at] if at >= 0 else offset

    def _row(self, hit: int) -> Row | None:
        row = self.kept.get(hit)
        if row is None:
            self.wanted.add(hit)
        return row


ROW_BYTES = LINE_BYTES_MAX
