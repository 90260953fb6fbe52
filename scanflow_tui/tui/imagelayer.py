"""Paints a screen with pictures of real pixels: what changed, inside one synchronised update.

A picture is sent only where its cells were rewritten. It knows terminals' ways (sixel, kitty,
iTerm2), and nothing of what the pictures mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from rich.color import ColorSystem
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.strip import Strip

from scanflow_tui.tui.shadow import Changes, Shadow, Spot, Styled, written
from scanflow_tui.tui.sheets import Sheet, Sheets

if TYPE_CHECKING:
    from scanflow_tui.images.protocol import Pixels, Way

_MARK = "\0"
RECTANGLES_MAX = 1000
"""More parts of one picture than can show at a time."""


class ImageLayer:
    """``painted`` turns what the compositor made into what the terminal is sent."""

    def __init__(self, way: Way, sheets: Sheets) -> None:
        self.way = way
        self.sheets = sheets
        self.n_images = 0
        """Pictures and parts of pictures that were sent."""
        self._shadow = Shadow()
        self._sent: set[int] = set()
        self._placed: dict[Spot, list[int]] = {}

    def forget(self, width: int, height: int) -> str:
        """Something else wrote to the terminal, or its size is another: know nothing of it."""
        self._shadow.forget(width, height)
        self._placed.clear()
        return "\x1b_Ga=d,d=a,q=2\x1b\\" if self.way == "kitty" else ""

    def painted(
        self,
        update: LayoutUpdate | ChopsUpdate,
        size: tuple[int, int],
        colours: ColorSystem | None,
    ) -> str:
        """What has to be written for this update; the cursor is left anywhere."""
        begin = ""
        if (self._shadow.width, self._shadow.height) != size:
            begin = self.forget(*size)
        spans = ((x, y, _styled(strip, colours)) for x, y, strip in spans_of(update))
        changes = self._shadow.take(spans, self.sheets.piece_of)
        return begin + written(changes.runs) + self._pictures(changes)

    def _pictures(self, changes: Changes) -> str:
        # Encoders load numpy: only a frame that has to do with pictures may wait for it.
        due = changes.lost | changes.fresh if self.way == "kitty" else changes.fresh
        out: list[str] = []
        if self.way == "kitty" and due:
            from scanflow_tui.images import kitty

            for spot in due:
                for placement in self._placed.pop(spot, ()):
                    out.append(kitty.remove(spot.picture, placement).decode())
        for spot in due:
            sheet = self.sheets.sheet(spot.picture)
            if sheet is not None:
                out += self._show(sheet, spot)
        return "".join(out)

    def _show(self, sheet: Sheet, spot: Spot) -> Iterator[str]:
        """Blank the cells that show, and send their pixels."""
        rectangles = self._shadow.visible(spot, sheet.box.columns, sheet.box.rows)
        if rectangles and self.way == "kitty" and sheet.number not in self._sent:
            from scanflow_tui.images import kitty

            self._sent.add(sheet.number)
            yield kitty.transmit(sheet.number, sheet.whole).decode()
        for at, rectangle in enumerate(rectangles):
            left, top, right, bottom = rectangle
            for row in range(top, bottom):
                style = self._shadow.style_at(spot.x + left, spot.y + row)
                yield f"{_move(spot, left, row)}{style}\x1b[{right - left}X\x1b[0m"
            data = self._part(sheet, spot, at, rectangle)
            if data:
                self.n_images += 1
                yield f"{_move(spot, left, top)}{data.decode('ascii')}"

    def _part(
        self, sheet: Sheet, spot: Spot, at: int, rectangle: tuple[int, int, int, int]
    ) -> bytes:
        left, top, right, bottom = sheet.part_px(*rectangle)
        if left >= right or top >= bottom:
            return b""
        is_whole = rectangle == (0, 0, sheet.box.columns, sheet.box.rows)
        if self.way == "kitty":
            from scanflow_tui.images import kitty

            placement = (spot.y * self._shadow.width + spot.x) * RECTANGLES_MAX + at + 1
            self._placed.setdefault(spot, []).append(placement)
            crop = None if is_whole else (left, top, right - left, bottom - top)
            return kitty.place(sheet.number, placement, crop)
        return sheet.whole if is_whole else part(self.way, sheet.part((left, top, right, bottom)))


def _move(spot: Spot, column: int, row: int) -> str:
    return f"\x1b[{spot.y + row + 1};{spot.x + column + 1}H"


def part(way: Way, pixels: Pixels) -> bytes:
    """A part of a picture in a terminal's way."""
    if way == "sixel":
        from scanflow_tui.images import sixel

        return sixel.encode(pixels)
    from scanflow_tui.images import iterm, kitty

    return iterm.inline(kitty.png(pixels))


def spans_of(update: LayoutUpdate | ChopsUpdate) -> Iterator[tuple[int, int, Strip]]:
    """What an update is about, cut to exactly that: x, y and the strip."""
    if isinstance(update, LayoutUpdate):
        for y, strips in enumerate(update.strips, update.region.y):
            yield update.region.x, y, Strip.join(strips)
        return
    for y, first, after in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=True):
            if strip is None or x >= after or end <= first:
                continue
            left, right = max(x, first), min(end, after)
            yield left, y, strip if (left, right) == (x, end) else strip.crop(left - x, right - x)


def _styled(strip: Strip, colours: ColorSystem | None) -> Iterator[Styled]:
    for segment in strip:
        if not segment.control:
            yield segment.text, _sequence(segment.style, colours)


@lru_cache(maxsize=8192)
def _sequence(style: Style | None, colours: ColorSystem | None) -> str:
    """What precedes a text in this style: what is written is compared, not what it was made of."""
    return style.render(_MARK, color_system=colours).split(_MARK)[0] if style else ""
