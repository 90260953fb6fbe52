"""Rows of styled text in a scrolling pane by the Line API: lists with a cursor, or text without."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from scanflow_tui.tui.present.folding import folded_row
from scanflow_tui.tui.theme import TONES

CUT = "…"


class Rows(ScrollView, can_focus=True):
    """A pane of rows. With a cursor, ``chosen`` is the row it stands on.

    A row that is too long is cut, with a mark, and read by scrolling; with ``wraps`` it goes on
    in the next lines.
    """

    class Moved(Message):
        """The cursor went to another row."""

        def __init__(self, rows: Rows) -> None:
            super().__init__()
            self.rows = rows

        @property
        def control(self) -> Rows:
            """The pane that it happened in."""
            return self.rows

    def __init__(
        self,
        title: str = "",
        *,
        id: str | None = None,
        cursor: bool = True,
        classes: str = "pane",
        wraps: bool = False,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.wraps = wraps
        self._given: Sequence[Text] = ()
        self._folds = wraps
        self._folded_at = 0
        self.border_title = title
        self.has_cursor = cursor
        self.chosen = 0
        self.rows: Sequence[Text] = ()

    def put(self, rows: Sequence[Text]) -> None:
        """Show these rows; cursor and scroll stay where they were as far as they can."""
        self._put(rows, folds=self.wraps)

    def say(self, message: Sequence[Text]) -> None:
        """Show a message in place of rows: whole, however narrow the pane is."""
        self._put(message, folds=True)

    def _put(self, rows: Sequence[Text], *, folds: bool) -> None:
        # A column is left to the scroll bar, there or not: lines break where they broke.
        width = self.size.width - 1
        if (rows, folds) == (self._given, self._folds) and (not folds or width == self._folded_at):
            return
        self._given, self._folds, self._folded_at = rows, folds, width
        if folds and width > 0:
            rows = [line for row in rows for line in folded_row(row, width)]
        width = max((row.cell_len for row in rows), default=0)
        self.rows = rows
        self.chosen = min(self.chosen, max(len(rows) - 1, 0))
        self.virtual_size = Size(width, len(rows))
        self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        """Another width, other lines."""
        if self._folds and self.size.width - 1 != self._folded_at:
            self._put(self._given, folds=True)

    def choose(self, row: int) -> None:
        """Put the cursor on a row, and the row on screen."""
        row = max(0, min(row, len(self.rows) - 1))
        if row != self.chosen:
            before, self.chosen = self.chosen, row
            self._refresh_row(before)
            self._refresh_row(row)
            self.post_message(self.Moved(self))
        self.scroll_to_region(
            Region(self.scroll_offset.x, row, 1, 1), animate=False, force=True, immediate=True
        )

    def move(self, direction: str) -> None:
        """One of up, down, left, right, first, last, page_up, page_down."""
        page = max(self.size.height - 1, 1)
        if not self.has_cursor:
            self._scroll(direction, page)
            return
        last = len(self.rows) - 1
        target = {
            "up": self.chosen - 1,
            "down": self.chosen + 1,
            "page_up": self.chosen - page,
            "page_down": self.chosen + page,
            "first": 0,
            "last": last,
        }.get(direction)
        if target is None:
            self._scroll(direction, page)
        else:
            self.choose(target)

    def _scroll(self, direction: str, page: int) -> None:
        x, y = self.scroll_offset
        x += {"left": -8, "right": 8}.get(direction, 0)
        y += {"up": -1, "down": 1, "page_up": -page, "page_down": page}.get(direction, 0)
        y = {"first": 0, "last": self.max_scroll_y}.get(direction, y)
        self.scroll_to(x, y, animate=False, force=True, immediate=True)

    def _refresh_row(self, row: int) -> None:
        self.refresh(Region(0, row - self.scroll_offset.y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        """One visible row."""
        scroll_x, scroll_y = self.scroll_offset
        row = y + scroll_y
        width = self.size.width
        if row >= len(self.rows):
            return Strip.blank(width, self.rich_style)
        segments = list(self.rows[row].render(self.app.console))
        strip = Strip(segments)
        width = self.scrollable_content_region.width
        if strip.cell_length > scroll_x + width:
            mark = Segment("~" if self.app.has_class("-ascii") else CUT, Style.parse(TONES["dim"]))
            strip = Strip([*strip.crop(scroll_x, scroll_x + width - 1), mark])
        strip = strip.crop_extend(scroll_x, scroll_x + width, Style.null())
        if self.has_cursor and row == self.chosen:
            # The cursor is a bar and bold, so that it shows without colours too.
            cursor = Style.parse(TONES["cursor"])
            strip = Strip([Segment(s.text, (s.style or Style.null()) + cursor) for s in strip])
        return strip.extend_cell_length(self.size.width).apply_style(self.rich_style)
