"""A picture in at most so many colours: exactly where it has no more, else as near as is quick.

Pure. A photograph's palette begins as Pillow's octree of a sixteenth of the pixels; each pixel then
takes the nearest colour (judged in 32 levels a channel), and each colour the mean of its pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Registers = npt.NDArray[np.intp]

PERCENT = np.rint(np.arange(256) * 100 / 255).astype(np.uint8)
N_KEYS = 1 << 15
SEED_STEP, MEAN_STEP = 4, 4
"""Of rows and columns, those that the first palette is taken from; of rows, those of the means."""

SAMPLED = 2048
"""Pixels in which a photograph already shows more colours than there are registers."""

PRODUCTS_MAX = 1 << 18
"""In one product of matrices: for more, OpenBLAS wakes threads, and waits for them."""

HOLD = 2.0
"""A pixel takes the colour above it where the two are no further apart than this many times the
median distance (squared) of a colour to its neighbour: fewer bytes for less than 1 dB."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """A picture by registers, (height, width); red, green, blue of each register in percent."""

    registers: Registers
    percents: Pixels


def exact(pixels: Pixels, colours: int) -> Indexed | None:
    """Registers for each colour that occurs, the most frequent first; None if they are too many."""
    if pixels.ndim == 2:
        packed, n_levels = PERCENT[pixels].astype(np.intp), 101
    else:
        few = pixels.reshape(-1, 3)[:: pixels.size // 3 // SAMPLED + 1]
        if np.unique(_packed(PERCENT[few])).size > colours:
            return None
        packed, n_levels = _packed(PERCENT[pixels]), 101**3
    counts = np.bincount(packed.ravel(), minlength=n_levels)
    present = np.flatnonzero(counts)
    if present.size > colours:
        return None
    most = counts.argmax()
    present = np.concatenate(([most], present[present != most]))
    register_of = np.zeros(n_levels, np.intp)
    register_of[present] = np.arange(present.size)
    if pixels.ndim == 2:
        table = np.repeat(present[:, None], 3, axis=1)
    else:
        table = np.stack((present // 10_201, present // 101 % 101, present % 101), axis=1)
    return Indexed(register_of[packed], table.astype(np.uint8))


def _packed(percents: Pixels) -> Registers:
    wide = percents.astype(np.intp)
    packed: Registers = (wide[..., 0] * 101 + wide[..., 1]) * 101 + wide[..., 2]
    return packed


def reduced(pixels: Pixels, colours: int, band: int = 0) -> Indexed:
    """An RGB picture in so many colours; with a ``band``, columns in bands so high are calmed."""
    keys = _keys(pixels)
    palette = _seed(pixels, colours)
    seen = np.zeros(N_KEYS, bool)
    seen[keys] = True
    occurring = np.flatnonzero(seen)
    register_of = np.zeros(N_KEYS, np.intp)
    register_of[occurring] = _nearest(_centres()[occurring], palette)
    registers: Registers = register_of.take(keys)
    _move_to_means(palette, registers, pixels)
    if band:
        _hold(registers, palette, band)
    return Indexed(registers, PERCENT[np.rint(palette).astype(np.uint8)])


def _keys(pixels: Pixels) -> Registers:
    """Five bits of each channel, red lowest."""
    height, width = pixels.shape[:2]
    # Read as 32-bit words that overlap by a byte: three times faster than channel by channel.
    padded = np.empty(pixels.size + 1, np.uint8)
    padded[:-1] = pixels.reshape(-1)
    words = np.ndarray((height * width,), "<u4", padded.data, 0, (3,)).copy()
    keys = (words >> 3) & 0x1F
    keys |= (words >> 6) & 0x3E0
    keys |= (words >> 9) & 0x7C00
    return keys.astype(np.intp).reshape(height, width)


@lru_cache(maxsize=1)
def _centres() -> npt.NDArray[np.float32]:
    """The colour in the middle of each key."""
    keys = np.arange(N_KEYS)
    return np.stack((keys & 31, keys >> 5 & 31, keys >> 10), axis=1).astype(np.float32) * 8 + 4


def _seed(pixels: Pixels, colours: int) -> npt.NDArray[np.float32]:
    from PIL import Image  # only photographs need it

    step = SEED_STEP if min(pixels.shape[:2]) >= SEED_STEP * 8 else 1
    few = Image.fromarray(np.ascontiguousarray(pixels[::step, ::step]))
    octree = few.quantize(colours, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    palette = np.asarray(octree.getpalette() or [0, 0, 0], dtype=np.float32).reshape(-1, 3)
    return palette[:colours]


def _nearest(
    points: npt.NDArray[np.float32], palette: npt.NDArray[np.float32]
) -> npt.NDArray[np.intp]:
    """Of each point the palette's nearest colour."""
    twice, squares = palette.T * -2, (palette * palette).sum(axis=1)
    nearest = np.empty(len(points), np.intp)
    rows = PRODUCTS_MAX // (3 * len(palette))
    for at in range(0, len(points), rows):
        distance = points[at : at + rows] @ twice
        distance += squares
        nearest[at : at + rows] = distance.argmin(axis=1)
    return nearest


def _move_to_means(palette: npt.NDArray[np.float32], registers: Registers, pixels: Pixels) -> None:
    """Each colour becomes the mean of the pixels that took it; one that none took stays."""
    owner = registers[::MEAN_STEP].ravel()
    channels = pixels[::MEAN_STEP].reshape(-1, 3).T.astype(np.float64)
    counts = np.bincount(owner, minlength=len(palette))
    taken = counts > 0
    for at, channel in enumerate(channels):
        sums = np.bincount(owner, weights=channel, minlength=len(palette))
        palette[taken, at] = sums[taken] / counts[taken]


def _hold(registers: Registers, palette: npt.NDArray[np.float32], band: int) -> None:
    """Down each column of a band, a colour goes on where the next one is hardly another."""
    n_colours = len(palette)
    squares = (palette * palette).sum(axis=1)
    apart = palette @ (palette.T * -2)
    apart += squares
    apart += squares[:, None]
    np.fill_diagonal(apart, np.inf)
    near = (apart < HOLD * np.median(apart.min(axis=1))).ravel()
    for row in range(1, band):
        here = registers[row::band]
        above = registers[row - 1 :: band][: len(here)]
        np.copyto(here, above, where=near.take(here * n_colours + above))
