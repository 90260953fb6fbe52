"""Pictures of kitty's that stand in cells as characters: tmux moves and cuts them as it does text.

The pixels go past tmux, wrapped, under a number; a cell then says in its colour which picture it
shows a piece of, and in three marks above its character which row, which column, and the rest of
the number. Kitty has them since 0.28. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanflow_tui.images import kitty
from scanflow_tui.images.protocol import Box, CellSize, Painting
from scanflow_tui.images.scaling import fitted_to, nearest
from scanflow_tui.images.sixel import cells_of

if TYPE_CHECKING:
    from scanflow_tui.images.protocol import Pixels

CHARACTER = "\U0010eeee"

# Marks above a character that stand for 0, 1, 2 ...: those of Unicode 6.0 with class 230 that are
# made of nothing else and compose to nothing.
_RANGES = """
0305 030D-030E 0310 0312 033D-033F 0346 034A-034C 0350-0352 0357 035B 0363-036F 0483-0487 0592-0595
0597-0599 059C-05A1 05A8-05A9 05AB-05AC 05AF 05C4 0610-0617 0657-065B 065D-065E 06D6-06DC 06DF-06E2
06E4 06E7-06E8 06EB-06EC 0730 0732-0733 0735-0736 073A 073D 073F-0741 0743 0745 0747 0749-074A
07EB-07F1 07F3 0816-0819 081B-0823 0825-0827 0829-082D 0951 0953-0954 0F82-0F83 0F86-0F87 135D-135F
17DD 193A 1A17 1A75-1A7C 1B6B 1B6D-1B73 1CD0-1CD2 1CDA-1CDB 1CE0 1DC0-1DC1 1DC3-1DC9 1DCB-1DCC
1DD1-1DE6 1DFE 20D0-20D1 20D4-20D7 20DB-20DC 20E1 20E7 20E9 20F0 2CEF-2CF1 2DE0-2DFF A66F A67C-A67D
A6F0-A6F1 A8E0-A8F1 AAB0 AAB2-AAB3 AAB7-AAB8 AABE-AABF AAC1 FE20-FE26 10A0F 10A38 1D185-1D189
1D1AA-1D1AD 1D242-1D244
"""


def _marks() -> str:
    ends = [[int(end, 16) for end in told.split("-")] for told in _RANGES.split()]
    return "".join(chr(code) for one in ends for code in range(one[0], one[-1] + 1))


MARKS = _marks()
SIDE_MAX = len(MARKS)
"""Cells of a picture in a row or a column."""

N_NUMBERS = 255 * 256
"""A colour of 256 tells a part of a number (0 would be none), the third mark the rest."""


class Placeholders(kitty.Kitty):
    """The encoder: as kitty's, but in whole cells, for what does not fill them is stretched."""

    name = "placeholders"

    def paint(self, pixels: Pixels, box: Box, cell: CellSize) -> Painting:
        """Blank cells, and the picture as PNG that fills them; beside the picture it is clear."""
        box = Box(min(box.columns, SIDE_MAX), min(box.rows, SIDE_MAX))
        painting = super().paint(pixels, box, cell)
        if not painting.payload:
            return painting
        shown = fitted_to(pixels, box, cell)
        took = cells_of(*shown, cell)
        size = (took.columns * cell.width_px, took.rows * cell.height_px)
        if shown == size:
            return painting
        return Painting(painting.cells, kitty.png(_on_clear(nearest(pixels, *shown), *size)))


def identity(number: int) -> int:
    """What kitty calls a picture: as much as a colour of 256 and a mark can say."""
    high, low = divmod(number % N_NUMBERS, 255)
    return high << 24 | (low + 1)


def transmit(number: int, file: bytes, box: Box) -> bytes:
    """Send a PNG past tmux, to be shown in so many cells wherever they stand."""
    keys = b"a=T,U=1,q=2,f=100,i=%d,c=%d,r=%d" % (identity(number), box.columns, box.rows)
    return b"".join(_past_tmux(one) for one in kitty.sequences(keys, file))


def free(number: int) -> bytes:
    """Take a picture out of the terminal's memory."""
    return _past_tmux(kitty.free(identity(number)))


def line(number: int, row: int, left: int, right: int) -> str:
    """The cells of a picture's row from one column to another; the colour stays set behind them."""
    high, low = divmod(identity(number), 1 << 24)
    cells = (f"{CHARACTER}{MARKS[row]}{MARKS[at]}{MARKS[high]}" for at in range(left, right))
    return f"\x1b[38;5;{low}m{''.join(cells)}"


def _past_tmux(sequence: bytes) -> bytes:
    return b"\x1bPtmux;%s\x1b\\" % sequence.replace(b"\x1b", b"\x1b\x1b")


def _on_clear(pixels: Pixels, width: int, height: int) -> Pixels:
    """A picture in the corner of one of this size that is clear elsewhere."""
    import numpy as np

    coloured = pixels if pixels.ndim == 3 else pixels[..., np.newaxis]
    made = np.zeros((height, width, coloured.shape[2] + 1), np.uint8)
    high, wide = pixels.shape[:2]
    made[:high, :wide, :-1] = coloured
    made[:high, :wide, -1] = 255
    return made
