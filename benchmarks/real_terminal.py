"""After moves, labels, pages, dialogs and other sizes: is each picture on screen its source?

    python benchmarks/real_terminal.py [TERMINAL ...] [--seeds 2] [--json FILE]

Types 50 random actions (moves, pages, labels, undone and given back, dialogs, views, sizes) into a
real labelling session in real terminals: xterm, mlterm and foot with sixel, kitty with its own
graphics (all without a name). Then compares by the pixel every picture of the page with its source,
and that it is the one that stood there on the first look; once more in a larger and a smaller font
(but mlterm, which has no keys for it). Needs Xvfb, xdotool, xwininfo and
ImageMagick, the terminals, and weston for foot; what is absent is said. A picture of the last look
at a seed that failed is kept.
"""

from __future__ import annotations

import argparse
import platform
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from PIL import Image

from labelling_session import Queued
from real_images import digits
from report import Row, save, show
from virtual_screen import EMULATORS, LIT, Emulator, RealTerminal, Shot, VirtualScreen

N_SAMPLES, SIDE = 200, 28
SIZE, SIZE_SMALL = (120, 42), (100, 30)
PATIENCE_S = 30.0
STILL_S = 2.0
RESIZED_S = 0.5
ACTIONS = (
    ("Right",), ("Left",), ("Down",), ("Up",), ("Next",), ("Prior",), ("3",), ("7",), ("1", "4"),
    ("u",), ("u", "U"), ("s",), ("space",), ("question", "Escape"), ("O", "Escape"),
    ("n", "h", "i", "Escape"), ("slash", "Escape"), ("Return", "Return"), ("b",),
    ("Return", "5", "Return"), ("Return", "Right", "Return"), ("d", "a"),
)  # fmt: skip
ROUNDS = 50
TILE = (14, 7)
INSIDE = (12, 5)
ROWS_OF_TILES = 5
ERROR_MAX = {"sixel": 2, "kitty": 0}
"""Of 255; sixel after the terminal's own rounding to percent."""

BAD = 255


