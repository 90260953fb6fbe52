"""Lines of text that repaint only where they changed; no cursor, no focus, no scrolling."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.geometry import Region
from textual.strip import Strip

from scanflow_tui.tui.widgets.kept import Kept


def spelled(row: Text) -> Text:
    """The same row with its style as a span and no line end.

    Rich draws a text that has a style but no span without that style, and a line end as a segment.
    """
    text = Text(row.plain, no_wrap=True, end="")
    text.stylize(row.style)
    text.spans.extend(row.spans)
    return text


def looks_like(row: Text, other: Text) -> bool:
    """Whether two rows look the same; Rich compares a text without its style."""
    return row == other and row.spans == other.spans and row.style == other.style


def strip_of(row: Text, width: int, base: Style, console: Console) -> Strip:
    """A row as a strip of so many cells, cut or filled, with a style below its own."""
    segments = _segments(row, base)
    if segments is None:
        strip = Strip(spelled(row).render(console)).adjust_cell_length(width)
        return strip.apply_style(base)
    strip = Strip(segments, len(row.plain) if row.plain.isascii() else None)
    return strip.adjust_cell_length(width, base)


def _segments(row: Text, base: Style) -> list[Segment] | None:
    """Parts of a row whose spans follow one another; None where Rich has to sort them out."""
    plain, at = row.plain, 0
    own = base + _style(row.style) if row.style else base
    segments: list[Segment] = []
    for span in row.spans:
        if span.start < at or span.end > len(plain):
            return None
        if span.start > at:
            segments.append(Segment(plain[at : span.start], own))
        if span.end > span.start:
            segments.append(Segment(plain[span.start : span.end], own + _style(span.style)))
        at = span.end
    if at < len(plain):
        segments.append(Segment(plain[at:], own))
    return segments


def _style(style: str | Style) -> Style:
    # Parsed once: Rich keeps what it parsed.
    return Style.parse(style) if isinstance(style, str) else style


class Lines(Kept):
    """``put`` shows the rows that fit; the others are cut."""

    DEFAULT_CSS = "Lines { width: 1fr; height: auto; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._rows: list[Text] = []

    @property
    def plain(self) -> str:
        """What is shown, without colours."""
        return "\n".join(row.plain for row in self._rows)

    def put(self, rows: Sequence[Text]) -> None:
        """Show these rows."""
        before, self._rows = self._rows, [*rows]
        for y in range(max(len(rows), len(before))):
            old = before[y] if y < len(before) else None
            new = rows[y] if y < len(rows) else None
            if old is not new and (old is None or new is None or not looks_like(old, new)):
                self.changed(Region(0, y, self.wide, 1))

    def render_line(self, y: int) -> Strip:
        """One row, cut at the edge."""
        row = self._rows[y] if y < len(self._rows) else Text("")
        return strip_of(row, self.wide, self.base, self.app.console)
