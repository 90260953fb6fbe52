"""A widget whose lines are drawn once and kept: a key pays for the lines that it changed alone.

For widgets without border, padding and opacity; with any of them it draws as the framework does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.segment import Segment
from rich.style import Style
from textual.filter import ANSIToTruecolor
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget


class Kept(Widget):
    """Subclasses write ``render_line``: a whole line, with ``base`` below its own styles."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._kept: dict[int, Strip] = {}
        self._base: Style | None = None
        self._wide = (Size(-1, -1), 0)

    @property
    def base(self) -> Style:
        """Colours of this widget and of what it stands on."""
        if self._base is None:
            self._base = self.rich_style
        return self._base

    @property
    def wide(self) -> int:
        """Its width in cells; the framework finds that anew whenever it is asked."""
        if self._size is not self._wide[0]:
            self._wide = (self._size, self.size.width)
        return self._wide[1]

    def changed(self, region: Region) -> None:
        """A part looks otherwise: it is painted at once where that is possible now."""
        direct = getattr(self.app, "direct", None)
        if direct is None or not direct.touch(self, region):
            self.refresh(region)
            return
        for y in region.line_range:
            self._kept.pop(y, None)

    def spans(self, region: Region) -> Iterator[tuple[int, int, Iterable[Segment]]]:
        """What a part shows, in cells of this widget: x, y and segments side by side.

        It is asked once after ``changed``; what shows already as it should may be left out.
        """
        width = self.wide
        for y in region.line_range:
            line = self._line(y)
            is_whole = region.x == 0 and region.width >= width
            yield region.x, y, line if is_whole else line.crop(region.x, region.right)

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
            line = self._kept[y] = self.filtered(self.render_line(y))
        return line

    def filtered(self, line: Strip) -> Strip:
        """A line as the terminal is to show it: without colours where none are wanted."""
        for change in self.get_line_filters():
            # Its lines name true colours alone, so that nothing is left to translate.
            if change.enabled and not isinstance(change, ANSIToTruecolor):
                line = line.apply_filter(change, self.background_colors[1])
        return line
