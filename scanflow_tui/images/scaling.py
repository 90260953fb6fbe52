"""Exact nearest-neighbour scaling: how large a picture may be, and its pixels then. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scanflow_tui.images.protocol import Box, CellSize, Pixels


def fitted(width: int, height: int, *, width_max: int, height_max: int) -> tuple[int, int]:
    """The size (width, height) at which a picture fits, at least 1 by 1.

    A smaller picture is enlarged by the largest whole number; a larger one keeps its proportion.
    """
    scale = min(width_max / width, height_max / height)
    if scale >= 1:
        return width * int(scale), height * int(scale)
    return max(1, min(width_max, round(width * scale))), max(
        1, min(height_max, round(height * scale))
    )


def fitted_to(pixels: Pixels, box: Box, cell: CellSize) -> tuple[int, int]:
    """The size (width, height) in pixels at which a picture fits into cells."""
    return fitted(
        pixels.shape[1],
        pixels.shape[0],
        width_max=box.columns * cell.width_px,
        height_max=box.rows * cell.height_px,
    )


def nearest(pixels: Pixels, width: int, height: int) -> Pixels:
    """The picture at (width, height): each new pixel is the source pixel under its centre."""
    rows = ((2 * np.arange(height) + 1) * pixels.shape[0]) // (2 * height)
    columns = ((2 * np.arange(width) + 1) * pixels.shape[1]) // (2 * width)
    picture: Pixels = pixels[rows[:, None], columns[None, :]]
    return picture


def coloured(pixels: Pixels) -> Pixels:
    """A grey picture as RGB; an RGB one as it is."""
    return np.repeat(pixels[:, :, None], 3, axis=2) if pixels.ndim == 2 else pixels
