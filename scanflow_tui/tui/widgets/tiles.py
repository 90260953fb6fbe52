"""A page of framed pictures, or one large one, by the Line API: one widget, so that a key repaints
only the tiles that changed. The heavy frame is the cursor; it never depends on colour alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.geometry import Region
from textual.strip import Strip

from scanflow_tui.tui.pixels.pictures import Strips
from scanflow_tui.tui.theme import TONES, plain_ascii
from scanflow_tui.tui.widgets.kept import Kept
from scanflow_tui.tui.widgets.lines import spelled

THIN = "┌─┐│└┘"
HEAVY = "┏━┓┃┗┛"
DOUBLE = "╔═╗║╚╝"


@dataclass(frozen=True, slots=True)
class Tile:
    """A picture (or words in its place) with its foot. ``marked``: something will happen to it."""

    sample: str
    picture: Strips | str | None
    foot: Text
    head: str = ""
    focused: bool = False
    marked: bool = False

    def looks_like(self, other: Tile) -> bool:
        """Whether nothing on screen would change; pictures are compared by identity (cached)."""
        return (
            self.picture is other.picture
            and (self.sample, self.head, self.focused, self.marked)
            == (other.sample, other.head, other.focused, other.marked)
            and self.foot.plain == other.foot.plain
            and self.foot.style == other.foot.style
        )

    def frame_of(self) -> tuple[str, bool, bool]:
        """What the frame hangs on, but for the foot."""
        return self.head, self.focused, self.marked


@dataclass(slots=True)
class _Page:
    columns: int = 1
    width: int = 0
    height: int = 0
    tiles: list[Tile] = field(default_factory=list)


class Tiles(Kept):
    """``put`` shows a page; ``message`` stands in its place where there are no tiles."""

    DEFAULT_CSS = "Tiles { width: 1fr; height: 1fr; }"

    def __init__(self, *, id: str | None = None, ascii: bool = False) -> None:
        super().__init__(id=id)
        self.ascii = ascii
        self._page = _Page()
        self._lines: dict[int, list[Strip]] = {}
        self._message: list[Text] = []
        self._before: dict[int, Tile] = {}
        """The tiles that show still where others are to be painted by ``spans``."""

    @property
    def tiles(self) -> list[Tile]:
        """What is shown."""
        return self._page.tiles

    def say(self, message: Sequence[Text]) -> None:
        """Show lines of text in place of tiles."""
        self._page, self._message = _Page(), [spelled(row) for row in message]
        self._lines.clear()
        self.refresh()

    def _set_dirty(self, *regions: Region) -> None:
        # The framework paints: all of it, not what differs from the tiles before.
        self._before.clear()
        super()._set_dirty(*regions)

    def restyled(self) -> None:
        """Tiles are kept with their ground's colours."""
        self._lines.clear()

    def put(self, tiles: Sequence[Tile], *, columns: int, width: int, height: int) -> None:
        """Show these tiles of ``width`` by ``height`` cells, ``columns`` side by side."""
        before, shape = self._page, (columns, width, height)
        same = shape == (before.columns, before.width, before.height) and bool(before.tiles)
        self._page, self._message = _Page(columns, width, height, list(tiles)), []
        if not same or len(before.tiles) != len(tiles):
            self._lines.clear()
            self.refresh()
            return
        for at, (old, new) in enumerate(zip(before.tiles, tiles, strict=True)):
            self._put(at, old, new)

    def put_some(self, tiles: Mapping[int, Tile]) -> None:
        """Show these tiles at their places on the page that is shown; the others stay."""
        page = self._page
        for at, new in tiles.items():
            old, page.tiles[at] = page.tiles[at], new
            self._put(at, old, new)

    def _put(self, at: int, old: Tile, new: Tile) -> None:
        if new is not old and not new.looks_like(old):
            self._lines.pop(at, None)
            self._before.setdefault(at, old)
            self.changed(self._region(at))

    def spans(self, region: Region) -> Iterator[tuple[int, int, Iterable[Segment]]]:
        """Of a tile that shows already what differs from it: frame, picture or foot."""
        at = self._at(region)
        old = self._before.pop(at, None) if at is not None else None
        if at is None or old is None:
            yield from super().spans(region)
            return
        new, width, base = self._page.tiles[at], self._page.width, self.base
        x, last = region.x, region.bottom - 1
        if old.picture is not new.picture:
            if not _same_cells(old.picture, new.picture):
                for line, strip in enumerate(self._tile_lines(at)):
                    yield x, region.y + line, strip
                return
            picture = new.picture
            assert isinstance(picture, tuple)
            left, top = _place(picture, width - 2, region.height - 2)
            for y, strip in enumerate(picture, region.y + 1 + top):
                yield x + 1 + left, y, _based(strip, base)
        if old.frame_of() != new.frame_of():
            yield x, region.y, _based(_top(new, width, self.ascii), base)
            side = _based([_side(new, self.ascii)], base)
            for y in range(region.y + 1, last):
                yield x, y, side
                yield region.right - 1, y, side
        yield x, last, _based(_foot(new, width, self.ascii), base)

    def _region(self, at: int) -> Region:
        page = self._page
        left, top = at % page.columns * page.width, at // page.columns * page.height
        return Region(left, top, page.width, page.height)

    def _at(self, region: Region) -> int | None:
        """The place of the tile that fills a region."""
        page = self._page
        if not page.tiles or (region.width, region.height) != (page.width, page.height):
            return None
        at = region.y // page.height * page.columns + region.x // page.width
        return at if at < len(page.tiles) and self._region(at) == region else None

    def render_line(self, y: int) -> Strip:
        """One line of every tile of a row."""
        width, base, page = self.size.width, self.base, self._page
        if not page.tiles:
            row = self._message[y] if y < len(self._message) else Text("")
            return Strip(row.render(self.app.console)).extend_cell_length(width).apply_style(base)
        row_at, line = divmod(y, page.height)
        first = row_at * page.columns
        here = range(first, min(first + page.columns, len(page.tiles)))
        strips = [self._tile_lines(at)[line] for at in here]
        n_cells = len(strips) * page.width
        if n_cells < width:
            strips.append(Strip.blank(width - n_cells, base))
        joined = Strip.join(strips)
        return joined if n_cells <= width else joined.crop(0, width)

    def _tile_lines(self, at: int) -> list[Strip]:
        lines = self._lines.get(at)
        if lines is None:
            page = self._page
            made = tile_lines(page.tiles[at], page.width, page.height, ascii=self.ascii)
            lines = self._lines[at] = [line.apply_style(self.base) for line in made]
        return lines


