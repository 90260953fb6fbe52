"""What each cell of the terminal shows, so that only what changed is written. Pure.

A picture stands in the cells of a screen as private-use characters, a different one for each piece:
they survive tinting, cropping and joining of strips. They are never written as text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from rich.cells import cell_len

from scanflow_tui.tui.writing import Run

PRIVATE_FIRST, PRIVATE_LAST = 0xF0000, 0x10FFFD
"""Planes 15 and 16: more than cells of any screen."""

WIDE_REST = ""
"""What stands in the second cell of a wide character."""

GAP_BYTES_MAX = 4
"""As long as the shortest way over a gap of several cells."""

Styled = tuple[str, str]
"""A text, and the control sequence that precedes it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One cell of a picture: which one, and the cell's column and row in it."""

    picture: int
    column: int
    row: int


@dataclass(frozen=True, slots=True)
class Spot:
    """A picture on the screen: which one, and where its top left cell is (or would be)."""

    picture: int
    x: int
    y: int


Cell = tuple[str, str] | tuple[Piece, str] | None
"""A character or a piece with its style; None is not known."""


@dataclass(slots=True)
class Changes:
    """What has to be written: text, pictures that show anew, pictures that lost cells.

    ``fresh`` counts the cells that show anew, ``lost`` those that do not show any more;
    ``restyled`` are among the fresh ones those with a cell whose style was another.
    """

    runs: list[Run] = field(default_factory=list)
    fresh: dict[Spot, int] = field(default_factory=dict)
    lost: dict[Spot, int] = field(default_factory=dict)
    restyled: set[Spot] = field(default_factory=set)


class Shadow:
    """``take`` a part of a picture of the screen; ``forget`` when something else wrote there."""

    def __init__(self, width: int = 0, height: int = 0) -> None:
        self.width, self.height = width, height
        self._rows: list[list[Cell]] = [[None] * width for _ in range(height)]

    def forget(self, width: int, height: int) -> None:
        """Know nothing of a screen of this size."""
        self.width, self.height = width, height
        self._rows = [[None] * width for _ in range(height)]

    def take(
        self,
        spans: Iterable[tuple[int, int, Iterable[Styled]]],
        piece_of: Callable[[str], Piece | None],
    ) -> Changes:
        """What differs from the screen after these spans (x, y, texts), which it then shows."""
        changes = Changes()
        for x, y, texts in spans:
            if 0 <= y < self.height:
                self._take_span(x, y, texts, piece_of, changes)
        return changes

    def visible(self, spot: Spot, columns: int, rows: int) -> list[tuple[int, int, int, int]]:
        """The cells of a picture that show, as rectangles (left, top, right, bottom) in it."""
        rectangles: list[tuple[int, int, int, int]] = []
        for row in range(rows):
            for left, right in self._visible_in(spot, columns, row):
                above = next(
                    (
                        at
                        for at, (x0, _, x1, y1) in enumerate(rectangles)
                        if (x0, x1, y1) == (left, right, row)
                    ),
                    None,
                )
                if above is None:
                    rectangles.append((left, row, right, row + 1))
                else:
                    x0, y0, x1, _ = rectangles[above]
                    rectangles[above] = (x0, y0, x1, row + 1)
        return rectangles

    def style_at(self, x: int, y: int) -> str:
        """The style of a cell, empty where it is not known."""
        cell = self._rows[y][x] if 0 <= y < self.height and 0 <= x < self.width else None
        return cell[1] if cell is not None else ""

    def _visible_in(self, spot: Spot, columns: int, row: int) -> list[tuple[int, int]]:
        y = spot.y + row
        if not 0 <= y < self.height:
            return []
        line, found, start = self._rows[y], [], None
        for column in range(columns + 1):
            x = spot.x + column
            shows = False
            if column < columns and 0 <= x < self.width:
                cell = line[x]
                shows = cell is not None and cell[0] == Piece(spot.picture, column, row)
            if shows and start is None:
                start = column
            elif not shows and start is not None:
                found.append((start, column))
                start = None
        return found

    def _take_span(
        self,
        x: int,
        y: int,
        texts: Iterable[Styled],
        piece_of: Callable[[str], Piece | None],
        changes: Changes,
    ) -> None:
        for text, style in texts:
            for char in text:
                if x >= self.width:
                    return
                if char >= "\U000f0000" and (piece := piece_of(char)) is not None:
                    self._set_piece(x, y, piece, style, changes)
                    x += 1
                    continue
                width = 1 if char < "\u0300" else cell_len(char)
                if width == 0:
                    self._join(x - 1, y, char, changes)
                    continue
                self._set_text(x, y, char, style, width, changes)
                x += width

    def _set_piece(self, x: int, y: int, piece: Piece, style: str, changes: Changes) -> None:
        old = self._rows[y][x]
        if x < 0 or old == (piece, style):
            return
        self._lose(x, y, old, changes)
        self._rows[y][x] = (piece, style)
        spot = Spot(piece.picture, x - piece.column, y - piece.row)
        changes.fresh[spot] = changes.fresh.get(spot, 0) + 1
        if old is not None and old[1] != style:
            changes.restyled.add(spot)

    def _set_text(
        self, x: int, y: int, char: str, style: str, width: int, changes: Changes
    ) -> None:
        row = self._rows[y]
        if x < 0 or row[x] == (char, style):
            return
        self._lose(x, y, row[x], changes)
        row[x] = (char, style)
        if width == 2 and x + 1 < self.width:
            self._lose(x + 1, y, row[x + 1], changes)
            row[x + 1] = (WIDE_REST, style)
        last = changes.runs[-1] if changes.runs else None
        if last is not None and (last.y, last.style) == (y, style):
            between = () if last.end == x else self._between(last.end, x, y, style)
            if between is not None:
                last.chars += (*between, char)
                last.end = x + width
                return
        changes.runs.append(Run(x, y, style, [char], x + width))

    def _between(self, first: int, end: int, y: int, style: str) -> list[str] | None:
        """The characters of a gap that are cheaper to write again than to jump over."""
        if not 0 < end - first <= GAP_BYTES_MAX:
            return None
        chars: list[str] = []
        for cell in self._rows[y][first:end]:
            if cell is None or cell[1] != style or not isinstance(cell[0], str) or not cell[0]:
                return None
            chars.append(cell[0])
        return chars if len("".join(chars).encode()) <= GAP_BYTES_MAX else None

    def _join(self, x: int, y: int, char: str, changes: Changes) -> None:
        """A mark belongs to the character before it, and is written with it."""
        last = changes.runs[-1] if changes.runs else None
        if last is not None and (last.y, last.end) == (y, x + 1):
            last.chars.append(char)
            self._rows[y][x] = (last.chars[-2] + char, last.style)

    def _lose(self, x: int, y: int, old: Cell, changes: Changes) -> None:
        if old is None:
            return
        what = old[0]
        if isinstance(what, Piece):
            spot = Spot(what.picture, x - what.column, y - what.row)
            changes.lost[spot] = changes.lost.get(spot, 0) + 1
        elif what == WIDE_REST and x > 0:
            # Half of a wide character went, so the terminal blanks the other half.
            self._rows[y][x - 1] = None
