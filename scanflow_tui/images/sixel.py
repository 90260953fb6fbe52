"""Sixel: pixels in, the bytes of one picture out. Pure.

Every colour register is defined before any is selected: xterm selects nothing on a definition. A
colour has 101 levels a channel, so what is shown lies within 1 of 255 of what was given, and within
2 on screen. Small pictures are worked at the size of their source; enlarging only lengthens runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from scanflow_tui.images.protocol import BLANK, Box, CellSize, Painting
from scanflow_tui.images.scaling import coloured, fitted_to, nearest

if TYPE_CHECKING:
    from scanflow_tui.images.protocol import Pixels

COLOURS_MAX = 256
"""Registers that every terminal with sixel has."""

BAND = 6
SMALL_SIDE_MAX = 64
"""Up to this size a picture is cheaper span by span than by arrays."""

PERCENT = np.rint(np.arange(256) * 100 / 255).astype(np.uint8)
_START, _END = b"\x1bP0;1;0q", b"\x1b\\"
_RUN_MAX = 4096

Spans = list[tuple[int, int, int, int]]
"""(first column, column after the last, register, bits of the band's rows)."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """A picture by registers, (height, width); red, green, blue of each register in percent."""

    registers: npt.NDArray[np.int64]
    percents: npt.NDArray[np.uint8]


class Sixel:
    """The encoder; ``colours`` is how many a photograph is reduced to."""

    name = "sixel"

    def __init__(self, colours: int = COLOURS_MAX) -> None:
        self.colours = colours

    def cells_for(self, width: int, height: int, scale: int, cell: CellSize) -> Box:
        """As many whole cells as the enlarged picture touches."""
        return cells_of(width * scale, height * scale, cell)

    def paint(self, pixels: Pixels, box: Box, cell: CellSize) -> Painting:
        """Blank cells under the picture, and its bytes."""
        if box.columns < 1 or box.rows < 1 or pixels.size == 0:
            return Painting(())
        shown = fitted_to(pixels, box, cell)
        scale = shown[0] // pixels.shape[1]
        source = pixels if scale >= 1 else nearest(pixels, *shown)
        took = cells_of(*shown, cell)
        cells = ((BLANK,) * took.columns,) * took.rows
        return Painting(cells, encode(source, max(1, scale), self.colours))


def cells_of(width_px: int, height_px: int, cell: CellSize) -> Box:
    """The cells that a rectangle of pixels touches when it begins at a cell's corner."""
    return Box(-(-width_px // cell.width_px), -(-height_px // cell.height_px))


def encode(pixels: Pixels, scale: int = 1, colours: int = COLOURS_MAX) -> bytes:
    """A picture, (height, width) grey or (height, width, 3) RGB, enlarged ``scale`` times.

    At most ``colours`` different colours (after rounding to percent) are kept exactly; more are
    reduced to so many by an octree, without dithering.
    """
    height, width = pixels.shape[:2]
    indexed = _exact(pixels, colours) or _reduced(pixels, colours)
    head = b'%s"1;1;%d;%d' % (_START, width * scale, height * scale)
    registers = b"".join(
        b"#%d;2;%d;%d;%d" % (n, *c) for n, c in enumerate(indexed.percents.tolist())
    )
    is_small = max(height, width) <= SMALL_SIDE_MAX
    body = _by_spans(indexed, scale) if is_small else _by_arrays(indexed, scale)
    return b"".join((head, registers, body, _END))


def _exact(pixels: Pixels, colours: int) -> Indexed | None:
    """Registers for each colour that occurs, the most frequent first; None if they are too many."""
    percents = PERCENT[pixels]
    if pixels.ndim == 2:
        counts = np.bincount(percents.ravel(), minlength=101)
        packed, n_levels = percents.astype(np.int64), counts.size
    else:
        wide = percents.astype(np.int64)
        packed = (wide[..., 0] * 101 + wide[..., 1]) * 101 + wide[..., 2]
        counts = np.bincount(packed.ravel())
        n_levels = counts.size
    present = np.flatnonzero(counts)
    if present.size > colours:
        return None
    present = np.concatenate(([counts.argmax()], present[present != counts.argmax()]))
    register_of = np.zeros(n_levels, np.int64)
    register_of[present] = np.arange(present.size)
    if pixels.ndim == 2:
        table = np.repeat(present[:, None], 3, axis=1)
    else:
        table = np.stack((present // 10_201, present // 101 % 101, present % 101), axis=1)
    return Indexed(register_of[packed], table.astype(np.uint8))


def _reduced(pixels: Pixels, colours: int) -> Indexed:
    """The picture in so many colours."""
    from PIL import Image  # only photographs need it

    image = Image.fromarray(coloured(pixels)).quantize(
        colours, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
    )
    palette = np.asarray(image.getpalette() or [0, 0, 0], dtype=np.uint8).reshape(-1, 3)
    return Indexed(np.asarray(image).astype(np.int64), PERCENT[palette[:colours]])


@lru_cache(maxsize=64)
def _bands(height: int, scale: int) -> tuple[tuple[int, tuple[tuple[int, int], ...]], ...]:
    """Of each band all its bits, and the source rows in it with the bits that are theirs."""
    bands = []
    for top in range(0, height * scale, BAND):
        end = min(height * scale, top + BAND)
        rows = []
        for row in range(top // scale, (end - 1) // scale + 1):
            first, last = max(top, row * scale) - top, min(end, (row + 1) * scale) - top
            rows.append((row, (1 << last) - (1 << first)))
        bands.append(((1 << (end - top)) - 1, tuple(rows)))
    return tuple(bands)


@lru_cache(maxsize=65_536)
def run(length: int, bits: int) -> str:
    """So many columns with these bits, as short as it can be said."""
    char = chr(63 + bits)
    return char * length if length < 4 else f"!{length}{char}"


def _by_spans(indexed: Indexed, scale: int) -> bytes:
    """Each band: one run of register 0, and over it what differs, packed into few passes."""
    height, width = indexed.registers.shape
    rows = _row_spans(indexed.registers)
    out: list[str] = []
    for bits, sources in _bands(height, scale):
        if out:
            out.append("-")
        out += ["#0", run(width * scale, bits)]
        selected = 0
        for spans in _passes(rows, sources):
            out.append("$")
            column = 0
            for first, after, register, mask in spans:
                if first > column:
                    out.append(run((first - column) * scale, 0))
                if register != selected:
                    out.append(f"#{register}")
                    selected = register
                out.append(run((after - first) * scale, mask))
                column = after
    return "".join(out).encode("ascii")


def _row_spans(registers: npt.NDArray[np.int64]) -> list[list[tuple[int, int, int]]]:
    """Of each row its runs (first, after, register) that are not of register 0."""
    height, width = registers.shape
    begins = np.ones((height, width), bool)
    np.not_equal(registers[:, 1:], registers[:, :-1], out=begins[:, 1:])
    ys, firsts = np.nonzero(begins)
    found = registers[ys, firsts]
    after = np.append(firsts[1:], width)
    after[after == 0] = width
    keep = found != 0
    rows: list[list[tuple[int, int, int]]] = [[] for _ in range(height)]
    for y, first, end, register in zip(
        ys[keep].tolist(),
        firsts[keep].tolist(),
        after[keep].tolist(),
        found[keep].tolist(),
        strict=True,
    ):
        rows[y].append((first, end, register))
    return rows


def _passes(
    rows: list[list[tuple[int, int, int]]], sources: tuple[tuple[int, int], ...]
) -> list[Spans]:
    """Spans of one band, so that none overlaps another of its pass."""
    if len(sources) == 1:
        row, bits = sources[0]
        return [[(*span, bits) for span in rows[row]]] if rows[row] else []
    joined: dict[tuple[int, int, int], int] = {}
    for row, bits in sources:
        for key in rows[row]:
            joined[key] = joined.get(key, 0) | bits
    left: Spans = [(*key, bits) for key, bits in sorted(joined.items())]
    passes: list[Spans] = []
    while left:
        column = 0
        taken: Spans = []
        rest: Spans = []
        for span in left:
            if span[0] >= column:
                taken.append(span)
                column = span[1]
            else:
                rest.append(span)
        passes.append(taken)
        left = rest
    return passes


@lru_cache(maxsize=1)
def _runs() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Every run up to ``_RUN_MAX`` columns as bytes padded with 0, and its length in bytes."""
    longest = len(run(_RUN_MAX, 63))
    table = np.zeros(((_RUN_MAX + 1) * 64, longest), np.uint8)
    for length in range(1, _RUN_MAX + 1):
        for bits in range(64):
            said = run(length, bits).encode()
            table[length * 64 + bits, : len(said)] = np.frombuffer(said, np.uint8)
    return table, (table != 0).sum(axis=1)


def _by_arrays(indexed: Indexed, scale: int) -> bytes:
    """Each band colour by colour: for pictures with many of them."""
    registers = indexed.registers
    if scale > 1:
        registers = np.repeat(np.repeat(registers, scale, axis=0), scale, axis=1)
    height, width = registers.shape
    n_colours = len(indexed.percents)
    n_bands = -(-height // BAND)
    line_of = np.arange(height)[:, None] // BAND * n_colours + registers
    bits = np.zeros((n_bands * n_colours, width), np.uint8)
    columns = np.arange(width)
    for row in range(min(BAND, height)):
        bits[line_of[row::BAND], columns] |= np.uint8(1 << row)
    present = np.flatnonzero(np.bincount(line_of.ravel(), minlength=n_bands * n_colours))
    lines = _written(bits[present])
    out: list[bytes] = []
    band = 0
    for at, line in zip(present.tolist(), lines, strict=True):
        its_band, register = divmod(at, n_colours)
        if out:
            out.append(b"-" * (its_band - band) if its_band > band else b"$")
        band = its_band
        out.append(b"#%d%s" % (register, line))
    return b"".join(out)


def _written(bits: npt.NDArray[np.uint8]) -> list[bytes]:
    """Each line of bits as runs; what is empty at its end is left out."""
    n_lines, width = bits.shape
    begins = np.ones(bits.shape, bool)
    np.not_equal(bits[:, 1:], bits[:, :-1], out=begins[:, 1:])
    places = np.flatnonzero(begins.ravel())
    values = bits.ravel()[places].astype(np.int64)
    of_line = places // width
    lengths = np.append(places[1:], bits.size) - places
    is_last = np.append(of_line[1:] != of_line[:-1], True)
    keep = ~(is_last & (values == 0))
    of_line, values, lengths = of_line[keep], values[keep], lengths[keep]
    table, sizes = _runs()
    which = lengths * 64 + values
    padded = table[which]
    data = padded[padded != 0].tobytes()
    ends = np.cumsum(np.bincount(of_line, weights=sizes[which], minlength=n_lines)).astype(int)
    starts = np.append(0, ends[:-1])
    return [data[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
