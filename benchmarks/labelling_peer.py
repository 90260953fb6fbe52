"""The same grid with textual-image's widgets, for `labelling.py --peer-python PYTHON`.

``PROGRAM`` is what that interpreter runs; its environment has `pip install textual==8.2.8
textual-image==0.12.0`. 40 digits, a frame that the arrow keys move, and below it a line about the
chosen picture, as in the app, unless a second argument says `frames`. First argument: a folder of
pictures.
"""

from __future__ import annotations

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


class Peer(App[None]):
    """Tiles of 14 by 7 cells; the chosen one has a heavy frame."""

    CSS = """
    Grid { height: 35; grid-size: 8 5; grid-columns: 14; grid-rows: 7; }
    .tile { border: round gray; width: 14; height: 7; }
    .tile.-chosen { border: heavy yellow; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right", "step(1)", priority=True),
        Binding("left", "step(-1)", priority=True),
    ]

    def __init__(self, folder: Path, *, has_line: bool) -> None:
        super().__init__()
        self._has_line = has_line
        self._paths = sorted(folder.glob("*.png"))[: COLUMNS * ROWS]
        self._at = 0

    def compose(self) -> ComposeResult:
        """The grid."""
        with Grid():
            for path in self._paths:
                with Vertical(classes="tile"):
                    yield SixelImage(path)

        if self._has_line:
            yield Static(id="line")

    def on_mount(self) -> None:
        """The first is chosen."""
        self.query(".tile").first().add_class("-chosen")

    def action_step(self, step: int) -> None:
        """The frame goes on by so many."""
        tiles = list(self.query(".tile"))
        tiles[self._at].remove_class("-chosen")
        self._at = (self._at + step) % len(tiles)
        tiles[self._at].add_class("-chosen")
        if self._has_line:
            text = f"img {self._paths[self._at].stem} · guess {self._at % 10} · p .013 · flagged"
            self.query_one("#line", Static).update(text)


Peer(Path(sys.argv[1]), has_line="frames" not in sys.argv[2:]).run()
'''
