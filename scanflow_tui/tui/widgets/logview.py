"""A log pane over ``LogWindow``: rows are drawn as their bytes come, the end is followed.

It reads nothing by itself: ``on_want`` is called when rows are missing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from scanflow_tui.contract.logsearch import Streams
from scanflow_tui.tui.present.folding import folded_row
from scanflow_tui.tui.present.log import left_for, line_parts, thumb
from scanflow_tui.tui.present.logsieve import LogSieve
from scanflow_tui.tui.present.logwindow import LogWindow, Row
from scanflow_tui.tui.theme import TONES

WHEEL_ROWS = 3
LEFT_STEP = 16


class LogView(Widget, can_focus=True):
    """``top`` is the offset of the first row in view; ``match`` that of the row gone to.

    ``following`` holds the end in view; ``n_lines`` is None while they are counted.
    """

    DEFAULT_CSS = "LogView { width: 1fr; }"

    class Scrolled(Message):
        """What is followed, or seen, changed."""

    def __init__(self) -> None:
        super().__init__(classes="pane log")
        self.window = LogWindow()
        self.sieve: LogSieve | None = None
        self.on_want: Callable[[], None] = lambda: None
        self.start_us = 0
        self.top = 0
        self.left = 0
        self.following = True
        self.n_lines: int | None = None
        self.n_seen: int | None = 0
        self.needle = ""
        self.match: int | None = None
        self.since_start = True
        self.empty = ""
        self.ascii = False
        self.shown: list[Row | None] = []
        self._owed = 0
        self._is_match_new = False

    # -- what is in view

    @property
    def source(self) -> LogWindow | LogSieve:
        """Where rows come from: the whole log, or what a filter lets through."""
        return self.sieve if self.sieve is not None else self.window

    def counted(self, n_lines: int) -> None:
        """So many lines there are; all of them count as seen where the end was left before that."""
        self.n_lines = n_lines
        if self.n_seen is None:
            self.n_seen = n_lines

    def begin(self, start_us: int) -> None:
        """Another log, at its end."""
        needle, streams = self.filter
        self.window, self.sieve = LogWindow(), None
        self.start_us = start_us
        self.top, self.left, self._owed = 0, 0, 0
        self.following, self.n_lines, self.match = True, None, None
        self.sift(needle, streams)

    @property
    def filter(self) -> tuple[str, Streams]:
        """Words and streams that are shown alone; empty and ``both`` without a filter."""
        return ("", "both") if self.sieve is None else (self.sieve.needle, self.sieve.streams)

    def sift(self, needle: str, streams: Streams) -> None:
        """Show only the rows with these words, of these streams."""
        self.sieve = None
        if needle or streams != "both":
            self.sieve = LogSieve(self.window, needle, streams)
            self.sieve.begin(self.window.size if self.following else self.top)
        self.look()

    def look(self) -> None:
        """Take in what came: rows in view, what is missing for them, and what stands beside."""
        height = max(self.size.height, 1)
        source = self.source
        if self.following:
            if self.sieve is not None:
                self.sieve.near(source.size)
            self.top, _ = source.move(source.size, -height)
        elif self._owed:
            self.top, left = source.move(self.top, self._owed)
            owed = left if self._owed > 0 else -left
            self._owed = owed if self.source.is_wanting else 0
        self.shown = source.rows(self.top, height)
        if len(self.shown) < height and None not in self.shown:
            # Past the last page, as after a search: no rows are left empty that could be filled.
            self.top, _ = source.move(source.size, -height)
            self.shown = source.rows(self.top, height)
        if None not in self.shown:
            # What the next page needs is read before it is turned.
            source.move(self.top, 2 * height)
            source.move(self.top, -height)
        self._reveal_match()
        self.refresh()
        if self.source.is_wanting:
            self.on_want()

    def _reveal_match(self) -> None:
        """Scroll sideways to the words that were searched for, once."""
        row = next((row for row in self.shown if row is not None and _holds(row, self.match)), None)
        if row is None or not self._is_match_new:
            return
        self._is_match_new = False
        room = max(self.size.width - 16, 8)
        self.left = left_for(row.words(self.needle), self.needle, self.left, room)

    # -- moving

    def follow(self) -> None:
        """Hold the end in view from now on."""
        self.following, self._owed = True, 0
        self.look()
        self.post_message(self.Scrolled())

    def move(self, direction: str) -> None:
        """Scroll; going up stops following, the end resumes it."""
        page = max(self.size.height - 1, 1)
        rows = {"up": -1, "down": 1, "page_up": -page, "page_down": page}.get(direction)
        if direction == "last":
            self.follow()
        elif direction == "first":
            self._leave_end()
            self.top, self._owed = 0, 0
            if self.sieve is not None:
                self.sieve.near(0)
            self.look()
        elif rows is not None:
            self.scroll_rows(rows)
        else:
            self.left = max(self.left + (LEFT_STEP if direction == "right" else -LEFT_STEP), 0)
            self.refresh()
        self.post_message(self.Scrolled())

    def scroll_rows(self, rows: int) -> None:
        """Go on or back by rows; the end is followed once it is reached."""
        if self.following and rows > 0:
            return
        self._leave_end()
        self._owed += rows
        self.look()
        height = max(self.size.height, 1)
        below = self.source.rows(self.top, height + 1)
        if len(below) <= height and None not in below:
            fits = self.source.move(self.top, -1)[1] > 0 and not self.source.is_wanting
            self.following = rows > 0 or fits
            self.look()

    def show_at(self, offset: int, *, is_match: bool = True) -> None:
        """Go to the row that holds an offset, a third down the pane."""
        self._leave_end()
        self.match = offset if is_match else None
        self._is_match_new = is_match
        if self.sieve is not None:
            self.sieve.near(offset)
        self.top = offset
        self._owed = -(self.size.height // 3)
        self.look()
        self.post_message(self.Scrolled())

    def _leave_end(self) -> None:
        if self.following:
            self.following, self.n_seen = False, self.n_lines

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel stops following too."""
        event.stop()
        self.scroll_rows(-WHEEL_ROWS)
        self.post_message(self.Scrolled())

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel."""
        event.stop()
        self.scroll_rows(WHEEL_ROWS)
        self.post_message(self.Scrolled())

    def on_click(self, event: events.Click) -> None:
        """The bar at the right edge leads anywhere in the log; a row is what ``y`` copies."""
        x, y = event.x - 1, event.y - 1
        if x >= self.size.width - 1 and self.window.size:
            offset = self.window.size * y // max(self.size.height, 1)
            self.show_at(self.source.row_of(offset), is_match=False)
        elif 0 <= y < len(self.shown):
            row = self.shown[y]
            self.match = None if row is None or _holds(row, self.match) else row.offset
            self.refresh()

    def on_resize(self) -> None:
        """More rows, or fewer."""
        self.look()

    # -- drawing

    def rows_in_view(self) -> list[Row]:
        """The rows that are here."""
        return [row for row in self.shown if row is not None]

    def matched(self) -> Row | None:
        """The row that was gone to, where it is in view."""
        return next((row for row in self.rows_in_view() if _holds(row, self.match)), None)

    def render_line(self, y: int) -> Strip:
        """One visible row, and its piece of the bar at the right."""
        width = self.size.width
        row = self.shown[y] if y < len(self.shown) else None
        is_match = row is not None and _holds(row, self.match)
        mark = (">" if self.ascii else "▸") if is_match else " "
        if not is_match and _is_behind_gap(self.shown, y, self.window.gap):
            mark = ":" if self.ascii else "⋮"
        if row is not None:
            parts = line_parts(
                row,
                self.start_us,
                since_start=self.since_start,
                needle=self.needle,
                left=self.left,
                width=width,
                mark=mark,
            )
        else:
            loading = y < len(self.shown) and self.window.size > 0
            said = folded_row(Text(f" {self.empty}"), width - 1) if not self.shown else []
            words = " …" if loading else said[y].plain if y < len(said) else ""
            parts = [(words, "dim")]
        strip = Strip([Segment(text, Style.parse(TONES[tone])) for text, tone in parts])
        strip = strip.crop_extend(0, width - 1, Style.null())
        if is_match:
            strip = strip.apply_style(Style(bold=True, underline=True))
        rows, height = self.rows_in_view(), self.size.height
        is_thumb = y in thumb(rows, self.window.size, height, at_end=self.following)
        bar = Segment(("#" if self.ascii else "█") if is_thumb else " ", Style.parse(TONES["dim"]))
        return Strip([*strip, bar], width).apply_style(self.rich_style)


def _holds(row: Row, offset: int | None) -> bool:
    return offset is not None and row.offset <= offset < row.end


def _is_behind_gap(shown: Sequence[Row | None], y: int, gap: range) -> bool:
    """Whether what stood between a row and the one before it is kept nowhere."""
    if not gap or not 0 < y < len(shown):
        return False
    before, row = shown[y - 1], shown[y]
    return before is not None and row is not None and before.end <= gap.stop <= row.offset
