"""A widget whose lines are drawn once and kept: a key pays for the lines that it changed alone.

For widgets without border, padding and opacity; with any of them it draws as the framework does.
"""

from __future__ import annotations

from rich.style import Style
from textual.filter import ANSIToTruecolor
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


class Kept(Widget):
    """Subclasses write ``render_line``: a whole line, with ``base`` below its own styles."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._kept: dict[int, Strip] = {}
        self._base: Style | None = None

    @property
    def base(self) -> Style:
        """Colours of this widget and of what it stands on."""
        if self._base is None:
            self._base = self.rich_style
        return self._base

    def _set_dirty(self, *regions: Region) -> None:
        if regions:
            for region in regions:
                for y in region.line_range:
                    self._kept.pop(y, None)
        else:
            self._kept.clear()
            self._base = None
            self.restyled()
        super()._set_dirty(*regions)

    def restyled(self) -> None:
        """All of it is drawn anew: what a subclass keeps with colours in it is void."""

    def render_lines(self, crop: Region) -> list[Strip]:
        """Lines as they are kept; of those that changed, anew."""
        if self.gutter:
            return super().render_lines(crop)
        lines = [self._line(y) for y in crop.line_range]
        if (crop.x, crop.width) == (0, self.size.width):
            return lines
        return [line.crop(crop.x, crop.x + crop.width) for line in lines]

    def _line(self, y: int) -> Strip:
        line = self._kept.get(y)
        if line is None:
            line = self.render_line(y)
            for change in self.get_line_filters():
                # Its lines name true colours alone, so that nothing is left to translate.
                if change.enabled and not isinstance(change, ANSIToTruecolor):
                    line = line.apply_filter(change, self.background_colors[1])
            self._kept[y] = line
        return line
