"""A frame of text alone through the image layer, for a process that looks at what it loaded."""

from __future__ import annotations

from rich.color import ColorSystem
from rich.segment import Segment
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from scanflow_tui.tui.pixels.imagelayer import ImageLayer
from scanflow_tui.tui.pixels.sheets import Sheets


def painted() -> str:
    """What a terminal with sixel is sent for one word."""
    update = LayoutUpdate([[Strip([Segment("word")])]], Region(0, 0, 4, 1))
    return ImageLayer("sixel", Sheets()).painted(update, (4, 1), ColorSystem.TRUECOLOR)
