"""Half-blocks: two pixels a cell, one above the other, for any terminal with colours. Pure.

A cell is taken as twice as high as wide, so a pixel is about square whatever the font.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scanflow_tui.images.protocol import Box, Cell, CellSize, Painting
from scanflow_tui.images.scaling import coloured, fitted, nearest

if TYPE_CHECKING:
    from scanflow_tui.images.protocol import Pixels

UPPER = "▀"


class HalfBlocks:
    """The encoder; it has no state."""

    name = "half-blocks"

    def cells_for(self, width: int, height: int, scale: int, cell: CellSize) -> Box:
        """One column a pixel, one row for two."""
        return Box(width * scale, (height * scale + 1) // 2)

    def paint(self, pixels: Pixels, box: Box, cell: CellSize) -> Painting:
        """The upper pixel as foreground of ``▀``, the lower as background."""
        if box.columns < 1 or box.rows < 1 or pixels.size == 0:
            return Painting(())
        width, height = fitted(
            pixels.shape[1], pixels.shape[0], width_max=box.columns, height_max=2 * box.rows
        )
        grid = coloured(nearest(pixels, width, height)).tolist()
        rows = []
        for top in range(0, height, 2):
            upper = grid[top]
            if top + 1 < height:
                lower = grid[top + 1]
                row = tuple(
                    Cell(UPPER, (a[0], a[1], a[2]), (b[0], b[1], b[2]))
                    for a, b in zip(upper, lower, strict=True)
                )
            else:
                row = tuple(Cell(UPPER, (a[0], a[1], a[2]), None) for a in upper)
            rows.append(row)
        return Painting(tuple(rows))


def pixels_of(painting: Painting) -> Pixels:
    """The RGB pixels that a half-block painting shows, for tests and for ``what was on screen``.

    A row below an odd last one, which shows the widget's own colour, is left out.
    """
    rows: list[list[tuple[int, int, int]]] = []
    for line in painting.cells:
        rows.append([cell.fg or (0, 0, 0) for cell in line])
        if all(cell.bg is not None for cell in line):
            rows.append([cell.bg or (0, 0, 0) for cell in line])
    return np.array(rows, dtype=np.uint8)
