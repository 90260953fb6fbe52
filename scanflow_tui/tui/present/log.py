"""The log of an attempt as lines for a screen: fed by bytes, filtered by stream, searched. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from rich.text import Text

from scanflow_tui.contract.loglines import Decoder, sanitise
from scanflow_tui.tui.present.times import clock
from scanflow_tui.tui.theme import TONES

StreamFilter = Literal["both", "out", "ERR"]
FILTERS: tuple[StreamFilter, ...] = ("both", "out", "ERR")
LINES_MAX = 200_000
"""More are kept in the record; the screen forgets the oldest and says so."""
JOINED_CHARS_MAX = 64 * 1024


@dataclass(frozen=True, slots=True)
class Shown:
    """One line, made safe for a terminal."""

    at_us: int
    is_err: bool
    text: str


@dataclass(slots=True)
class LogLines:
    """Everything read of one attempt's log. ``forgotten`` counts lines dropped for length."""

    lines: list[Shown] = field(default_factory=list)
    forgotten: int = 0
    stream: StreamFilter = "both"
    chosen: list[int] = field(default_factory=list)
    """Indices into ``lines`` that the filter lets through; unused while it shows both."""
    _decoder: Decoder = field(default_factory=Decoder)
    _is_open: bool = False

    def feed(self, data: bytes) -> int:
        """Take bytes of the record in; the number of lines shown that they added."""
        before = len(self)
        for line in self._decoder.feed(data):
            shown = Shown(line.at_us, line.stream == "stderr", sanitise(line.text))
            last = self.lines[-1] if self.lines else None
            if (
                self._is_open
                and last is not None
                and last.is_err == shown.is_err
                and len(last.text) < JOINED_CHARS_MAX
            ):
                self.lines[-1] = Shown(last.at_us, last.is_err, last.text + shown.text)
            else:
                self.lines.append(shown)
                if self._passes(shown):
                    self.chosen.append(len(self.lines) - 1)
            self._is_open = not line.is_whole
        added = len(self) - before
        if len(self.lines) > LINES_MAX:
            surplus = len(self.lines) - LINES_MAX * 9 // 10
            del self.lines[:surplus]
            self.forgotten += surplus
            self.choose(self.stream)
        return added

    def _passes(self, line: Shown) -> bool:
        return self.stream == "both" or line.is_err == (self.stream == "ERR")

    def choose(self, stream: StreamFilter) -> None:
        """Show both streams, or one."""
        self.stream = stream
        self.chosen = [i for i, line in enumerate(self.lines) if self._passes(line)]

    def __len__(self) -> int:
        return len(self.lines) if self.stream == "both" else len(self.chosen)

    def __getitem__(self, row: int) -> Shown:
        return self.lines[row if self.stream == "both" else self.chosen[row]]

    def find(self, needle: str, start: int, step: int) -> int | None:
        """The next row from ``start`` on (around the end too) that holds ``needle``."""
        total = len(self)
        low = needle.lower()
        for distance in range(total):
            row = (start + distance * step) % total
            if low in self[row].text.lower():
                return row
        return None


def line_text(line: Shown, start_us: int, *, since_start: bool, needle: str = "") -> Text:
    """``00:12.301 out text``; the stream is told by a word, and matches stand out."""
    text = Text(no_wrap=True, end="")
    text.append(f" {stamp(line.at_us, start_us, since_start=since_start)} ", TONES["dim"])
    text.append("ERR " if line.is_err else "out ", TONES["bad" if line.is_err else "dim"])
    at = len(text)
    text.append(line.text, TONES["plain"])
    if needle:
        low, found = line.text.lower(), 0
        while (found := low.find(needle.lower(), found)) >= 0:
            text.stylize(TONES["match"], at + found, at + found + len(needle))
            found += len(needle)
    return text


def stamp(at_us: int, start_us: int, *, since_start: bool) -> str:
    """``00:12.301`` since the start, or ``14:02:31.301`` of the day."""
    if not since_start:
        return f"{clock(at_us, seconds=True)}.{at_us // 1000 % 1000:03}"
    passed = max(at_us - start_us, 0) // 1000
    minutes, rest = divmod(passed, 60_000)
    return f"{minutes:02}:{rest // 1000:02}.{rest % 1000:03}"


def plain_line(line: Shown) -> str:
    """A line for a file or the clipboard."""
    return f"{clock(line.at_us, seconds=True)} {'ERR' if line.is_err else 'out'} {line.text}"
