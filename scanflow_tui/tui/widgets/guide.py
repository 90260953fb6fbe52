"""The guidelines of the classes, one a page, with typical images: ``G`` on the Label screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from scanflow_tui.images.adjust import Adjustment
from scanflow_tui.images.protocol import Box
from scanflow_tui.tui.keys import pressed
from scanflow_tui.tui.pixels.pictures import pictures_of
from scanflow_tui.tui.present.class_keys import ClassKeys
from scanflow_tui.tui.theme import TONES
from scanflow_tui.tui.widgets.closing import close
from scanflow_tui.tui.widgets.tiles import Tile, Tiles

if TYPE_CHECKING:
    from scanflow_tui.tui.app import ScanflowApp

SHOWN = 3
TURNS = {
    "right": 1, "down": 1, "l": 1, "j": 1, "space": 1, "pagedown": 1,
    "left": -1, "up": -1, "h": -1, "k": -1, "pageup": -1,
}  # fmt: skip


class Guide(ModalScreen[None]):
    """``examples`` are the pictures' digests by class. Class keys go to their class."""

    DEFAULT_CSS = """
    Guide #guide-text { width: 1fr; height: auto; min-height: 3; }
    """

    def __init__(
        self,
        keys: ClassKeys,
        guidelines: Mapping[str, str],
        examples: Mapping[int, Sequence[str]],
        at: int = 0,
    ) -> None:
        super().__init__()
        self.keys = keys
        self.guidelines = guidelines
        self.examples = examples
        self.at = at
        self.strokes = ""

    def compose(self) -> ComposeResult:
        """A frame with the class, its words, its pictures."""
        app = cast("ScanflowApp", self.app)
        self._pictures = pictures_of(app, self.draw)
        self._box = _box(app)
        with Vertical(classes="dialog") as frame:
            frame.border_title = "Guidelines"
            frame.styles.width = SHOWN * (self._box.columns + 2) + 6
            yield Static(id="guide-text")
            if self.examples:
                tiles = Tiles(id="guide-tiles", ascii=app.ascii)
                tiles.styles.height = self._box.rows + 2
                yield tiles
            keys = Text("\n← → classes   a class's key goes there   [esc] close", TONES["dim"])
            yield Static(app.legible(keys))

    def on_mount(self) -> None:
        """The first class."""
        self.draw()

    def on_key(self, event: events.Key) -> None:
        """Turn, go to a class, or close."""
        event.stop()
        event.prevent_default()
        key = pressed(event)
        strokes = self.strokes + key
        index = self.keys.index(strokes)
        self.strokes = key if index is None and self.keys.begins(key) else ""
        if index is not None:
            self.at = index
            self.draw()
        elif key in ("escape", "enter", "q", "G"):
            close(self, None)
        elif key in TURNS:
            self.at = (self.at + TURNS[key]) % len(self.keys.names)
            self.draw()

    def draw(self) -> None:
        """The class that is shown."""
        if not self.query("#guide-text"):
            return
        app = cast("ScanflowApp", self.app)
        name, code = self.keys.names[self.at], self.keys.code(self.at)
        text = Text.assemble((code, TONES["key"]), (f" {name}" if name != code else "", "bold"))
        text.append(f"   {self.at + 1} of {len(self.keys.names)}", TONES["dim"])
        text.append(f"\n{self.guidelines.get(name, 'no words on this class')}\n", TONES["plain"])
        self.query_one("#guide-text", Static).update(app.legible(text))
        if not self.examples:
            return
        digests = list(self.examples.get(self.at, ()))[:SHOWN]
        self._pictures.want(digests)
        plain = Adjustment()
        shown = [
            Tile(digest, self._pictures.strips(digest, self._box, plain), Text(name, TONES["dim"]))
            for digest in digests
        ]
        tiles = self.query_one("#guide-tiles", Tiles)
        if shown:
            width, height = self._box.columns + 2, self._box.rows + 2
            tiles.put(shown, columns=SHOWN, width=width, height=height)
        else:
            tiles.say([Text("no example images of this class", TONES["dim"])])


def _box(app: ScanflowApp) -> Box:
    """The cells of an example, so that three stand side by side."""
    width, height = app.size.width, app.size.height
    columns = max(6, min(28, (width * 9 // 10 - 6) // SHOWN - 2))
    rows = max(3, min(columns // 2, height - 14))
    return Box(min(columns, rows * 2), rows)
