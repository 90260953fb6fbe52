"""The body of the Label screen: tiles, the column beside a single picture, the lines below."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from scanflow_tui.contract.evidence import QUEUE_NEAR, QueueEntry
from scanflow_tui.images.protocol import Box
from scanflow_tui.labels.assign import AGAIN
from scanflow_tui.tui.labelling.annotating import Annotating, looks, word_shown
from scanflow_tui.tui.labelling.witness import Shown, picture_digest
from scanflow_tui.tui.pixels.pictures import PLAIN, Pictures
from scanflow_tui.tui.pixels.showing import PIXEL_TILE_SMALL, Showing
from scanflow_tui.tui.present import label as show
from scanflow_tui.tui.present import label_judge as judge
from scanflow_tui.tui.present.class_lines import class_column, class_lines
from scanflow_tui.tui.present.folding import folded_row
from scanflow_tui.tui.present.label import Layout
from scanflow_tui.tui.theme import TONES
from scanflow_tui.tui.widgets.lines import Lines
from scanflow_tui.tui.widgets.tiles import Tile, Tiles, foot_room

USUAL_PX = (28, 28)
SMALL_BOX = Box(14, 7)
"""The cells of a picture beside another, of half-blocks."""

ROWS_BESIDE = 18
"""Lines of text beside a single picture, and those below it."""

SOON_MIN = 3
"""Pictures that are made ready at least, beyond those that show."""

GRID_SIDE_PX_MAX = 32
"""In a grid of half-blocks a picture takes a cell a pixel: larger ones are made smaller."""


class LabelBoard(Vertical):
    """``draw`` shows an annotator's work, ``say`` a message in its place."""

    DEFAULT_CSS = """
    LabelBoard { height: 1fr; width: 1fr; }
    LabelBoard #label-top { height: auto; }
    LabelBoard #label-beside { width: 1fr; height: 100%; }
    LabelBoard #label-side { height: 1fr; }
    LabelBoard #label-info { height: 1fr; }
    """

    def __init__(self, *, ascii: bool, legible: Callable[[Text], Text], showing: Showing) -> None:
        super().__init__(id="label-board")
        self._showing = showing
        self._ascii = ascii
        self._legible = legible
        self._shape: tuple[int, int, bool] | None = None
        self._layout: Layout | None = None
        self._tiles = Tiles(id="label-tiles", ascii=ascii)
        self._side = Lines(id="label-side")
        self._info = Lines(id="label-info")
        self._near = Tiles(id="label-near", ascii=ascii)
        self._near.display = False
        self._drawn: tuple[object, ...] = ()
        """What all tiles hang on; with another one none that was made is good any more."""
        self._made: dict[str, tuple[tuple[object, ...], Tile]] = {}
        self._wanted: tuple[object, ...] = ()
        self._page: tuple[object, ...] = ()
        """What is on the page but for the words and the cursor; empty where some pictures lack."""
        self._n_heard = 0
        self._focused = ""

    def seen(
        self,
        work: Annotating,
        pictures: Pictures,
        thumbnails: Mapping[str, str],
        entry: QueueEntry,
    ) -> Shown:
        """What stands on the screen of an entry, as it was drawn last."""
        layout, look = self._layout, looks(work)
        if layout is None:
            return Shown(key=work.key)
        at = work.places.at(entry.id)
        place = work.cursor if at is None else at
        view = "single" if layout.single else f"grid {layout.columns}x{layout.rows}"
        box = Box(layout.tile_width - 2, layout.tile_height - 2)
        digest = thumbnails.get(entry.id, "")
        way, painted = self._showing.choice.way, ""
        made = self._made.get(entry.id)
        if made is not None and isinstance(made[1].picture, tuple):
            painted = picture_digest(digest, look, box.columns, box.rows, way)
        judged = "" if work.asked is None else "judging, "
        return Shown(work.key, f"{judged}{view}", place, look, way, painted)

    def compose(self) -> ComposeResult:
        """Picture or pictures, the column beside, the lines below."""
        with Horizontal(id="label-top"):
            yield self._tiles
            with Vertical(id="label-beside"):
                yield self._side
                yield self._near
        yield self._info

    def grid_fits(self, picture_px: tuple[int, int] | None) -> bool:
        """Whether a grid has room here."""
        return show.grid_fits(self.size.width, self.size.height, self._grid_cells(picture_px))

    def layout_of(self, work: Annotating, picture_px: tuple[int, int] | None) -> Layout:
        """How the body is cut for the work's view and this size."""
        width, height = self.size.width, self.size.height
        if work.single or not self.grid_fits(picture_px):
            wide, high = picture_px or USUAL_PX
            cells = (wide, (high + 1) // 2)
            if self._showing.has_pixels:
                box = self._showing.large(wide, high, show.single_room(width, height))
                cells = (box.columns, box.rows)
            return show.single_layout(width, height, cells)
        return show.grid_layout(width, height, self._grid_cells(picture_px))

    def _grid_cells(self, picture_px: tuple[int, int] | None) -> tuple[int, int]:
        """The cells of a picture in a grid; of half-blocks a column a pixel, up to a limit."""
        if self._showing.has_pixels:
            tile = self._showing.tile(self.size.width)
            return tile.columns, tile.rows
        wide, high = picture_px or USUAL_PX
        scale = min(1.0, GRID_SIDE_PX_MAX / wide, GRID_SIDE_PX_MAX / high)
        return max(8, round(wide * scale)), max(4, (round(high * scale) + 1) // 2)

    def say(self, message: list[Text]) -> None:
        """A message in place of the pictures."""
        self._cut(self.size.width, self.size.height, single=False)
        self._page = ()
        width = self.size.width - 1
        rows = [line for row in message for line in folded_row(self._legible(row), width)]
        self._tiles.say(rows)
        self._info.put([])

    def draw(
        self,
        work: Annotating,
        pictures: Pictures,
        thumbnails: Mapping[str, str],
        *,
        note: str,
        hint: str,
        commands: tuple[tuple[str, str], ...],
    ) -> int:
        """Everything from the work; only what changed is painted. Returns how many of the commands
        (keys and words) are named.
        """
        digest = thumbnails.get(work.entry.id, "")
        layout = self._layout = self.layout_of(work, pictures.size(digest) or pictures.usual_size)
        self._want(work, pictures, thumbnails, layout)
        self._cut(
            layout.columns * layout.tile_width, layout.rows * layout.tile_height, layout.single
        )
        drawn = (id(work), work.look, work.filtered, layout, self._showing.generation)
        if drawn != self._drawn:
            self._drawn = drawn
            self._made.clear()
        self._draw_tiles(work, pictures, thumbnails, layout)
        return self._draw_text(work, layout, note, hint, pictures.note(digest), commands)

    def _draw_tiles(
        self,
        work: Annotating,
        pictures: Pictures,
        thumbnails: Mapping[str, str],
        layout: Layout,
    ) -> None:
        """The tiles of the page; on the page that shows already, those alone that changed."""
        changed, first = work.queue.tally.changed, work.page_first(layout)
        page: tuple[object, ...] = (id(work.entries), id(thumbnails), len(thumbnails), first)
        page += (id(work.asked), work.marked, work.blind)
        page += (work.order, *self._drawn)
        before, n_heard, focused = self._page, self._n_heard, self._focused
        self._n_heard, self._focused = len(changed), work.entry.id
        if page == before:
            touched = {focused, work.entry.id, *changed[n_heard:]}
            places = {work.places.at(sample) for sample in touched}
            end = first + len(self._tiles.tiles)
            here = [at for at in places if at is not None and first <= at < end]
            some = {
                at - first: self._tile(work, work.entries[at], pictures, thumbnails, layout)
                for at in here
            }
            self._tiles.put_some(some)
            return
        tiles = [
            self._tile(work, entry, pictures, thumbnails, layout) for entry in work.page(layout)
        ]
        self._tiles.put(
            tiles, columns=layout.columns, width=layout.tile_width, height=layout.tile_height
        )
        self._page = page if all(tile.picture is not None for tile in tiles) else ()

    def _want(
        self,
        work: Annotating,
        pictures: Pictures,
        thumbnails: Mapping[str, str],
        layout: Layout,
    ) -> None:
        """Have the page's pictures, and the next page's before it is asked for."""
        first, entries = work.page_first(layout), work.entries
        look = (work.look, work.filtered)
        wanted = (entries[first].id, look, layout, self._showing.generation, len(entries))
        if wanted == self._wanted:
            return
        self._wanted = wanted
        self._made.clear()
        end = first + layout.page
        soon = entries[end : end + max(layout.page, SOON_MIN)]
        box = Box(layout.tile_width - 2, layout.tile_height - 2)
        pictures.want(
            [thumbnails.get(entry.id, "") for entry in entries[first:end]],
            [thumbnails.get(entry.id, "") for entry in soon],
            box,
            work.look,
        )

    def _tile(
        self,
        work: Annotating,
        entry: QueueEntry,
        pictures: Pictures,
        thumbnails: Mapping[str, str],
        layout: Layout,
    ) -> Tile:
        box = Box(layout.tile_width - 2, layout.tile_height - 2)
        picture = pictures.strips(thumbnails.get(entry.id, ""), box, work.look)
        focused, marked = entry is work.entry, entry.id in work.marked
        hangs_on = (work.queue.tally.stamp(entry.id), focused, marked, work.blind)
        made = self._made.get(entry.id)
        if made is not None and made[0] == hangs_on and made[1].picture is picture:
            return made[1]
        foot = show.caption(
            entry, word_shown(work, entry), work.keys, hidden=work.is_hidden(entry),
            room=foot_room(layout.tile_width),
        )  # fmt: skip
        head = f"img {entry.id.removesuffix(AGAIN)}" if layout.single else ""
        tile = Tile(entry.id, picture, self._legible(foot), head, focused, marked)
        self._made[entry.id] = (hangs_on, tile)
        return tile

    def _draw_text(
        self, work: Annotating, layout: Layout, note: str, hint: str, picture_note: str,
        commands: tuple[tuple[str, str], ...],
    ) -> int:  # fmt: skip
        entry = work.entry
        word, hidden = word_shown(work, entry), work.is_hidden(entry)
        side: list[Text] = []
        info: list[Text] = []
        n_named = 0
        look = " · ".join(part for part in (looks(work), picture_note) if part)
        if work.strokes and not layout.single:
            info.append(Text(f" {work.strokes}_ then the second key · esc", TONES["you"]))
        elif layout.single:
            place = f"{work.cursor + 1} of {len(work.entries)}"
            side = show.side(
                entry, word, work.keys, hidden=hidden, note=note, me=work.queue.actor,
                look=look, place=place, last=self._last(work),
            )  # fmt: skip
        else:
            line = show.line(entry, word, work.keys, hidden=hidden, note=note, me=work.queue.actor)
            if look:
                line.append(f" · {look}", TONES["you"])
            info.append(line)
        if work.then and work.then_of == entry.id:
            info.append(Text(f" then: {work.then}", TONES["you"]))
        if work.asked is not None:
            is_rejected = word is not None and word.kind == "rejected"
            n_page = len(work.page(layout))
            question, n_named = judge.question(
                work.keys, entry.guess, n_page, is_rejected=is_rejected, width=self.size.width
            )
            info.append(question)
        n_above = len(info)
        room = max(1, self.size.height - layout.rows * layout.tile_height - n_above)
        info += class_lines(work.keys, self.size.width, min(room, 8), work.strokes)
        room -= len(info) - n_above + bool(hint)
        if room > 0 and work.asked is None:
            lines, n_named = show.command_lines(commands, self.size.width, min(room, 3))
            info += lines
        if work.strokes and layout.single:
            side = class_column(work.keys, layout.tile_height - 2, work.strokes)
        if work.strokes:
            side.append(Text(f"  {work.strokes}_ then the second key · esc", TONES["you"]))
        if hint:
            info.append(Text(f" {hint}", TONES["you"]))
        self._side.put([self._legible(row) for row in side])
        self._info.put([self._legible(row) for row in info])
        return n_named

    def draw_near(
        self, work: Annotating, pictures: Pictures, thumbnails: Mapping[str, str]
    ) -> None:
        """The training images most like a single image, where that was asked for and is shown."""
        near = () if work.is_hidden(work.entry) else work.entry.near
        layout = self._layout
        wanted = bool(work.near and near and layout is not None and layout.single)
        if wanted != self._near.display:
            self._near.display = wanted
        if not wanted or layout is None:
            return
        box = PIXEL_TILE_SMALL if self._showing.has_pixels else SMALL_BOX
        columns = max(1, (self.size.width - layout.tile_width) // (box.columns + 2))
        room = (self.size.height - ROWS_BESIDE) // (box.rows + 2)
        near = near[: columns * max(1, room)]
        digests = [thumbnails.get(f"{QUEUE_NEAR}/{number}", "") for number, _ in near]
        pictures.want(digests)
        tiles = [
            Tile(digest, pictures.strips(digest, box, PLAIN), Text(work.keys.code(label)))
            for digest, (_, label) in zip(digests, near, strict=True)
        ]
        height = -(-len(tiles) // columns) * (box.rows + 2)
        if self._near.styles.height is None or self._near.styles.height.value != height:
            self._near.styles.height = height
        self._near.put(tiles, columns=columns, width=box.columns + 2, height=box.rows + 2)

    def _last(self, work: Annotating) -> str:
        word = work.queue.word(work.last) if work.last else None
        if word is None:
            return ""
        name = work.last.removesuffix(AGAIN)
        return f"img {name}: {show.said(word, work.keys)} {'✓' if word.saved else '…'}"

    def _cut(self, width: int, height: int, single: bool) -> None:
        """Give the tiles their room; a layout, so only when the shape changed."""
        if self._shape == (width, height, single):
            return
        self._shape = (width, height, single)
        tiles = self._tiles
        tiles.styles.width = width
        tiles.styles.height = height
        self.query_one("#label-beside").display = single
