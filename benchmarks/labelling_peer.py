"""The same grid with textual-image's widgets, for `labelling.py --peer-python PYTHON`.

``PROGRAM`` is what that interpreter runs; its environment has `pip install textual==8.2.8
textual-image==0.12.0`. 40 digits, a frame that the arrow keys move, and below it a line about the
chosen picture, as in the app. First argument: a folder of pictures. Second: `focus` moves Textual's
own focus and frames what has it by ``:focus``, as its documents teach; then the grid around the
tiles is styled anew for every move, and with it all that is in it. `class` moves a class by hand,
from which only two tiles are repainted; `frames` is that without the line.
"""

from __future__ import annotations

BARE = '''
from __future__ import annotations

from rich.segment import Segment
from textual import events
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


class Line(Widget):
    """A number in the first line."""

    number = 0

    def render_line(self, y: int) -> Strip:
        text = f"{self.number:06d}" if y == 0 else ""
        return Strip([Segment(text)]).extend_cell_length(self.size.width)


class Bare(App[None]):
    """Each key counts the number on, and paints six cells."""

    def compose(self) -> ComposeResult:
        self.line = Line()
        yield self.line

    def on_key(self, event: events.Key) -> None:
        self.line.number += 1
        self.line.refresh(Region(0, 0, 6, 1))


Bare().run()
'''
"""The least that Textual does for a key: one widget, one line, six cells."""

PROGRAM = '''
from __future__ import annotations

import sys
from pathlib import Path
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Grid, Vertical
from textual.widgets import Static
from textual_image.widget import SixelImage

COLUMNS, ROWS = 8, 5


class Tile(Vertical, can_focus=True):
    """A picture in a frame."""


class Peer(App[None]):
    """Tiles of 14 by 7 cells; the chosen one has a heavy frame."""

    CSS = """
    Grid { height: 35; grid-size: 8 5; grid-columns: 14; grid-rows: 7; }
    .tile { border: round gray; width: 14; height: 7; }
    .tile.-chosen, .tile:focus { border: heavy yellow; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right", "step(1)", priority=True),
        Binding("left", "step(-1)", priority=True),
    ]

    def __init__(self, folder: Path, kind: str) -> None:
        super().__init__()
        self._has_line = kind != "frames"
        self._has_focus = kind == "focus"
        self._paths = sorted(folder.glob("*.png"))[: COLUMNS * ROWS]
        self._at = 0

    def compose(self) -> ComposeResult:
        """The grid."""
        with Grid():
            for path in self._paths:
                with Tile(classes="tile"):
                    yield SixelImage(path)

        if self._has_line:
            yield Static(id="line")

    def on_mount(self) -> None:
        """The first is chosen."""
        self._choose(self.query(".tile").first())

    def _choose(self, tile: Tile) -> None:
        if self._has_focus:
            tile.focus()
        else:
            tile.add_class("-chosen")

    def action_step(self, step: int) -> None:
        """The frame goes on by so many."""
        tiles = list(self.query(".tile"))
        tiles[self._at].remove_class("-chosen")
        self._at = (self._at + step) % len(tiles)
        self._choose(tiles[self._at])
        if self._has_line:
            text = f"img {self._paths[self._at].stem} · guess {self._at % 10} · p .013 · flagged"
            self.query_one("#line", Static).update(text)


Peer(Path(sys.argv[1]), sys.argv[2]).run()
'''
