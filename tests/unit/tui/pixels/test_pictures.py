"""Thumbnails: read once, shown when they came, a sentence where they cannot be."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import numpy as np
from rich.text import Text

from scanflow_tui.client.source import Chunk, Ref
from scanflow_tui.contract.errors import Missing
from scanflow_tui.images.adjust import Adjustment
from scanflow_tui.images.half import HalfBlocks
from scanflow_tui.images.protocol import Box, CellSize
from scanflow_tui.tui.pixels.pictures import Pictures, strips_of
from scanflow_tui.tui.pixels.showing import Showing
from scanflow_tui.tui.widgets.tiles import Tile, tile_lines
from tests.fakes.people import png

BOX = Box(28, 14)
LOOK = Adjustment()


class Shelf:
    def __init__(self, **held: bytes) -> None:
        self.held = held
        self.read_digests: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.pictures = Pictures(
            self.read, self.start, lambda: None, Showing("auto", is_plain=False)
        )

    async def read(self, ref: Ref) -> Chunk:
        self.read_digests.append(ref.id)
        if ref.id not in self.held:
            raise Missing(f"content {ref.id} was erased")
        return Chunk(self.held[ref.id], len(self.held[ref.id]))

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(asyncio.get_running_loop().create_task(work))

    async def come(self, *digests: str) -> None:
        self.pictures.want(list(digests))
        await asyncio.gather(*self.tasks)


async def test_a_picture_is_read_once_and_painted() -> None:
    shelf = Shelf(a=png(np.zeros((28, 28), np.uint8)))
    assert shelf.pictures.strips("a", BOX, LOOK) is None
    await shelf.come("a", "a")
    await shelf.come("a")
    strips = shelf.pictures.strips("a", BOX, LOOK)
    assert isinstance(strips, tuple)
    assert [strip.cell_length for strip in strips] == [28] * 14
    assert shelf.pictures.strips("a", BOX, LOOK) is strips
    assert shelf.read_digests == ["a"]
    assert shelf.pictures.size("a") == (28, 28)


async def test_what_cannot_be_shown_says_why() -> None:
    shelf = Shelf(broken=b"\x89PNG nothing", empty=b"")
    await shelf.come("broken", "empty", "gone")
    assert str(shelf.pictures.strips("broken", BOX, LOOK)).startswith("unreadable: ")
    assert shelf.pictures.strips("empty", BOX, LOOK) == "unreadable: empty file"
    assert shelf.pictures.strips("gone", BOX, LOOK) == "unreadable: content gone was erased"
    assert shelf.pictures.strips("", BOX, LOOK) == "no thumbnail"


async def test_what_is_wanted_last_comes_first() -> None:
    shelf = Shelf(**{name: png(np.zeros((2, 2), np.uint8)) for name in "abcd"})
    shelf.pictures.want(["a", "b"])
    shelf.pictures.want(["c"])
    await asyncio.gather(*shelf.tasks)
    assert shelf.read_digests == ["c", "a", "b"]


def test_equal_cells_are_one_segment() -> None:
    painting = HalfBlocks().paint(np.zeros((2, 40), np.uint8), Box(40, 1), CellSize())
    (strip,) = strips_of(painting)
    assert len(list(strip)) == 1


def test_a_tile_has_exactly_its_size_whatever_is_in_it() -> None:
    strips = strips_of(HalfBlocks().paint(np.zeros((10, 10), np.uint8), Box(9, 9), CellSize()))
    for picture in (None, "unreadable: a long reason that takes several lines", strips):
        for foot in ("", "3 ✓", "a very long class name that does not fit"):
            tile = Tile("1", picture, Text(foot), head="img 1", focused=True)
            lines = tile_lines(tile, 20, 8)
            assert [line.cell_length for line in lines] == [20] * 8


def test_the_cursor_is_seen_without_colour() -> None:
    plain, focused, marked = (
        tile_lines(Tile("1", None, Text(""), focused=f, marked=m), 20, 6)[0].text
        for f, m in ((False, False), (True, False), (False, True))
    )
    assert len({plain, focused, marked}) == 3
