"""Pictures that stand in cells: each piece has a private-use character, given out in turn.

A picture keeps its pixels, so that a part of it can be sent alone where a dialog covers the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.strip import Strip

from scanflow_tui.images.protocol import Box, CellSize
from scanflow_tui.tui.shadow import PRIVATE_FIRST, PRIVATE_LAST, Piece

if TYPE_CHECKING:
    from scanflow_tui.images.protocol import Pixels

N_CODES = PRIVATE_LAST - PRIVATE_FIRST + 1


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A picture of real pixels in its cells. ``whole`` is what the terminal is sent for all of it.

    ``shown`` are its pixels as they are shown: (height, width) grey or (height, width, 3) RGB.
    """

    number: int
    first_code: int
    box: Box
    cell: CellSize
    shown: Pixels
    whole: bytes

    @property
    def n_codes(self) -> int:
        """How many characters it has."""
        return self.box.columns * self.box.rows

    def part_px(self, left: int, top: int, right: int, bottom: int) -> tuple[int, int, int, int]:
        """A rectangle of cells as pixels of the picture: left, top, right, bottom; may be empty."""
        height, width = self.shown.shape[:2]
        return (
            min(width, left * self.cell.width_px),
            min(height, top * self.cell.height_px),
            min(width, right * self.cell.width_px),
            min(height, bottom * self.cell.height_px),
        )


class Sheets:
    """``lay`` gives a picture its characters; the oldest one loses them when all are given out."""

    def __init__(self) -> None:
        self._by_number: dict[int, Sheet] = {}
        self._next_number = 1
        self._next_code = 0
        self._owner: dict[int, int] = {}
        """The picture's number for each character that is given out."""

    def lay(
        self, shown: Pixels, whole: bytes, box: Box, cell: CellSize
    ) -> tuple[int, tuple[Strip, ...]]:
        """The number and the strips of a picture that was not laid before."""
        n_codes = box.columns * box.rows
        first = self._next_code if self._next_code + n_codes <= N_CODES else 0
        self._next_code = first + n_codes
        self._take_back(range(first, first + n_codes))
        sheet = Sheet(self._next_number, first, box, cell, shown, whole)
        self._next_number += 1
        self._by_number[sheet.number] = sheet
        self._owner.update(dict.fromkeys(range(first, first + n_codes), sheet.number))
        strips = []
        for row in range(box.rows):
            start = PRIVATE_FIRST + first + row * box.columns
            text = "".join(map(chr, range(start, start + box.columns)))
            strips.append(Strip([Segment(text)], box.columns))
        return sheet.number, tuple(strips)

    def sheet(self, number: int) -> Sheet | None:
        """A picture that still has its characters."""
        return self._by_number.get(number)

    def piece_of(self, char: str) -> Piece | None:
        """Which cell of which picture a character stands for."""
        code = ord(char) - PRIVATE_FIRST
        sheet = self._by_number.get(self._owner.get(code, 0))
        if sheet is None:
            return None
        row, column = divmod(code - sheet.first_code, sheet.box.columns)
        return Piece(sheet.number, column, row)

    def _take_back(self, codes: range) -> None:
        for number in {self._owner[code] for code in codes if code in self._owner}:
            sheet = self._by_number.pop(number)
            for code in range(sheet.first_code, sheet.first_code + sheet.n_codes):
                del self._owner[code]
