"""Small pictures with a line above them, turned page by page: flagged, now right, still wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical

from scanflow_tui.images.adjust import Adjustment
from scanflow_tui.images.protocol import Box
from scanflow_tui.tui.pixels.pictures import Pictures
from scanflow_tui.tui.pixels.showing import Showing
from scanflow_tui.tui.widgets.lines import Lines
from scanflow_tui.tui.widgets.tiles import Tile, Tiles

PLAIN = Adjustment()


@dataclass(frozen=True, slots=True)
class Shown:
    """A sample and the words below its picture."""

    sample: str
    foot: Text


class Gallery(Vertical):
    """``put`` gives the samples, ``turn`` shows others; as many as the size holds, at least one."""

    DEFAULT_CSS = """
    Gallery { width: 1fr; height: 1fr; }
    Gallery > Lines { height: 1; }
    """

    def __init__(
        self, *, id: str, ascii: bool, legible: Callable[[Text], Text], showing: Showing
    ) -> None:
        super().__init__(id=id)
        self.first = 0
        self._ascii = ascii
        self._showing = showing
        self._legible = legible
        self._samples: Sequence[Shown] = ()

    def compose(self) -> ComposeResult:
        """Head and tiles."""
        yield Lines()
        yield Tiles(ascii=self._ascii)

    @property
    def page(self) -> int:
        """How many pictures the size holds."""
        columns, rows, _, _ = self._shape()
        return columns * rows

    def turn(self, pages: int) -> None:
        """Other pictures; stops at both ends. ``put`` has to follow."""
        last = max(0, (len(self._samples) - 1) // self.page * self.page)
        self.first = max(0, min(self.first + pages * self.page, last))

    def put(
        self,
        samples: Sequence[Shown],
        pictures: Pictures,
        thumbnails: Mapping[str, str],
        head: Callable[[int, int, int], Text],
    ) -> None:
        """Show a page of these; ``head`` makes the line above from first, page and total."""
        self._samples = samples
        columns, rows, width, height = self._shape()
        if self.first >= len(samples):
            self.first = 0
        page = samples[self.first : self.first + columns * rows]
        self.query_one(Lines).put([self._legible(head(self.first, len(page), len(samples)))])
        digests = [thumbnails.get(item.sample, "") for item in page]
        pictures.want(digests)
        tiles = [
            Tile(
                item.sample,
                pictures.strips(digest, Box(width - 2, height - 2), PLAIN),
                self._legible(item.foot),
            )
            for item, digest in zip(page, digests, strict=True)
        ]
        board = self.query_one(Tiles)
        if tiles:
            board.put(tiles, columns=columns, width=width, height=height)
        else:
            board.say([Text("")])

    def _shape(self) -> tuple[int, int, int, int]:
        """Columns, rows, and a tile's size in cells."""
        width, height = self.size.width, max(self.size.height - 1, 1)
        tile = self._showing.tile(self.app.size.width)
        tile_width = min(tile.columns + 2, max(width, 6))
        tile_height = min(tile.rows + 2, max(height, 4))
        return max(1, width // tile_width), max(1, height // tile_height), tile_width, tile_height
