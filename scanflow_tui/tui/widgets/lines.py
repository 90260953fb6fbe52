"""Lines of text that repaint only where they changed; no cursor, no focus, no scrolling."""

from __future__ import annotations

from collections.abc import Sequence

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
        rows = [spelled(row) for row in rows]
        for y in range(max(len(rows), len(self._rows))):
            old = self._rows[y] if y < len(self._rows) else None
            new = rows[y] if y < len(rows) else None
            if old is None or new is None or old != new or old.spans != new.spans:
                self.refresh(Region(0, y, self.size.width, 1))
        self._rows = rows

    def render_line(self, y: int) -> Strip:
        """One row, cut at the edge."""
        row = self._rows[y] if y < len(self._rows) else Text("")
        strip = Strip(row.render(self.app.console)).adjust_cell_length(self.size.width)
        return strip.apply_style(self.base)
