"""ASCII shades: one character a cell by brightness, for terminals without colours or blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scanflow_tui.images.protocol import Box, Cell, CellSize, Painting
from scanflow_tui.images.scaling import coloured, fitted, nearest

if TYPE_CHECKING:
    from scanflow_tui.images.protocol import Pixels

RAMP = " .:-=+*#%@"
LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in brightness (ITU-R BT.601)."""


class Shades:
    """The encoder; it has no state. Bright pixels become dense characters: a dark terminal."""

    name = "shades"

    def cells_for(self, width: int, height: int, scale: int, cell: CellSize) -> Box:
        """One column a pixel, one row for two."""
        return Box(width * scale, (height * scale + 1) // 2)

    def paint(self, pixels: Pixels, box: Box, cell: CellSize) -> Painting:
        """Each cell shows the mean brightness of the two pixels it covers."""
        if box.columns < 1 or box.rows < 1 or pixels.size == 0:
            return Painting(())
        width, height = fitted(
            pixels.shape[1], pixels.shape[0], width_max=box.columns, height_max=2 * box.rows
        )
        light = coloured(nearest(pixels, width, height)).astype(np.float64) @ np.array(LUMA)
        if height % 2:
            light = np.vstack([light, light[-1:]])
        pairs = (light[0::2] + light[1::2]) / 2
        steps = np.minimum(pairs * len(RAMP) / 256, len(RAMP) - 1).astype(int)
        return Painting(tuple(tuple(Cell(RAMP[step]) for step in row) for row in steps.tolist()))
