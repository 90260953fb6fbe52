"""The body of the Label screen: tiles, the column beside a single picture, the lines below."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from scanflow_tui.contract.evidence import QueueEntry
from scanflow_tui.images.protocol import Box
from scanflow_tui.tui.annotating import Annotating
from scanflow_tui.tui.pictures import Pictures
from scanflow_tui.tui.present import label as show
from scanflow_tui.tui.present import label_judge as judge
from scanflow_tui.tui.present.class_lines import class_column, class_lines
from scanflow_tui.tui.present.label import Layout
from scanflow_tui.tui.showing import Showing
from scanflow_tui.tui.theme import TONES
from scanflow_tui.tui.widgets.lines import Lines
from scanflow_tui.tui.widgets.tiles import Tile, Tiles
from scanflow_tui.tui.witness import Shown, picture_digest

USUAL_PX = (28, 28)
GRID_SIDE_PX_MAX = 32
"""In a grid of half-blocks a picture takes a cell a pixel: larger ones are made smaller."""


class LabelBoard(Vertical):
    """``draw`` shows an annotator's work, ``say`` a message in its place."""

    DEFAULT_CSS = """
    LabelBoard { height: 1fr; width: 1fr; }
    LabelBoard #label-top { height: auto; }
    LabelBoard #label-side { height: 100%; }
    LabelBoard #label-info { height: 1fr; }
    """

    def __init__(self, *, ascii: bool, legible: Callable[[Text], Text], showing: Showing) -> None:
        super().__init__(id="label-board")
        self._showing = showing
        self._ascii = ascii
        self._legible = legible
        self._shape: tuple[int, int, bool] | None = None
        self._layout: Layout | None = None

    def seen(
        self,
        work: Annotating,
        pictures: Pictures,
        thumbnails: Mapping[str, str],
        entry: QueueEntry,
    ) -> Shown:
        """What stands on the screen of an entry, as it was drawn last."""
        layout, look = self._layout, work.look.words()
        if layout is None:
            return Shown(key=work.key)
        place = work.cursor
        if entry is not work.entry:
            first = work.page_first(layout)
            place = first + work.entries[first : first + layout.page].index(entry)
        view = "single" if layout.single else f"grid {layout.columns}x{layout.rows}"
        box = Box(layout.tile_width - 2, layout.tile_height - 2)
        digest = thumbnails.get(entry.id, "")
        way, painted = self._showing.choice.way, ""
        if pictures.is_painted(digest, box, work.look):
            painted = picture_digest(digest, look, box.columns, box.rows, way)
        judged = "" if work.asked is None else "judging, "
        return Shown(work.key, f"{judged}{view}", place, look, way, painted)

    def compose(self) -> ComposeResult:
        """Picture or pictures, the column beside, the lines below."""
        with Horizontal(id="label-top"):
            yield Tiles(id="label-tiles", ascii=self._ascii)
            yield Lines(id="label-side")
        yield Lines(id="label-info")

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
        self._cut(self.size.width, self.size.height - 1, single=False)
        self.query_one("#label-tiles", Tiles).say([self._legible(row) for row in message])
        self.query_one("#label-info", Lines).put([])

    def draw(
        self,
        work: Annotating,
        pictures: Pictures,
        thumbnails: Mapping[str, str],
        *,
        note: str,
        hint: str,
    ) -> None:
        """Everything from the work; only what changed is painted."""
        digests = [thumbnails.get(entry.id, "") for entry in work.entries]
        picture_px = pictures.size(digests[work.cursor]) or _first_size(pictures, digests)
        layout = self._layout = self.layout_of(work, picture_px)
        first = work.page_first(layout)
        pictures.want(digests[first : first + 2 * layout.page])
        self._cut(
            layout.columns * layout.tile_width, layout.rows * layout.tile_height, layout.single
        )
        tiles = [
            self._tile(work, entry, pictures, thumbnails, layout) for entry in work.page(layout)
        ]
        self.query_one("#label-tiles", Tiles).put(
            tiles, columns=layout.columns, width=layout.tile_width, height=layout.tile_height
        )
        self._draw_text(work, layout, note, hint, pictures.note(digests[work.cursor]))

    def _tile(
        self,
        work: Annotating,
        entry: QueueEntry,
        pictures: Pictures,
        thumbnails: Mapping[str, str],
        layout: Layout,
    ) -> Tile:
        box = Box(layout.tile_width - 2, layout.tile_height - 2)
        foot = show.caption(
            entry, work.queue.word(entry.id), work.keys, hidden=work.is_hidden(entry)
        )
        return Tile(
            entry.id,
            pictures.strips(thumbnails.get(entry.id, ""), box, work.look),
            self._legible(foot),
            head=f"img {entry.id}" if layout.single else "",
            focused=entry is work.entry,
            marked=entry.id in work.marked,
        )

    def _draw_text(
        self, work: Annotating, layout: Layout, note: str, hint: str, picture_note: str
    ) -> None:
        entry = work.entry
        word, hidden = work.queue.word(entry.id), work.is_hidden(entry)
        side: list[Text] = []
        info: list[Text] = []
        look = " · ".join(part for part in (work.look.words(), picture_note) if part)
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
        if work.asked is not None:
            is_rejected = word is not None and word.kind == "rejected"
            n_page = len(work.page(layout))
            info.append(judge.question(work.keys, entry.guess, n_page, is_rejected=is_rejected))
        n_above = len(info)
        room = max(1, self.size.height - layout.rows * layout.tile_height - n_above)
        info += class_lines(work.keys, self.size.width, min(room, 8), work.strokes)
        room -= len(info) - n_above + bool(hint)
        if room > 0 and work.asked is None and not work.keys.letters_are_classes:
            info += show.command_lines(self.size.width, min(room, 3))
        if work.strokes and layout.single:
            side = class_column(work.keys, layout.tile_height - 2, work.strokes)
        if work.strokes:
            side.append(Text(f"  {work.strokes}_ then the second key · esc", TONES["you"]))
        if hint:
            info.append(Text(f" {hint}", TONES["you"]))
        self.query_one("#label-side", Lines).put([self._legible(row) for row in side])
        self.query_one("#label-info", Lines).put([self._legible(row) for row in info])

    def _last(self, work: Annotating) -> str:
        word = work.queue.word(work.last) if work.last else None
        if word is None:
            return ""
        return f"img {work.last}: {show.said(word, work.keys)} {'✓' if word.saved else '…'}"

    def _cut(self, width: int, height: int, single: bool) -> None:
        """Give the tiles their room; a layout, so only when the shape changed."""
        if self._shape == (width, height, single):
            return
        self._shape = (width, height, single)
        tiles = self.query_one("#label-tiles", Tiles)
        tiles.styles.width = width
        tiles.styles.height = height
        self.query_one("#label-side").display = single


def _first_size(pictures: Pictures, digests: list[str]) -> tuple[int, int] | None:
    for digest in digests:
        size = pictures.size(digest)
        if size is not None:
            return size
    return None
