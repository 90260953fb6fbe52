"""Thumbnails of the open session: read once, decoded and painted in a thread before they are shown.

numpy and PIL are loaded by the first decoding, in its thread: never before the first paint.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from scanflow_tui.client.source import Chunk, Ref
from scanflow_tui.contract.errors import Missing, ScanflowError
from scanflow_tui.contract.limits import MIB
from scanflow_tui.images.adjust import Adjustment
from scanflow_tui.images.protocol import Box, Cell, Painting, Rgb
from scanflow_tui.tui.terminal import meeting

if TYPE_CHECKING:
    from scanflow_tui.images.opening import Opened, Unreadable
    from scanflow_tui.tui.app import ScanflowApp
    from scanflow_tui.tui.pixels.showing import Showing

OPENED_MAX, OPENED_BYTES_MAX = 4096, 64 * MIB
PAINTED_MAX = 512
PAGES_KEPT = 4
"""Painted pictures that are kept, in pages of what is shown, where that is more."""

BATCH = 8
"""Pictures that are read and decoded together."""

PAUSE_S = 0.03
"""Before each batch of what is not shown yet: the frame of a turned page is written meanwhile."""

ARTIFACT = "artifact:"
PLAIN = Adjustment()
Strips = tuple[Strip, ...]


@dataclass(frozen=True, slots=True)
class _Wish:
    """How pictures are to be painted before anybody asks; ``generation`` of the way to show."""

    box: Box
    look: Adjustment
    generation: int


class Pictures:
    """``read`` fetches bytes, ``start`` runs a coroutine, ``ready`` hears of what came and is
    shown, ``ahead`` gets the sheet of each picture that was painted before it is shown.
    """

    def __init__(
        self,
        read: Callable[[Ref], Awaitable[Chunk]],
        start: Callable[[Coroutine[Any, Any, None]], object],
        ready: Callable[[], None],
        showing: Showing,
        ahead: Callable[[int], None] = lambda sheet: None,
    ) -> None:
        self.usual_size: tuple[int, int] | None = None
        """Width and height in pixels of the picture that came last."""
        self._read = read
        self._start = start
        self._ready = ready
        self._ahead = ahead
        self._showing = showing
        self._opened: OrderedDict[str, Opened | Unreadable] = OrderedDict()
        self._opened_bytes = 0
        self._painted: OrderedDict[tuple[str, Box, Adjustment, int], tuple[Strips, int]]
        self._painted = OrderedDict()
        self._wanted: deque[str] = deque()
        self._shown: frozenset[str] = frozenset()
        self._soon: deque[str] = deque()
        self._asked = asyncio.Event()
        self._wish: _Wish | None = None
        self._is_loading = False

    def want(
        self,
        digests: Sequence[str],
        soon: Sequence[str] = (),
        box: Box | None = None,
        look: Adjustment = PLAIN,
    ) -> None:
        """Fetch these next, in this order; what was wanted before comes after.

        With a ``box`` they are also painted for it, and so are those that may be shown ``soon``.
        """
        self._shown = frozenset(digests)
        self._wish = _Wish(box, look, self._showing.generation) if box is not None else None
        self._soon = deque(soon)
        missing = [d for d in (*digests, *soon) if d and d not in self._opened]
        self._wanted = deque(dict.fromkeys([*missing, *self._wanted]))
        if not self._shown.isdisjoint(missing):
            self._asked.set()
        if (self._wanted or self._soon) and not self._is_loading:
            self._is_loading = True
            self._start(self._load())

    def strips(self, digest: str, box: Box, look: Adjustment) -> Strips | str | None:
        """A picture painted for a box, a few words why there is none, or None while it loads."""
        if self._showing.wish == "off":
            return "pictures are off"
        key = (digest, box, look, self._showing.generation)
        painted = self._painted.get(key)
        if painted is not None and self._showing.is_laid(painted[1]):
            self._painted.move_to_end(key)
            return painted[0]
        found = self._opened.get(digest)
        if found is None:
            return None if digest else "no thumbnail"
        reason = getattr(found, "reason", None)
        if reason is not None:
            return f"unreadable: {reason}"
        wish = _Wish(box, look, self._showing.generation)
        return self._lay(digest, found, wish, _painting(self._showing, found, wish))[0]

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

    def _lay(
        self, digest: str, found: object, wish: _Wish, painting: Painting
    ) -> tuple[Strips, int]:
        pixels = _looked_at(found, wish.look)
        laid = self._showing.laid(pixels, painting, wish.box)
        self._painted[(digest, wish.box, wish.look, wish.generation)] = laid
        while len(self._painted) > max(PAINTED_MAX, PAGES_KEPT * len(self._shown)):
            self._painted.popitem(last=False)
        return laid

    async def _load(self) -> None:
        try:
            while True:
                if not (self._wanted and self._wanted[0] in self._shown):
                    await self._pause()
                if self._wanted:
                    await self._load_some()
                elif self._soon:
                    await self._paint_some()
                else:
                    return
        finally:
            self._is_loading = False

    async def _pause(self) -> None:
        """Wait a moment, or until something is asked for that is shown."""
        self._asked.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._asked.wait(), PAUSE_S)

    async def _load_some(self) -> None:
        """Read and decode a few, and paint what of them is shown."""
        batch: list[str] = []
        while self._wanted and len(batch) < BATCH:
            digest = self._wanted.popleft()
            if digest not in self._opened:
                batch.append(digest)
        wish = self._wish
        chunks = await asyncio.gather(*(self._fetch(digest) for digest in batch))
        made = await asyncio.to_thread(_made, chunks, self._showing, wish)
        for digest, (found, painting) in zip(batch, made, strict=True):
            self._keep(digest, found)
            if wish is not None and painting is not None and self._is_current(wish):
                laid = self._lay(digest, found, wish, painting)
                if digest not in self._shown:
                    await self._send_ahead(laid[1])
        if not self._shown.isdisjoint(batch):
            self._ready()

    async def _paint_some(self) -> None:
        """Paint a few that may be shown soon."""
        wish = self._wish
        batch: list[tuple[str, Opened | Unreadable]] = []
        while self._soon and len(batch) < BATCH:
            digest = self._soon.popleft()
            found = self._opened.get(digest)
            is_there = wish is None or self.is_painted(digest, wish.box, wish.look)
            if found is not None and not is_there and not hasattr(found, "reason"):
                batch.append((digest, found))
        if wish is None or not batch:
            return
        paintings = await asyncio.to_thread(
            lambda: [_painting(self._showing, found, wish) for _, found in batch]
        )
        for (digest, found), painting in zip(batch, paintings, strict=True):
            if self._is_current(wish):
                await self._send_ahead(self._lay(digest, found, wish, painting)[1])

    async def _send_ahead(self, sheet: int) -> None:
        # One at a time: a key that comes now waits for one picture at most.
        self._ahead(sheet)
        await asyncio.sleep(0)

    def _is_current(self, wish: _Wish) -> bool:
        return wish.generation == self._showing.generation

    def _keep(self, digest: str, found: Opened | Unreadable) -> None:
        self._opened[digest] = found
        self._opened_bytes += _n_bytes(found)
        self.usual_size = self.size(digest) or self.usual_size
        while len(self._opened) > OPENED_MAX or (
            self._opened_bytes > OPENED_BYTES_MAX and len(self._opened) > len(self._shown)
        ):
            self._opened_bytes -= _n_bytes(self._opened.popitem(last=False)[1])

    async def _fetch(self, digest: str) -> Chunk | str:
        """The bytes, or why there are none."""
        try:
            chunk = await self._read(_ref(digest))
        except ScanflowError as error:
            return error.what
        return chunk if chunk.data else chunk.note or "empty file"


def _made(
    chunks: Sequence[Chunk | str], showing: Showing, wish: _Wish | None
) -> list[tuple[Opened | Unreadable, Painting | None]]:
    """Decode and paint, in a thread."""
    # Imported here: numpy and PIL cost some 180 ms, which the first paint must not wait for.
    from scanflow_tui.images.opening import Opened, Unreadable, open_image

    made: list[tuple[Opened | Unreadable, Painting | None]] = []
    for chunk in chunks:
        found = Unreadable(chunk) if isinstance(chunk, str) else open_image(chunk.data)
        is_painted = wish is not None and isinstance(found, Opened) and showing.wish != "off"
        painting = _painting(showing, found, wish) if is_painted and wish is not None else None
        made.append((found, painting))
    return made


def _painting(showing: Showing, found: object, wish: _Wish) -> Painting:
    return showing.paint(_looked_at(found, wish.look), wish.box)


def _looked_at(found: object, look: Adjustment) -> Any:
    from scanflow_tui.images.adjust import adjusted

    return adjusted(found.pixels, look)  # type: ignore[attr-defined]


def _n_bytes(found: object) -> int:
    pixels = getattr(found, "pixels", None)
    return 0 if pixels is None else int(pixels.nbytes)


def in_artifact(sha: str, path: str) -> str:
    """What a picture in an artifact is called here, in place of a digest."""
    return f"{ARTIFACT}{sha}/{path}"


def _ref(digest: str) -> Ref:
    if not digest.startswith(ARTIFACT):
        return Ref("content", digest)
    sha, _, path = digest.removeprefix(ARTIFACT).partition("/")
    return Ref("artifact", sha, path)


def pictures_of(app: ScanflowApp, ready: Callable[[], None]) -> Pictures:
    """The thumbnails of the app's open source."""

    async def read(ref: Ref) -> Chunk:
        if app.source is None:
            raise Missing("no session is open")
        return await app.source.read(ref)

    def start(work: Coroutine[Any, Any, None]) -> None:
        app.run_worker(work, exit_on_error=False)

    return Pictures(read, start, ready, app.showing, partial(meeting.ahead, app))


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
