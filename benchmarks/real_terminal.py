"""After moves, pages, dialogs and other sizes: is each picture on screen its source, by the pixel?

    python benchmarks/real_terminal.py [--seeds 5] [--json FILE]

Types 50 random actions into the replay of the shipped session in a real xterm with sixel, on an X
server of its own (Xvfb, xterm, xdotool and ImageMagick), and compares every tile of the page then.
A picture of the last look at a seed that failed is kept.
"""

from __future__ import annotations

import argparse
import asyncio
import platform
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from PIL import Image

from report import Row, save, show
from scanflow_tui.client.recorded import RecordedSource
from scanflow_tui.client.source import Ref
from scanflow_tui.images.opening import Opened, open_image
from tests.tidy.source import ROOT
from virtual_screen import BORDER_PX, LIT, Shot, VirtualScreen, Xterm, why_not

SCANFLOW = str(Path(sys.executable).with_name("scanflow"))
SESSION = ROOT / "sessions" / "mnist-demo.duckdb"
PATIENCE_S = 30.0
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


def played(xterm: Xterm, sources: list[np.ndarray], seed: int, folder: Path) -> int:
    """Type random actions; how far the worst tile is from its source then, of 255."""
    xterm.quiet()
    xterm.keys(*TO_THE_QUEUE)
    xterm.quiet()
    rng = random.Random(seed)
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
    end_s = time.monotonic() + PATIENCE_S
    worst = 255
    while worst > ERROR_MAX and time.monotonic() < end_s:
        worst = worst_error(xterm, sources, folder)
    return worst


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


def one(screen: VirtualScreen, sources: list[np.ndarray], seed: int, folder: Path) -> int:
    """One seed in a terminal of its own."""
    command = [SCANFLOW, "replay", str(SESSION)]
    environ = {"XDG_STATE_HOME": str(folder), "COLORTERM": "truecolor"}
    xterm = Xterm(screen, command, 120, 42, environ, folder / "printed")
    try:
        xterm.until_printed("verified to event")
        return played(xterm, sources, seed, folder)
    finally:
        xterm.close()


def main() -> int:
    """The command line; exit 1 where a picture is not its source."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    if reason := why_not():
        sys.exit(f"real_terminal: {reason}")
    sources = [np.kron(picture, np.ones((2, 2), np.uint8)) for picture in asyncio.run(_pictures())]
    worst: dict[int, int] = {}
    screen = VirtualScreen()
    try:
        for seed in range(given.seeds):
            folder = Path(tempfile.mkdtemp(prefix="sf-screen-"))
            worst[seed] = one(screen, sources, seed, folder)
            sys.stderr.write(f"seed {seed}: worst {worst[seed]} of 255; {folder}\n")
            if worst[seed] <= ERROR_MAX:
                shutil.rmtree(folder)
    finally:
        screen.close()
    n_good = sum(error <= ERROR_MAX for error in worst.values())
    row = Row(
        f"xterm, sixel: after {ROUNDS} random actions each tile is its source, within {ERROR_MAX}",
        "every seed",
        f"{n_good} of {len(worst)} seeds; worst {max(worst.values())} of 255",
        n_good == len(worst),
        worst,
    )
    show("Pictures in a real terminal", [row])
    if given.json:
        save(given.json, [row], {"python": platform.python_version()})
    return 0 if row.met else 1


if __name__ == "__main__":
    sys.exit(main())