def tile_at(shot: Shot, terminal: RealTerminal, at: int) -> Shot:
    """The pixels of a tile's picture: in the middle of its cells, counted in whole cells."""
    cell, border, columns = terminal.cell, terminal.emulator.border_px, SIZE[0] // TILE[0]
    scale = scale_of(terminal)
    wide, high = -(-SIDE * scale // cell[0]), -(-SIDE * scale // cell[1])
    column = at % columns * TILE[0] + 1 + (INSIDE[0] - wide) // 2
    row = 1 + at // columns * TILE[1] + 1 + (INSIDE[1] - high) // 2
    x, y = border + column * cell[0], border + row * cell[1]
    return shot[y : y + SIDE * scale, x : x + SIDE * scale]


def scale_of(terminal: RealTerminal) -> int:
    """How many pixels of the screen a picture's pixel is wide."""
    return min(INSIDE[0] * terminal.cell[0] // SIDE, INSIDE[1] * terminal.cell[1] // SIDE)


def page(shot: Shot, terminal: RealTerminal, sources: np.ndarray) -> tuple[int, list[int]]:
    """How far the worst tile is from the source that it is most like; which source each one is."""
    columns = SIZE[0] // TILE[0]
    border, cell = terminal.emulator.border_px, terminal.cell
    left, right = border + columns * TILE[0] * cell[0], border + SIZE[0] * cell[0]
    ground = shot[2 * cell[1] : 30 * cell[1], left:right].astype(int)
    worst = int(np.abs(ground - ground[0, 0]).max())  # what was there before is gone
    found = []
    for at in range(columns * ROWS_OF_TILES):
        shown = tile_at(shot, terminal, at).astype(int)
        if shown.shape[:2] != sources.shape[1:]:
            return BAD, []
        errors = np.abs(shown.max(axis=2) - sources).max(axis=(1, 2))
        found.append(int(errors.argmin()))
        worst = max(worst, int(errors.min()), int((shown.max(axis=2) - shown.min(axis=2)).max()))
    return worst, found


def is_grid(shot: Shot, terminal: RealTerminal) -> bool:
    """Whether the right side of the first tile's frame is there."""
    border, cell = terminal.emulator.border_px, terminal.cell
    x = border + (TILE[0] - 1) * cell[0]
    frame = shot[border + 3 * cell[1] : border + 6 * cell[1], x : x + cell[0]]
    # A line is lit in every row and thin; a picture there is neither, or not thin.
    return bool((frame.max(axis=(1, 2)) > LIT).all() and (frame > LIT).mean() < 0.5)


def tour(terminal: RealTerminal, sources: np.ndarray, folder: Path) -> list[list[int]]:
    """Every page's samples, as they stand before anything was done."""
    pages: list[list[int]] = []
    terminal.keys("Home")
    while len(pages) < N_SAMPLES // (SIZE[0] // TILE[0] * ROWS_OF_TILES):
        worst, found = settled(terminal, sources, folder, None)
        if worst > ERROR_MAX[terminal.emulator.way] or found in pages:
            raise AssertionError(f"page {len(pages) + 1} is {worst} of 255 off on the first look")
        pages.append(found)
        terminal.keys("Next")
    return pages


def settled(
    terminal: RealTerminal, sources: np.ndarray, folder: Path, pages: list[list[int]] | None
) -> tuple[int, list[int]]:
    """The page once it is right and stays so for a moment, or after patience ends."""
    most = ERROR_MAX[terminal.emulator.way]
    end_s = time.monotonic() + PATIENCE_S
    while True:
        shot = terminal.quiet()
        Image.fromarray(shot).save(folder / "screen.png")
        worst, found = page(shot, terminal, sources)
        is_right = worst <= most and (pages is None or found in pages)
        if is_right or time.monotonic() > end_s:
            return (worst if is_right or worst > most else BAD), found


def played(terminal: RealTerminal, samples: np.ndarray, seed: int, folder: Path) -> int:
    """Type random actions; how far the worst tile is from its source then, of 255."""
    terminal.quiet()
    time.sleep(STILL_S)
    sources = enlarged(samples, terminal)
    pages = tour(terminal, sources, folder)
    rng = random.Random(seed)
    for number in range(ROUNDS):
        terminal.keys(*rng.choice(ACTIONS))
        if number % 20 in (10, 15):
            terminal.resize(*(SIZE_SMALL if number % 20 == 10 else SIZE))
            terminal.quiet()
    # Fast, and yet so that the terminal has both sizes: xterm that is made smaller and larger again
    # before it looks loses pixels, and tells nobody.
    terminal.resize(*SIZE_SMALL)
    time.sleep(RESIZED_S)
    terminal.resize(*SIZE)
    # A key that meets a place on its way goes nowhere: a dialog or the single view may be open.
    terminal.quiet()
    terminal.keys("Escape", "a")
    if not is_grid(terminal.quiet(), terminal):
        terminal.keys("Return")
    worst = settled(terminal, sources, folder, pages)[0]
    for key in terminal.emulator.zoom if worst <= ERROR_MAX[terminal.emulator.way] else ():
        terminal.keys(key)
        terminal.quiet()
        terminal.measure()
        worst = max(worst, settled(terminal, enlarged(samples, terminal), folder, pages)[0])
    return worst


def enlarged(samples: np.ndarray, terminal: RealTerminal) -> np.ndarray:
    """The sources as large as the terminal's cells let them be."""
    return np.kron(samples, np.ones((scale_of(terminal),) * 2, np.uint8)).astype(int)


@contextmanager
def session(folder: Path) -> Iterator[Queued]:
    """A session with samples to label, ended after it."""
    queued = Queued(folder, N_SAMPLES)
    try:
        yield queued
    finally:
        queued.close()


def one(emulator: Emulator, screen: VirtualScreen, seed: int, folder: Path) -> int:
    """One seed in a terminal and a session of its own."""
    with session(folder) as queued:
        environ = {"XDG_STATE_HOME": str(folder / "state"), "COLORTERM": "truecolor"}
        log = folder / "printed"
        terminal = RealTerminal(emulator, screen, queued.command, *SIZE, environ, log)
        try:
            terminal.until_printed("zero")
            return played(terminal, digits(N_SAMPLES), seed, folder)
        except AssertionError as error:
            sys.stderr.write(f"{emulator.name}, seed {seed}: {error}\n")
            return BAD
        finally:
            terminal.close()


def row_of(emulator: Emulator, screen: VirtualScreen, seeds: int) -> Row:
    """Every seed in one terminal."""
    most = ERROR_MAX[emulator.way]
    claim = f"{emulator.name}, {emulator.way}: after {ROUNDS} random actions each picture is its "
    claim += f"source, within {most}"
    if reason := emulator.why_not():
        return Row(claim, "every seed", reason, False)
    worst: dict[int, int] = {}
    for seed in range(seeds):
        folder = Path(tempfile.mkdtemp(prefix=f"sf-{emulator.name}-"))
        worst[seed] = one(emulator, screen, seed, folder)
        sys.stderr.write(f"{emulator.name}, seed {seed}: worst {worst[seed]} of 255; {folder}\n")
        if worst[seed] <= most:
            shutil.rmtree(folder, ignore_errors=True)
    n_good = sum(error <= most for error in worst.values())
    figure = f"{n_good} of {len(worst)} seeds; worst {max(worst.values())} of 255"
    return Row(claim, "every seed", figure, n_good == len(worst), worst)


def main() -> int:
    """The command line; exit 1 where a picture is not its source."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("terminals", nargs="*", metavar="TERMINAL", help=" ".join(EMULATORS))
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    unknown = set(given.terminals) - EMULATORS.keys()
    if unknown:
        parser.error(f"no terminal {', '.join(sorted(unknown))}; there are {', '.join(EMULATORS)}")
    screen = VirtualScreen()
    try:
        rows = [
            row_of(EMULATORS[name], screen, given.seeds) for name in given.terminals or EMULATORS
        ]
    finally:
        screen.close()
    show("Pictures in real terminals", rows)
    if given.json:
        save(given.json, rows, {"python": platform.python_version()})
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
