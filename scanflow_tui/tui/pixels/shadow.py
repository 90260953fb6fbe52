"""What each cell of the terminal shows, so that only what changed is written. Pure.

A picture stands in the cells of a screen as private-use characters, a different one for each piece:
they survive tinting, cropping and joining of strips. They are never written as text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from rich.cells import cell_len

from scanflow_tui.tui.pixels.writing import Run

PRIVATE_FIRST, PRIVATE_LAST = 0xF0000, 0x10FFFD
"""Planes 15 and 16: more than cells of any screen."""

PICTURE = "\U000f0000"
"""What stands in a cell that shows a piece of a picture."""

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


_spot = lru_cache(maxsize=4096)(Spot)
"""Equal spots are the same object, so that rows of them compare fast."""


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


class _Row:
    """The cells of a line: what they show (None is not known), in which style, of which picture.

    A cell's column and row in its picture follow from where the picture is.
    """

    __slots__ = ("chars", "spots", "styles")

    def __init__(self, width: int) -> None:
        self.chars: list[str | None] = [None] * width
        self.styles: list[str] = [""] * width
        self.spots: list[Spot | None] = [None] * width


class Shadow:
    """``take`` a part of a picture of the screen; ``forget`` when something else wrote there."""

    def __init__(self, width: int = 0, height: int = 0) -> None:
        self.width, self.height = width, height
        self._rows = [_Row(width) for _ in range(height)]

    def forget(self, width: int, height: int) -> None:
        """Know nothing of a screen of this size."""
        self.width, self.height = width, height
        self._rows = [_Row(width) for _ in range(height)]

    def take(
        self,
        spans: Iterable[tuple[int, int, Iterable[Styled]]],
        piece_of: Callable[[str], Piece | None],
    ) -> Changes:
        """What differs from the screen after these spans (x, y, texts), which it then shows.

        ``piece_of`` says of a text that is one line of a picture, or a part of it, which piece its
        first character is; of any other None.
        """
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
        return self._rows[y].styles[x] if 0 <= y < self.height and 0 <= x < self.width else ""

    def text_at(self, x: int, y: int) -> str | None:
        """The character of a cell, empty in the second one of a wide character; None where it is
        not known, or of a picture.
        """
        char = self._rows[y].chars[x]
        return None if char == PICTURE else char

    def _visible_in(self, spot: Spot, columns: int, row: int) -> list[tuple[int, int]]:
        y = spot.y + row
        if not 0 <= y < self.height:
            return []
        first = max(0, -spot.x)
        spots = self._rows[y].spots[spot.x + first : spot.x + columns]
        if spots == [spot] * (columns - first):
            return [(first, columns)] if spots else []
        found, start = [], None
        for column, here in enumerate([*spots, None], first):
            if here == spot and start is None:
                start = column
            elif here != spot and start is not None:
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
        row = self._rows[y]
        for text, style in texts:
            if x >= self.width:
                return
            end = x + len(text)
            if x >= 0 and end <= self.width and _is_simple(text):
                if row.chars[x:end] != [*text] or row.styles[x:end] != [style] * len(text):
                    self._set_simple(x, y, text, style, changes)
                x = end
            elif self._took_pieces(x, y, text, style, piece_of, changes):
                x = end
            else:
                x = self._take_mixed(x, y, text, style, piece_of, changes)

    def _set_simple(self, x: int, y: int, text: str, style: str, changes: Changes) -> None:
        row = self._rows[y]
        chars, styles, spots = row.chars, row.styles, row.spots
        last: Run | None = None
        for at, char in enumerate(text, x):
            if chars[at] == char and styles[at] == style:
                continue
            if last is None or last.end != at or spots[at] is not None or not chars[at]:
                self._set_text(at, y, char, style, 1, changes)
                last = changes.runs[-1]
                continue
            chars[at], styles[at] = char, style
            last.chars.append(char)
            last.end = at + 1

    def _took_pieces(
        self,
        x: int,
        y: int,
        text: str,
        style: str,
        piece_of: Callable[[str], Piece | None],
        changes: Changes,
    ) -> bool:
        """Take a whole line of one picture at once, where the text is that."""
        end, n = x + len(text), len(text)
        if x < 0 or end > self.width or not text or text[0] < PICTURE:
            return False
        first = piece_of(text)
        if first is None:
            return False
        spot = _spot(first.picture, x - first.column, y - first.row)
        before = self._rows[y].spots[x:end]
        was = before[0]
        if was is not None and before.count(was) == n:
            # Where one picture follows another there is nothing to look at cell by cell.
            if was == spot:
                return self._rows[y].styles[x:end] == [style] * n
            changes.lost[was] = changes.lost.get(was, 0) + n
        elif spot in before:
            return False
        else:
            for at in range(x, end):
                self._lose(at, y, changes)
        self._set_pieces(x, end, y, style, spot, changes)
        return True

    def _set_pieces(
        self, x: int, end: int, y: int, style: str, spot: Spot, changes: Changes
    ) -> None:
        """These cells show a picture that none of them showed."""
        row, n = self._rows[y], end - x
        styles = [style] * n
        if row.styles[x:end] != styles:
            cells = zip(row.styles[x:end], row.chars[x:end], strict=True)
            if any(now != style for now, char in cells if char is not None):
                changes.restyled.add(spot)
            row.styles[x:end] = styles
        row.chars[x:end], row.spots[x:end] = [PICTURE] * n, [spot] * n
        changes.fresh[spot] = changes.fresh.get(spot, 0) + n

    def _take_mixed(
        self,
        x: int,
        y: int,
        text: str,
        style: str,
        piece_of: Callable[[str], Piece | None],
        changes: Changes,
    ) -> int:
        """Take character by character; the column after the last."""
        for char in text:
            if x >= self.width:
                break
            if char >= PICTURE and (piece := piece_of(char)) is not None:
                self._set_piece(x, y, piece, style, changes)
                x += 1
                continue
            width = 1 if char < "\u0300" else cell_len(char)
            if width == 0:
                self._join(x - 1, y, char, changes)
                continue
            self._set_text(x, y, char, style, width, changes)
            x += width
        return x

    def _set_piece(self, x: int, y: int, piece: Piece, style: str, changes: Changes) -> None:
        row, spot = self._rows[y], _spot(piece.picture, x - piece.column, y - piece.row)
        if x < 0 or (row.spots[x] == spot and row.styles[x] == style):
            return
        self._lose(x, y, changes)
        if row.chars[x] is not None and row.styles[x] != style:
            changes.restyled.add(spot)
        row.chars[x], row.styles[x], row.spots[x] = PICTURE, style, spot
        changes.fresh[spot] = changes.fresh.get(spot, 0) + 1

    def _set_text(
        self, x: int, y: int, char: str, style: str, width: int, changes: Changes
    ) -> None:
        row = self._rows[y]
        if x < 0 or (row.chars[x] == char and row.styles[x] == style):
            return
        self._lose(x, y, changes)
        row.chars[x], row.styles[x] = char, style
        if width == 2 and x + 1 < self.width:
            self._lose(x + 1, y, changes)
            row.chars[x + 1], row.styles[x + 1] = WIDE_REST, style
        last = changes.runs[-1] if changes.runs else None
        if last is not None and last.y == y and last.style == style:
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
        row = self._rows[y]
        chars: list[str] = []
        for at in range(first, end):
            char = row.chars[at]
            if not char or char == PICTURE or row.styles[at] != style:
                return None
            chars.append(char)
        return chars if len("".join(chars).encode()) <= GAP_BYTES_MAX else None

    def _join(self, x: int, y: int, char: str, changes: Changes) -> None:
        """A mark belongs to the character before it, and is written with it."""
        last = changes.runs[-1] if changes.runs else None
        if last is not None and (last.y, last.end) == (y, x + 1):
            last.chars.append(char)
            row = self._rows[y]
            row.chars[x], row.styles[x] = last.chars[-2] + char, last.style

    def _lose(self, x: int, y: int, changes: Changes) -> None:
        """What a cell showed does not show any more."""
        row = self._rows[y]
        spot = row.spots[x]
        if spot is not None:
            row.spots[x] = None
            changes.lost[spot] = changes.lost.get(spot, 0) + 1
        elif row.chars[x] == WIDE_REST and x > 0:
            # Half of a wide character went, so the terminal blanks the other half.
            row.chars[x - 1] = None


@lru_cache(maxsize=8192)
def _is_simple(text: str) -> bool:
    """Whether each character takes one cell, and none is a piece of a picture."""
    if text.isascii():
        return True
    return all(char < "\u0300" or (char < PICTURE and cell_len(char) == 1) for char in text)
