"""The encoder of each way to show pictures. Importing it loads numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanflow_tui.images.half import HalfBlocks
from scanflow_tui.images.iterm import Iterm
from scanflow_tui.images.kitty import Kitty
from scanflow_tui.images.placeholders import Placeholders
from scanflow_tui.images.shades import Shades
from scanflow_tui.images.sixel import Sixel

if TYPE_CHECKING:
    from scanflow_tui.images.protocol import Encoder, Way


def encoder_of(way: Way) -> Encoder:
    """The encoder for a terminal that shows pictures this way."""
    makers: dict[Way, type[Encoder]] = {
        "kitty": Kitty,
        "placeholders": Placeholders,
        "sixel": Sixel,
        "iterm": Iterm,
        "half": HalfBlocks,
        "ascii": Shades,
    }
    return makers[way]()
