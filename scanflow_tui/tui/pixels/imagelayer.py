"""Paints a screen with pictures of real pixels: what changed, inside one synchronised update.

A picture is sent only where its cells were rewritten. It knows terminals' ways (sixel, kitty,
iTerm2), and nothing of what the pictures mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import count
from os import getpid
from typing import TYPE_CHECKING

from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.strip import Strip

from scanflow_tui.tui.pixels.shadow import Changes, Shadow, Spot, Styled
from scanflow_tui.tui.pixels.sheets import Sheet, Sheets
from scanflow_tui.tui.pixels.writing import RESET, moved, switched, written

if TYPE_CHECKING:
    from scanflow_tui.images.protocol import Pixels, Way

_MARK = "\0"
_SPREAD = 40_503
KEEPING: tuple[Way, ...] = ("kitty", "placeholders")
"""Ways of a terminal that keeps pictures under numbers."""


class ImageLayer:
    """``painted`` turns what the compositor made into what the terminal is sent."""

    def __init__(self, way: Way, sheets: Sheets) -> None:
        self.way = way
        self.sheets = sheets
        self.n_images = 0
        """Pictures and parts of pictures that were sent."""
        self._shadow = Shadow()
        self._sent: set[int] = set()
        """What kitty's terminal keeps the pixels of."""
        self._first = getpid() * _SPREAD
        """Programs side by side in tmux have one terminal, and number their pictures apart."""
        self._placed: dict[Spot, list[int]] = {}
        self._taken: dict[int, set[int]] = {}
        """The placements of each picture; their numbers are small, and hence short."""

    def ahead(self, number: int) -> str:
        """What lets a terminal that keeps pictures have one before it is shown; else nothing."""
        sheet = self.sheets.sheet(number)
        if self.way not in KEEPING or sheet is None or number in self._sent:
            return ""
        return self._freed() + self._transmitted(sheet)

    def ended(self) -> str:
        """What takes every picture out of the terminal's memory."""
        sent, self._sent = self._sent, set()
        return "".join(self._taken_out(number) for number in sent)

    def _freed(self) -> str:
        """What takes pictures out of the terminal's memory that can never be shown again."""
        gone = [number for number in self.sheets.taken_back if number in self._sent]
        self.sheets.taken_back.clear()
        self._sent.difference_update(gone)
        return "".join(self._taken_out(number) for number in gone)

    def _transmitted(self, sheet: Sheet) -> str:
        """What gives the terminal a picture to keep."""
        from scanflow_tui.images import kitty, placeholders

        self._sent.add(sheet.number)
        if self.way == "kitty":
            return kitty.transmit(sheet.number, sheet.whole).decode()
        return placeholders.transmit(self._first + sheet.number, sheet.whole, sheet.box).decode()

    def _taken_out(self, number: int) -> str:
        from scanflow_tui.images import kitty, placeholders

        if self.way == "kitty":
            return kitty.free(number).decode()
        return placeholders.free(self._first + number).decode()

    def forget(self, width: int, height: int) -> str:
        """Something else wrote to the terminal, or its size is another: know nothing of it."""
        self._shadow.forget(width, height)
        self._placed.clear()
        self._taken.clear()
        if self.way == "placeholders":
            # Another terminal may have come to tmux meanwhile, which keeps none of them.
            return self.ended()
        return "\x1b_Ga=d,d=a,q=2\x1b\\" if self.way == "kitty" else ""

    def painted(
        self,
        update: LayoutUpdate | ChopsUpdate,
        size: tuple[int, int],
        colours: ColorSystem | None,
    ) -> str:
        """What has to be written for this update; the cursor is left anywhere."""
        return self.painted_spans(spans_of(update), size, colours)

    def painted_spans(
        self,
        spans: Iterable[tuple[int, int, Iterable[Segment]]],
        size: tuple[int, int],
        colours: ColorSystem | None,
    ) -> str:
        """The same for segments side by side (x, y, segments) on the screen."""
        begin = ""
        if (self._shadow.width, self._shadow.height) != size:
            begin = self.forget(*size)
        styled = ((x, y, _styled(strip, colours)) for x, y, strip in spans)
        changes = self._shadow.take(styled, self.sheets.piece_of)
        return begin + written(changes.runs, size[0]) + self._pictures(changes)

    def _pictures(self, changes: Changes) -> str:
        # Encoders load numpy: only a frame that has to do with pictures may wait for it.
        due = changes.lost | changes.fresh if self.way == "kitty" else changes.fresh
        there = {(lost.x, lost.y): lost for lost in reversed(changes.lost)}
        out: list[str] = [self._freed()]
        if self.way == "kitty" and due:
            from scanflow_tui.images import kitty

            for spot in due:
                for placement in self._placed.pop(spot, ()):
                    self._taken[spot.picture].discard(placement)
                    out.append(kitty.remove(spot.picture, placement).decode())
        for spot in due:
            sheet = self.sheets.sheet(spot.picture)
            if sheet is not None:
                was = there.get((spot.x, spot.y))
                is_blank = self._is_in_place(sheet, spot, was, changes)
                out += self._show(sheet, spot, is_blank=is_blank)
        return "".join(out)

    def _is_in_place(self, sheet: Sheet, spot: Spot, was: Spot | None, changes: Changes) -> bool:
        """Whether it stands just where another one of its size stood: no cell shows beside it."""
        before = None if was is None else self.sheets.sheet(was.picture)
        if was is None or before is None or spot in changes.restyled:
            return False
        same = (before.box, before.size_px) == (sheet.box, sheet.size_px)
        is_whole = changes.fresh.get(spot) == sheet.n_codes
        return same and is_whole and changes.lost[was] == before.n_codes

    def _show(self, sheet: Sheet, spot: Spot, *, is_blank: bool) -> Iterator[str]:
        """Blank the cells that show, unless they are, and send their pixels."""
        rectangles = self._shadow.visible(spot, sheet.box.columns, sheet.box.rows)
        if rectangles and self.way in KEEPING and sheet.number not in self._sent:
            yield self._transmitted(sheet)
        for rectangle in rectangles:
            if self.way == "placeholders":
                self.n_images += 1
                yield self._characters(sheet, spot, rectangle)
                continue
            if not is_blank:
                yield self._blanked(spot, rectangle)
            data = self._part(sheet, spot, rectangle)
            if data:
                self.n_images += 1
                yield f"{_move(spot, *rectangle[:2])}{data.decode('ascii')}"

    def _characters(self, sheet: Sheet, spot: Spot, rectangle: tuple[int, int, int, int]) -> str:
        """The cells that show a picture, as text."""
        from scanflow_tui.images import placeholders

        left, top, right, bottom = rectangle
        out: list[str] = []
        for row in range(top, bottom):
            style = self._shadow.style_at(spot.x + left, spot.y + row)
            line = placeholders.line(self._first + sheet.number, row, left, right)
            out.append(f"{_move(spot, left, row)}{style}{line}{RESET}")
        return "".join(out)

    def _blanked(self, spot: Spot, rectangle: tuple[int, int, int, int]) -> str:
        left, top, right, bottom = rectangle
        out: list[str] = []
        at, style = None, ""
        for row in range(top, bottom):
            here = (spot.x + left, spot.y + row)
            now = self._shadow.style_at(*here)
            out += (moved(at, here), switched(style, now) if now != style else "")
            out.append(f"\x1b[{right - left}X")
            at, style = here, now
        return "".join(out) + (RESET if style else "")

    def _part(self, sheet: Sheet, spot: Spot, rectangle: tuple[int, int, int, int]) -> bytes:
        left, top, right, bottom = sheet.part_px(*rectangle)
        if left >= right or top >= bottom:
            return b""
        is_whole = rectangle == (0, 0, sheet.box.columns, sheet.box.rows)
        if self.way == "kitty":
            from scanflow_tui.images import kitty

            taken = self._taken.setdefault(sheet.number, set())
            placement = next(number for number in count(1) if number not in taken)
            taken.add(placement)
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


def _styled(segments: Iterable[Segment], colours: ColorSystem | None) -> Iterator[Styled]:
    for text, style, control in segments:
        if not control:
            yield text, _sequence(style, colours)


@lru_cache(maxsize=8192)
def _sequence(style: Style | None, colours: ColorSystem | None) -> str:
    """What precedes a text in this style: what is written is compared, not what it was made of."""
    return style.render(_MARK, color_system=colours).split(_MARK)[0] if style else ""
