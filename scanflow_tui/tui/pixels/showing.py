"""How this terminal shows pictures: chosen once its answers are there, until then half-blocks.

What reads answers and what paints pixels is loaded with the answers, after the first paint.

Screens ask it for strips and for sizes in cells; what is behind them is its own business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from scanflow_tui.images.protocol import Box, CellSize, Choice, Way

if TYPE_CHECKING:
    from textual.strip import Strip

    from scanflow_tui.images.probe import Surroundings
    from scanflow_tui.images.protocol import Encoder, Painting, Pixels
    from scanflow_tui.tui.pixels.imagelayer import ImageLayer

Wish = Way | Literal["auto", "off"]
WISHES: tuple[Wish, ...] = ("auto", "kitty", "sixel", "iterm", "half", "ascii", "off")
PIXEL_WAYS: tuple[Way, ...] = ("kitty", "placeholders", "sixel", "iterm")
ASKING_S_MAX = 3.0
"""Label keys wait no longer than this for a terminal's answers."""

HALF_TILE, PIXEL_TILE, PIXEL_TILE_SMALL = Box(28, 14), Box(12, 5), Box(8, 4)
"""A picture's cells in a grid, without its frame; the small one below ``WIDE`` columns."""

WIDE = 100


class Showing:
    """``choice`` may change once, early; ``generation`` then counts on, and all is painted anew."""

    def __init__(self, wish: Wish, *, is_plain: bool) -> None:
        self.wish = wish
        self.generation = 0
        self.layer: ImageLayer | None = None
        self._is_plain = is_plain
        self._asked_s = 0.0
        self._is_open = False
        self._replies: tuple[str, ...] = ()
        first: Way = "ascii" if is_plain else "half"
        self.choice = Choice(first, CellSize(), "the terminal was not asked")
        self._encoders: dict[Way, Encoder] = {}
        if not is_plain and wish not in ("auto", "off"):
            from scanflow_tui.images.probe import Surroundings

            self._choose(Surroundings(80, 24))

    @property
    def has_pixels(self) -> bool:
        """Whether pictures are shown by pixel, and not by cell."""
        return self.choice.way in PIXEL_WAYS

    def asked(self, now_s: float) -> None:
        """The terminal was asked; what it can show is not known before it answers."""
        self._is_open, self._asked_s = True, now_s

    def is_asking(self, now_s: float) -> bool:
        """Whether an answer may still come that a key must not be mixed up with."""
        return self._is_open and now_s - self._asked_s < ASKING_S_MAX

    def answered(self, replies: tuple[str, ...], around: Surroundings) -> bool:
        """Take answers in; whether pictures are shown otherwise from now on."""
        from scanflow_tui.images.probe import read

        self._replies = replies
        if not read(replies).fence:
            return False
        self._is_open = False
        return self._choose(around)

    def resized(self, around: Surroundings) -> bool:
        """Take in another size of the window; whether pictures are another size from now on."""
        from scanflow_tui.images.probe import cell_resized

        if not self.has_pixels:
            return False
        return self._take(self.choice._replace(cell=cell_resized(self.choice.cell, around)))

    def closed(self) -> None:
        """No answer will come any more."""
        self._is_open = False

    def strips(self, pixels: Pixels, box: Box) -> tuple[tuple[Strip, ...], int]:
        """A picture in at most this box, and the number of its sheet (0 where cells show it)."""
        return self.laid(pixels, self.paint(pixels, box), box)

    def paint(self, pixels: Pixels, box: Box) -> Painting:
        """Cells, and bytes where there are pixels; in any thread."""
        return self._encoder_now().paint(pixels, box, self.choice.cell)

    def laid(self, pixels: Pixels, painting: Painting, box: Box) -> tuple[tuple[Strip, ...], int]:
        """A painted picture as strips, and the number of its sheet."""
        if self.layer is None or not painting.payload:
            from scanflow_tui.tui.pixels.pictures import strips_of

            return strips_of(painting), 0
        sheet, strips = self.layer.sheets.lay(pixels, painting, box, self.choice.cell)
        return strips, sheet

    def is_laid(self, sheet: int) -> bool:
        """Whether strips of this sheet may still be shown."""
        return not sheet or (self.layer is not None and self.layer.sheets.sheet(sheet) is not None)

    def tile(self, width: int) -> Box:
        """The cells of a picture in a grid on a screen of so many columns."""
        if not self.has_pixels:
            return HALF_TILE
        return PIXEL_TILE if width >= WIDE else PIXEL_TILE_SMALL

    def large(self, width: int, height: int, room: Box) -> Box:
        """The cells of a picture (size in pixels), enlarged as far as the room allows."""
        cell, most = self.choice.cell, self.choice.side_px_max
        if most:
            columns, rows = most // cell.width_px, most // cell.height_px
            room = Box(min(room.columns, columns), min(room.rows, rows))
        scale = min(room.columns * cell.width_px // width, room.rows * cell.height_px // height)
        if scale < 1:
            return room
        return Box(-(-width * scale // cell.width_px), -(-height * scale // cell.height_px))

    def _choose(self, around: Surroundings) -> bool:
        from scanflow_tui.images.probe import choose, read

        wish: Way | Literal["auto"] = self.wish if self.wish != "off" else "half"
        return self._take(choose(read(self._replies), around, "ascii" if self._is_plain else wish))

    def _take(self, found: Choice) -> bool:
        if found == self.choice:
            return False
        self.choice = found
        self.generation += 1
        self.layer = None
        if self.has_pixels:
            from scanflow_tui.tui.pixels.imagelayer import ImageLayer
            from scanflow_tui.tui.pixels.sheets import Sheets

            self.layer = ImageLayer(found.way, Sheets())
        return True

    def _encoder_now(self) -> Encoder:
        # numpy and PIL come with the encoders: not before the first picture is there. By way: a
        # thread that asks while the choice changes must not leave the old one behind.
        way = self.choice.way
        if way not in self._encoders:
            from scanflow_tui.images.ways import encoder_of

            self._encoders[way] = encoder_of(way)
        return self._encoders[way]
