"""Sixel: pixels in, the bytes of one picture out. Pure.

Every colour register is defined before any is selected: xterm selects nothing on a definition. A
colour has 101 levels a channel, so what is shown lies within 1 of 255 of what was given, and within
2 on screen. Small pictures are worked at the size of their source; enlarging only lengthens runs.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from scanflow_tui.images.palette import Indexed, Registers, exact, reduced
from scanflow_tui.images.protocol import BLANK, Box, CellSize, Painting
from scanflow_tui.images.scaling import coloured, fitted_to, nearest

if TYPE_CHECKING:
    from scanflow_tui.images.protocol import Pixels

COLOURS_MAX = 256
"""Registers that every terminal with sixel has."""

BAND = 6
EMPTY, FULL = 63, "~"
"""Characters of a column without a pixel and with all; one with bits is so much after the first."""

SMALL_SIDE_MAX = 64
"""Up to this size a picture is cheaper span by span than by arrays."""

_START, _END = b"\x1bP0;1;0q", b"\x1b\\"

Spans = list[tuple[int, int, int, int]]
"""(first column, column after the last, register, bits of the band's rows)."""


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
        scale = min(shown[0] // pixels.shape[1], shown[1] // pixels.shape[0])
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
    reduced to so many, without dithering.
    """
    height, width = pixels.shape[:2]
    indexed = exact(pixels, colours)
    if indexed is None:
        indexed = reduced(coloured(pixels), colours, BAND if scale == 1 else 0)
    head = b'%s"1;1;%d;%d' % (_START, width * scale, height * scale)
    registers = "".join(map(_definition, count(), map(tuple, indexed.percents.tolist()))).encode()
    if max(height, width) > SMALL_SIDE_MAX:
        body = _by_arrays(indexed, scale)
    else:
        body = _by_rows(indexed, scale) if scale >= BAND // 2 else _by_spans(indexed, scale)
    return b"".join((head, registers, body, _END))


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
    char = chr(EMPTY + bits)
    return char * length if length < 4 else f"!{length}{char}"


@lru_cache(maxsize=65_536)
def _definition(register: int, percents: tuple[int, int, int]) -> str:
    red, green, blue = percents
    return f"#{register};2;{red};{green};{blue}"


def _by_rows(indexed: Indexed, scale: int) -> bytes:
    """Each band: one run of register 0, and over it the one or two rows that it has a part of.

    A row is written once, with all six bits; where a band has fewer of them, the character changes.
    """
    height, width = indexed.registers.shape
    rows = _row_texts(indexed, scale)
    out: list[str] = []
    for bits, sources in _bands(height, scale):
        out.append(f"-#0{run(width * scale, bits)}")
        if len(sources) == 2 and rows[sources[0][0]] == rows[sources[1][0]]:
            sources = ((sources[0][0], bits),)
        for row, mask in sources:
            if rows[row]:
                out.append("$")
                out.append(rows[row].replace(FULL, chr(EMPTY + mask)))
    return "".join(out)[1:].encode("ascii")


def _row_texts(indexed: Indexed, scale: int) -> list[str]:
    """What each row has of registers other than 0, from its left; empty where that is nothing."""
    height, width = indexed.registers.shape
    ys, firsts, afters, found = _runs(indexed.registers)
    is_first = np.ones(len(ys), bool)
    np.not_equal(ys[1:], ys[:-1], out=is_first[1:])
    gaps = firsts.copy()
    gaps[1:] -= np.where(is_first[1:], 0, afters[:-1])
    found[1:][~is_first[1:] & (found[1:] == found[:-1])] = -1
    empty, full = _said(width, scale)
    select = [*(f"#{n}" for n in range(len(indexed.percents))), ""]
    texts = [
        empty[gap] + select[register] + full[length]
        for gap, register, length in zip(
            gaps.tolist(), found.tolist(), (afters - firsts).tolist(), strict=True
        )
    ]
    ends = np.bincount(ys, minlength=height).cumsum().tolist()
    return ["".join(texts[a:b]) for a, b in zip([0, *ends], ends, strict=False)]


@lru_cache(maxsize=64)
def _said(width: int, scale: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """So many enlarged columns, empty and full; nothing for none."""
    lengths = range(0, (width + 1) * scale, scale)
    return tuple(run(n, 0) for n in lengths), tuple(run(n, 63) for n in lengths)


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


def _row_spans(registers: Registers) -> list[list[tuple[int, int, int]]]:
    """Of each row its runs (first, after, register) that are not of register 0."""
    rows: list[list[tuple[int, int, int]]] = [[] for _ in range(len(registers))]
    for y, *span in np.stack(_runs(registers), axis=1).tolist():
        rows[y].append((span[0], span[1], span[2]))
    return rows


def _runs(registers: Registers) -> tuple[Registers, Registers, Registers, Registers]:
    """Row, first column, column after the last and register of each run that is not of 0."""
    height, width = registers.shape
    begins = np.ones((height, width), bool)
    np.not_equal(registers[:, 1:], registers[:, :-1], out=begins[:, 1:])
    places = np.flatnonzero(begins)
    ys = places // width
    firsts, found = places - ys * width, registers.ravel()[places]
    afters = np.append(firsts[1:], width)
    afters[afters == 0] = width
    keep = np.flatnonzero(found)
    return ys[keep], firsts[keep], afters[keep], found[keep]


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


@lru_cache(maxsize=4)
def _lengths(longest: int) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """Of each length what is said before the character, and where that stands: as 8-byte words.

    A run's bytes are the first plus the character times the second; bytes of 0 are no bytes.
    """
    before = np.zeros(longest + 1, np.uint64)
    times = np.zeros(longest + 1, np.uint64)
    times[1:4] = (0x01, 0x0101, 0x010101)[:longest]
    for length in range(4, longest + 1):
        said = b"!%d" % length
        before[length] = int.from_bytes(said, "little")
        times[length] = 1 << 8 * len(said)
    return before, times


@lru_cache(maxsize=4)
def _selections(n_colours: int) -> npt.NDArray[np.uint64]:
    """The words that begin a line: (of the same band, of the next) by register."""
    said = [[b"%c#%d" % (mark, n) for n in range(n_colours)] for mark in b"$-"]
    return np.array([[int.from_bytes(one, "little") for one in row] for row in said], np.uint64)


@lru_cache(maxsize=8)
def _places(height: int, width: int, n_colours: int) -> npt.NDArray[np.int64]:
    """Where each pixel is: band, column and row in the band, in the order of the bytes."""
    y, x = np.arange(height)[:, None], np.arange(width)
    return ((y // BAND * n_colours) * width + x) * 8 + y % BAND


def _by_arrays(indexed: Indexed, scale: int) -> bytes:
    """Each band colour by colour: for pictures with many of them."""
    registers = indexed.registers
    if scale > 1:
        registers = np.repeat(np.repeat(registers, scale, axis=0), scale, axis=1)
    height, width = registers.shape
    n_colours = len(indexed.percents)
    keys = (registers * (width * 8) + _places(height, width, n_colours)).ravel()
    if height * width * n_colours < 1 << 29:
        keys = keys.astype(np.int32)  # sorted in half the time
    keys.sort()
    cells = keys >> 3
    begins = np.flatnonzero(_differs(cells))
    bits = np.add.reduceat(np.left_shift(1, keys & 7), begins)
    return _lines(cells[begins], bits, width, n_colours)


def _differs(values: npt.NDArray[Any], step: int = 0) -> npt.NDArray[np.bool_]:
    """Whether each value is another than the one before plus ``step``; the first is."""
    found = np.ones(len(values), bool)
    np.not_equal(values[1:], values[:-1] + step, out=found[1:])
    return found


def _lines(cells: npt.NDArray[Any], bits: npt.NDArray[Any], width: int, n_colours: int) -> bytes:
    """What is lit, as runs: three words a run, for a line's beginning, the gap and the run."""
    lines = cells // width
    is_line = _differs(lines)
    starts = np.flatnonzero(is_line | _differs(cells, 1) | _differs(bits))
    lengths = np.diff(starts, append=len(cells))
    is_line, lines = is_line[starts], lines[starts]
    columns = cells[starts] - lines * width
    gaps = columns.copy()
    gaps[1:] -= np.where(is_line[1:], 0, (columns + lengths)[:-1])
    bands, registers = np.divmod(lines[is_line], n_colours)
    before, times = _lengths(width)
    words = np.zeros((len(starts), 3), "<u8")
    is_next = _differs(bands).astype(np.intp)
    words[is_line, 0] = _selections(n_colours)[is_next, registers]
    words[:, 1] = (before + np.uint64(EMPTY) * times).take(gaps)
    chars = (bits[starts] + EMPTY).astype(np.uint64)
    words[:, 2] = before.take(lengths) + chars * times.take(lengths)
    # The first line begins with a mark like every other, and must not.
    return words.tobytes().translate(None, b"\0")[1:]
