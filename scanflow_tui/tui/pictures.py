"""Thumbnails of the open session: read once, decoded in a thread, painted when they are asked for.

numpy and PIL are loaded by the first decoding, in its thread: never before the first paint.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Coroutine
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from scanflow_tui.client.source import Chunk, Ref
from scanflow_tui.contract.errors import Missing, ScanflowError
from scanflow_tui.images.adjust import Adjustment
from scanflow_tui.images.protocol import Box, Cell, Painting, Rgb

if TYPE_CHECKING:
    from scanflow_tui.images.opening import Opened, Unreadable
    from scanflow_tui.tui.app import ScanflowApp
    from scanflow_tui.tui.showing import Showing

OPENED_MAX = 4096
PAINTED_MAX = 512
Strips = tuple[Strip, ...]


class Pictures:
    """``read`` fetches bytes, ``start`` runs a coroutine, ``ready`` hears of each arrival."""

    def __init__(
        self,
        read: Callable[[Ref], Awaitable[Chunk]],
        start: Callable[[Coroutine[Any, Any, None]], object],
        ready: Callable[[], None],
        showing: Showing,
    ) -> None:
        self._read = read
        self._start = start
        self._ready = ready
        self._showing = showing
        self._opened: OrderedDict[str, Opened | Unreadable] = OrderedDict()
        self._painted: OrderedDict[tuple[str, Box, Adjustment, int], tuple[Strips, int]]
        self._painted = OrderedDict()
        self._wanted: deque[str] = deque()
        self._is_loading = False

    def want(self, digests: list[str]) -> None:
        """Fetch these next, in this order; what was wanted before comes after."""
        missing = [d for d in digests if d and d not in self._opened]
        if not missing:
            return
        self._wanted = deque(dict.fromkeys([*missing, *self._wanted]))
        if not self._is_loading:
            self._is_loading = True
            self._start(self._load())

    def strips(self, digest: str, box: Box, look: Adjustment) -> Strips | str | None:
        """A picture painted for a box, a few words why there is none, or None while it loads."""
        if self._showing.wish == "off":
            return "pictures are off"
        found = self._opened.get(digest)
        if found is None:
            return None if digest else "no thumbnail"
        reason = getattr(found, "reason", None)
        if reason is not None:
            return f"unreadable: {reason}"
        key = (digest, box, look, self._showing.generation)
        painted = self._painted.get(key)
        if painted is None or not self._showing.is_laid(painted[1]):
            painted = self._paint(found, box, look)
            self._painted[key] = painted
            if len(self._painted) > PAINTED_MAX:
                self._painted.popitem(last=False)
        return painted[0]

    def is_painted(self, digest: str, box: Box, look: Adjustment) -> bool:
        """Whether a picture was painted for a box as it is looked at now."""
        return (digest, box, look, self._showing.generation) in self._painted

    def size(self, digest: str) -> tuple[int, int] | None:
        """Width and height in pixels, None while unknown."""
        pixels = getattr(self._opened.get(digest), "pixels", None)
        return None if pixels is None else (int(pixels.shape[1]), int(pixels.shape[0]))

    def note(self, digest: str) -> str:
        """What was left out of a picture when it was opened."""
        return str(getattr(self._opened.get(digest), "note", ""))

    def _paint(self, found: object, box: Box, look: Adjustment) -> tuple[Strips, int]:
        from scanflow_tui.images.adjust import adjusted

        pixels = found.pixels  # type: ignore[attr-defined]
        return self._showing.strips(adjusted(pixels, look), box)

    async def _load(self) -> None:
        try:
            while self._wanted:
                digest = self._wanted.popleft()
                if digest in self._opened:
                    continue
                self._opened[digest] = await self._fetch(digest)
                if len(self._opened) > OPENED_MAX:
                    self._opened.popitem(last=False)
                self._ready()
        finally:
            self._is_loading = False

    async def _fetch(self, digest: str) -> Opened | Unreadable:
        try:
            chunk = await self._read(Ref("content", digest))
        except ScanflowError as error:
            return await asyncio.to_thread(_unreadable, error.what)
        if not chunk.data:
            return await asyncio.to_thread(_unreadable, chunk.note or "empty file")
        return await asyncio.to_thread(_decoded, chunk.data)


def pictures_of(app: ScanflowApp, ready: Callable[[], None]) -> Pictures:
    """The thumbnails of the app's open source."""

    async def read(ref: Ref) -> Chunk:
        if app.source is None:
            raise Missing("no session is open")
        return await app.source.read(ref)

    def start(work: Coroutine[Any, Any, None]) -> None:
        app.run_worker(work, exit_on_error=False)

    return Pictures(read, start, ready, app.showing)


def _decoded(data: bytes) -> Opened | Unreadable:
    # Imported here: numpy and PIL cost some 180 ms, which the first paint must not wait for.
    from scanflow_tui.images.opening import open_image

    return open_image(data)


def _unreadable(reason: str) -> Unreadable:
    from scanflow_tui.images.opening import Unreadable

    return Unreadable(reason)


def strips_of(painting: Painting) -> Strips:
    """Cells as Textual paints them; runs of equal cells are one segment."""
    return tuple(Strip(_segments(row), painting.columns) for row in painting.cells)


def _segments(row: tuple[Cell, ...]) -> list[Segment]:
    segments: list[Segment] = []
    start = 0
    for at in range(1, len(row) + 1):
        if at == len(row) or row[at] != row[start]:
            cell = row[start]
            segments.append(Segment(cell.char * (at - start), _style(cell.fg, cell.bg)))
            start = at
    return segments


@lru_cache(maxsize=16_384)
def _style(fg: Rgb | None, bg: Rgb | None) -> Style:
    return Style.from_color(
        None if fg is None else Color.from_rgb(*fg), None if bg is None else Color.from_rgb(*bg)
    )