def tile_lines(tile: Tile, width: int, height: int, *, ascii: bool = False) -> list[Strip]:
    """A tile as ``height`` strips of ``width`` cells."""
    lines = [Strip(_top(tile, width, ascii), width)]
    inner = _inside(tile.picture, width - 2, height - 2)
    side = _side(tile, ascii)
    lines += [Strip([side, *strip, side], width) for strip in inner]
    lines.append(Strip(_foot(tile, width, ascii), width))
    return lines


def foot_room(width: int) -> int:
    """The cells that a tile so wide has for the words below its picture."""
    return width - 6


def _frame(tile: Tile) -> tuple[str, Style]:
    frame = DOUBLE if tile.marked else HEAVY if tile.focused else THIN
    tone = "you" if tile.marked else "active" if tile.focused else "dim"
    return frame, Style.parse(TONES[tone])


def _top(tile: Tile, width: int, ascii: bool) -> list[Segment]:
    frame, style = _frame(tile)
    head = f"{frame[1]} {tile.head} " if tile.head else ""
    top = frame[0] + head + frame[1] * (width - 2 - cell_len(head)) + frame[2]
    return [Segment(_drawn(top, ascii), style)]


def _side(tile: Tile, ascii: bool) -> Segment:
    frame, style = _frame(tile)
    return Segment(_drawn(frame[3], ascii), style)


def _foot(tile: Tile, width: int, ascii: bool) -> list[Segment]:
    (frame, style), foot, room = _frame(tile), tile.foot, foot_room(width)
    words = foot.plain if cell_len(foot.plain) <= room else foot.plain[: room - 1] + "…"
    left = Segment(_drawn(f"{frame[4]}{frame[1]} ", ascii), style)
    rest = frame[1] * (width - 4 - cell_len(words) - 1)
    right = Segment(_drawn(f" {rest}{frame[5]}", ascii), style)
    said = Style.parse(str(foot.style)) if foot.style else style
    return [left, Segment(_drawn(words, ascii), said), right]


def _based(segments: Iterable[Segment], base: Style) -> list[Segment]:
    return [Segment(text, base if style is None else base + style) for text, style, _ in segments]


def _inside(picture: Strips | str | None, width: int, height: int) -> list[Strip]:
    if picture is None or isinstance(picture, str):
        return _words("⠋ loading…" if picture is None else f"✖ {picture}", width, height)
    left, top = _place(picture, width, height)
    rows = []
    for y in range(height):
        if 0 <= y - top < len(picture):
            strip = picture[y - top]
            right = width - left - strip.cell_length
            rows.append(Strip([Segment(" " * left), *strip, Segment(" " * right)], width))
        else:
            rows.append(Strip.blank(width))
    return rows


def _place(picture: Strips, width: int, height: int) -> tuple[int, int]:
    """Where a picture's first cell is in a room of so many cells."""
    wide = picture[0].cell_length if picture else 0
    return (width - wide) // 2, (height - len(picture)) // 2


def _same_cells(old: Strips | str | None, new: Strips | str | None) -> bool:
    """Whether two pictures fill the same cells of a tile."""
    if not isinstance(old, tuple) or not isinstance(new, tuple) or len(old) != len(new):
        return False
    return all(a.cell_length == b.cell_length for a, b in zip(old, new, strict=True))


def _words(words: str, width: int, height: int) -> list[Strip]:
    style = Style.parse(TONES["dim"])
    lines: list[str] = [""]
    for word in words.split():
        joined = f"{lines[-1]} {word}".strip()
        if cell_len(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(word[:width])
    top = max(0, (height - len(lines)) // 2)
    rows = []
    for y in range(height):
        at = y - top
        text = lines[at] if 0 <= at < len(lines) else ""
        rows.append(Strip([Segment(text.center(width), style)], width))
    return rows


def _drawn(text: str, ascii: bool) -> str:
    if not ascii:
        return text
    for double in DOUBLE:
        text = text.replace(double, "#")
    return plain_ascii(text).replace("✓", "v")
