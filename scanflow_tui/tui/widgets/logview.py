"""The log pane: a Line API widget over ``LogLines`` that follows its end until scrolled up."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from scanflow_tui.tui.present.log import FILTERS, LogLines, Shown, line_text
from scanflow_tui.tui.theme import TONES


class LogView(ScrollView, can_focus=True):
    """``following`` holds the end in view; ``missed`` counts the lines below since it stopped."""

    class Scrolled(Message):
        """What is followed, or missed, changed."""

    def __init__(self) -> None:
        super().__init__(id="log", classes="pane")
        self.lines = LogLines()
        self.start_us = 0
        self.following = True
        self.missed = 0
        self.needle = ""
        self.match: int | None = None
        self.since_start = True
        self.empty = ""

    def begin(self, start_us: int) -> None:
        """Another log, from its first line."""
        stream = self.lines.stream
        self.lines = LogLines(stream=stream)
        self.start_us = start_us
        self.following, self.missed, self.match = True, 0, None
        self._grown()

    def feed(self, data: bytes) -> None:
        """More of the record."""
        added = self.lines.feed(data)
        if not self.following:
            self.missed += added
        self._grown()

    def _grown(self) -> None:
        self.virtual_size = Size(self.virtual_size.width, len(self.lines))
        if self.following:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True, immediate=True)
        self.refresh()

    def follow(self) -> None:
        """Hold the end in view from now on."""
        self.following, self.missed = True, 0
        self._grown()
        self.post_message(self.Scrolled())

    def move(self, direction: str) -> None:
        """Scroll; going up stops following, the end resumes it."""
        page = max(self.size.height - 1, 1)
        x, y = self.scroll_offset
        if direction == "last":
            self.follow()
            return
        x += {"left": -8, "right": 8}.get(direction, 0)
        y += {"up": -1, "down": 1, "page_up": -page, "page_down": page}.get(direction, 0)
        if direction == "first":
            y = 0
        self.go_to(y, max(x, 0))

    def go_to(self, y: int, x: int | None = None) -> None:
        """Put row ``y`` first in the view."""
        y = max(0, min(y, self.max_scroll_y))
        if x is not None and x > self.max_scroll_x:
            # The widest line is only known for lines that were drawn.
            self.virtual_size = Size(x + self.size.width, len(self.lines))
        self.following = y >= self.max_scroll_y and len(self.lines) > 0
        if self.following:
            self.missed = 0
        self.scroll_to(x, y, animate=False, force=True, immediate=True)
        self.post_message(self.Scrolled())

    def on_mouse_scroll_up(self) -> None:
        """The wheel stops following too."""
        self.following = False
        self.post_message(self.Scrolled())

    def search(self, needle: str) -> bool:
        """Go to the first match from the top of the view on; whether there is one."""
        self.needle, self.match = needle, None
        return self.seek(1) if needle else False

    def seek(self, step: int) -> bool:
        """Go to the next match in a direction."""
        if not len(self.lines) or not self.needle:
            return False
        start = self.scroll_offset.y if self.match is None else self.match + step
        found = self.lines.find(self.needle, start % len(self.lines), step)
        if found is not None:
            self.match = found
            self.go_to(found - self.size.height // 2)
        self.refresh()
        return found is not None

    def next_stream(self) -> str:
        """Both, out alone, ERR alone."""
        after = FILTERS[(FILTERS.index(self.lines.stream) + 1) % len(FILTERS)]
        self.lines.choose(after)
        self.match = None
        self.follow()
        return after

    def on_screen_lines(self) -> list[Shown]:
        """The lines in view."""
        top = self.scroll_offset.y
        return [self.lines[row] for row in range(top, min(top + self.size.height, len(self.lines)))]

    def render_line(self, y: int) -> Strip:
        """One visible line."""
        scroll_x, scroll_y = self.scroll_offset
        row, width = y + scroll_y, self.size.width
        if row >= len(self.lines):
            text = Text(f" {self.empty}" if row == 0 else "", TONES["dim"], no_wrap=True, end="")
        else:
            text = line_text(
                self.lines[row],
                self.start_us,
                since_start=self.since_start,
                needle=self.needle,
            )
        strip = Strip(list(text.render(self.app.console)))
        cut = strip.crop_extend(scroll_x, scroll_x + width, Style.null())
        if row == self.match:
            cut = cut.apply_style(Style(bold=True, underline=True))
        return cut.apply_style(self.rich_style)
