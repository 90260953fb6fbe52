"""After moves, pages, dialogs, other sizes: each picture on screen is its source, by the pixel."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scanflow_tui.client.recorded import RecordedSource
from scanflow_tui.client.source import Ref
from scanflow_tui.images.opening import Opened, open_image
from tests.terminal.screen import BORDER_PX, LIT, Shot, VirtualScreen, Xterm, why_not
from tests.tidy.source import ROOT
from tests.waiting import until

pytestmark = [pytest.mark.terminal, pytest.mark.slow]

SCANFLOW = str(Path(sys.executable).with_name("scanflow"))
SESSION = ROOT / "sessions" / "mnist-demo.duckdb"
TO_THE_QUEUE = ("less",) * 3 + ("comma",) * 22 + ("a",)
"""From the end of the session back to where half of its queue is labelled."""

ACTIONS = (
    ("Right",), ("Left",), ("Down",), ("Up",), ("Next",), ("Prior",),
    ("question", "Escape"), ("Return", "Return"), ("Return", "Right", "Return"), ("d", "a"),
    ("b",),
)  # fmt: skip
ROUNDS = 50
TILE = (14, 7)
ERROR_MAX = 2
"""Of 255, after the terminal's own rounding to percent."""


@pytest.fixture(scope="module")
def screen() -> Iterator[VirtualScreen]:
    reason = why_not()
    if reason and "terminal" in os.environ.get("SCANFLOW_REQUIRE", "").split(","):
        pytest.fail(f"SCANFLOW_REQUIRE names terminal, but {reason}")
    if reason:
        pytest.skip(f"no virtual screen: {reason}")
    made = VirtualScreen()
    yield made
    made.close()


@pytest.fixture
def xterm(screen: VirtualScreen, tmp_path: Path) -> Iterator[Xterm]:
    command = [SCANFLOW, "replay", str(SESSION)]
    environ = {"XDG_STATE_HOME": str(tmp_path), "COLORTERM": "truecolor"}
    made = Xterm(screen, command, 120, 42, environ, tmp_path / "printed")
    made.until_printed("verified to event")
    yield made
    made.close()


async def _pictures() -> list[np.ndarray]:
    source = RecordedSource(SESSION)
    await source.open()
    found = []
    checks = [run.check for run in source.state.runs.values() if run.check is not None]
    for check in checks:
        for digest in check.thumbnails.values():
            opened = open_image((await source.read(Ref("content", digest))).data)
            assert isinstance(opened, Opened)
            found.append(opened.pixels)
    await source.close()
    return found


def shown_at(shot: Shot, cell: tuple[int, int], at: int, columns: int, side: int) -> Shot:
    """The pixels of the tile's picture: in the middle of its cells, counted in whole cells."""
    scale = min(12 * cell[0] // side, 5 * cell[1] // side)
    wide, high = -(-side * scale // cell[0]), -(-side * scale // cell[1])
    column = at % columns * TILE[0] + 1 + (12 - wide) // 2
    row = 1 + at // columns * TILE[1] + 1 + (5 - high) // 2
    x, y = BORDER_PX + column * cell[0], BORDER_PX + row * cell[1]
    return shot[y : y + side * scale, x : x + side * scale]


def test_every_visible_picture_is_its_source(xterm: Xterm, tmp_path: Path) -> None:
    sources = [np.kron(picture, np.ones((2, 2), np.uint8)) for picture in asyncio.run(_pictures())]
    xterm.quiet()
    xterm.keys(*TO_THE_QUEUE)
    xterm.quiet()
    rng = random.Random(int(os.environ.get("SCANFLOW_SEED", "0")))
    for number in range(ROUNDS):
        xterm.keys(*rng.choice(ACTIONS))
        if number % 20 in (10, 15):
            xterm.resize(*((100, 30) if number % 20 == 10 else (120, 42)))
            xterm.quiet()
    # So fast that the program may learn of the last size alone.
    xterm.resize(100, 30)
    xterm.resize(120, 42)
    xterm.quiet()
    xterm.keys("a", "Home")
    if not is_grid(xterm.quiet(), xterm.cell):
        # A key that meets a place on its way goes nowhere, so the single view may be open still.
        xterm.keys("Return", "Home")
    what = f"every tile to be one of the pictures; {tmp_path}/screen.png has the last look"
    until(lambda: worst_error(xterm, sources, tmp_path) <= ERROR_MAX, what)


def is_grid(shot: Shot, cell: tuple[int, int]) -> bool:
    """Whether the right side of the first tile's frame is there."""
    x = BORDER_PX + (TILE[0] - 1) * cell[0]
    frame = shot[BORDER_PX + 3 * cell[1] : BORDER_PX + 6 * cell[1], x : x + cell[0]]
    # A line is lit in every row and thin; a picture there is neither, or not thin.
    return bool((frame.max(axis=(1, 2)) > LIT).all() and (frame > LIT).mean() < 0.5)


def worst_error(xterm: Xterm, sources: list[np.ndarray], folder: Path) -> int:
    """How far the worst tile of the page is from the picture that it is most like, of 255."""
    shot, columns = xterm.shot(), xterm.size[0] // TILE[0]
    Image.fromarray(shot).save(folder / "screen.png")
    beside = shot[
        2 * xterm.cell[1] : 30 * xterm.cell[1], BORDER_PX + columns * TILE[0] * xterm.cell[0] :
    ]
    worst = int(beside[:, : -2 * BORDER_PX].max())  # what was there before is gone
    for at in range(columns * 5):
        shown = shown_at(shot, xterm.cell, at, columns, 28)[..., 0].astype(int)
        if shown.shape != sources[0].shape:
            return 255
        worst = max(worst, min(int(np.abs(shown - source).max()) for source in sources))
    return worst
