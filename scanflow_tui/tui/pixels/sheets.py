"""Pictures that stand in cells: each piece has a private-use character, given out in turn.

A picture keeps its pixels, so that a part of it can be sent alone where a dialog covers the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.strip import Strip

from scanflow_tui.images.protocol import Box, CellSize, Painting
from scanflow_tui.tui.pixels.shadow import PRIVATE_FIRST, PRIVATE_LAST, Piece

if TYPE_CHECKING:
    from scanflow_tui.images.protocol import Pixels

N_CODES = PRIVATE_LAST - PRIVATE_FIRST + 1


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A picture of real pixels in its cells. ``whole`` is what the terminal is sent for all of it.

    ``source`` are its pixels, ``size_px`` the (width, height) at which they are shown.
    """

    number: int
    first_code: int
    box: Box
    cell: CellSize
    source: Pixels
    size_px: tuple[int, int]
    whole: bytes
    lines: tuple[str, ...]
    """Its characters, line by line."""

    @property
    def n_codes(self) -> int:
        """How many characters it has."""
        return self.box.columns * self.box.rows

    def part(self, box_px: tuple[int, int, int, int]) -> Pixels:
        """The pixels of a part (left, top, right, bottom), as they are shown."""
        from scanflow_tui.images.scaling import nearest

        left, top, right, bottom = box_px
        return nearest(self.source, *self.size_px)[top:bottom, left:right]

    def part_px(self, left: int, top: int, right: int, bottom: int) -> tuple[int, int, int, int]:
        """A rectangle of cells as pixels of the picture: left, top, right, bottom; may be empty."""
        width, height = self.size_px
        return (
            min(width, left * self.cell.width_px),
            min(height, top * self.cell.height_px),
            min(width, right * self.cell.width_px),
            min(height, bottom * self.cell.height_px),
        )


class Sheets:
    """``lay`` gives a picture its characters; the oldest one loses them when all are given out."""

    def __init__(self) -> None:
        self.taken_back: list[int] = []
        """Pictures that lost their characters, for whoever keeps more of them."""
        self._by_number: dict[int, Sheet] = {}
        self._next_number = 1
        self._next_code = 0
        self._owner: dict[int, int] = {}
        """The picture's number for each character that is given out."""

    def lay(
        self, pixels: Pixels, painting: Painting, room: Box, cell: CellSize
    ) -> tuple[int, tuple[Strip, ...]]:
        """The number and the strips of a picture that was painted for a room, and not laid yet."""
        from scanflow_tui.images.scaling import fitted_to

        box, size_px = Box(painting.columns, painting.rows), fitted_to(pixels, room, cell)
        n_codes = box.columns * box.rows
        first = self._next_code if self._next_code + n_codes <= N_CODES else 0
        self._next_code = first + n_codes
        self._take_back(range(first, first + n_codes))
        whole = painting.payload
        lines = tuple(
            _characters(first + row * box.columns, box.columns) for row in range(box.rows)
        )
        sheet = Sheet(self._next_number, first, box, cell, pixels, size_px, whole, lines)
        self._next_number += 1
        self._by_number[sheet.number] = sheet
        self._owner.update(dict.fromkeys(range(first, first + n_codes), sheet.number))
        return sheet.number, tuple(Strip([Segment(line)], box.columns) for line in lines)

    def sheet(self, number: int) -> Sheet | None:
        """A picture that still has its characters."""
        return self._by_number.get(number)

    def piece_of(self, text: str) -> Piece | None:
        """The cell of a picture that a text's first character stands for, where the others stand
        for those beside it.
        """
        code = ord(text[0]) - PRIVATE_FIRST
        sheet = self._by_number.get(self._owner.get(code, 0))
        if sheet is None:
            return None
        row, column = divmod(code - sheet.first_code, sheet.box.columns)
        end = column + len(text)
        if end > sheet.box.columns or text != sheet.lines[row][column:end]:
            return None
        return Piece(sheet.number, column, row)

    def _take_back(self, codes: range) -> None:
        for number in {self._owner[code] for code in codes if code in self._owner}:
            sheet = self._by_number.pop(number)
            self.taken_back.append(number)
            for code in range(sheet.first_code, sheet.first_code + sheet.n_codes):
                del self._owner[code]


def _characters(first_code: int, n: int) -> str:
    start = PRIVATE_FIRST + first_code
    return "".join(map(chr, range(start, start + n)))
