"""What an encoder is: pixels and a box of cells in, a painting out. No terminal is touched here.

Half-blocks and shades paint styled cells. Encoders for terminals with real pixels (sixel, kitty,
iTerm2) fit behind the same protocol: their painting carries bytes beside the cells they cover.
This module imports neither numpy nor PIL: screens name its types before the first paint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from scanflow_tui.contract.records import dataclass

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Pixels = npt.NDArray[np.uint8]
    """A picture: (height, width) grey or (height, width, 3) RGB, 8 bits a channel."""

Rgb = tuple[int, int, int]
Way = Literal["kitty", "placeholders", "sixel", "iterm", "half", "ascii"]
"""How a terminal is shown a picture: four by the pixel (placeholders are kitty's way inside of
tmux), two by the cell.
"""


class Cell(NamedTuple):
    """One terminal cell. None as a colour means the terminal's or the widget's own."""

    char: str
    fg: Rgb | None = None
    bg: Rgb | None = None


BLANK = Cell(" ")


@dataclass(frozen=True, slots=True)
class Box:
    """Where a picture may stand: a number of cells."""

    columns: int
    rows: int


@dataclass(frozen=True, slots=True)
class CellSize:
    """A terminal cell in pixels; without real pixels only its shape matters."""

    width_px: int = 8
    height_px: int = 16


@dataclass(frozen=True, slots=True)
class Painting:
    """A picture made ready: as many rows of cells as it needs, at most the box.

    ``payload`` is what a terminal with real pixels is sent at the top left cell, else empty.
    """

    cells: tuple[tuple[Cell, ...], ...]
    payload: bytes = b""

    @property
    def columns(self) -> int:
        """The width in cells."""
        return len(self.cells[0]) if self.cells else 0

    @property
    def rows(self) -> int:
        """The height in cells."""
        return len(self.cells)


class Choice(NamedTuple):
    """How pictures are shown, with which cells, and why, in a sentence.

    ``side_px_max`` is how wide or high a picture may be, 0 where any may.
    """

    way: Way
    cell: CellSize
    why: str
    side_px_max: int = 0


class Encoder(Protocol):
    """A pure way from pixels to what a terminal shows."""

    name: str

    def cells_for(self, width: int, height: int, scale: int, cell: CellSize) -> Box:
        """The cells that a picture of this size in pixels takes, enlarged ``scale`` times."""

    def paint(self, pixels: Pixels, box: Box, cell: CellSize) -> Painting:
        """The whole picture, as large as the box allows with its sides in proportion.

        Enlarged by a whole number, so that every source pixel is equally large; made smaller by
        nearest neighbour. A box without cells gives an empty painting.
        """
