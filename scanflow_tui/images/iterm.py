"""The inline pictures of iTerm2: a PNG in one sequence, shown at the cursor. Pure."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from scanflow_tui.images.kitty import Kitty
from scanflow_tui.images.protocol import Painting

if TYPE_CHECKING:
    from scanflow_tui.images.protocol import Box, CellSize, Pixels


class Iterm:
    """The encoder: the same pixels as for kitty, in the other protocol's words."""

    name = "iterm"

    def __init__(self) -> None:
        self._kitty = Kitty()

    def cells_for(self, width: int, height: int, scale: int, cell: CellSize) -> Box:
        """As many whole cells as the enlarged picture touches."""
        return self._kitty.cells_for(width, height, scale, cell)

    def paint(self, pixels: Pixels, box: Box, cell: CellSize) -> Painting:
        """Blank cells under the picture, and its sequence."""
        painting = self._kitty.paint(pixels, box, cell)
        file = painting.payload
        return Painting(painting.cells, inline(file) if file else b"")


def inline(file: bytes) -> bytes:
    """Show a file at its own size in pixels; the cursor stays."""
    keys = b"inline=1;size=%d;width=auto;height=auto;doNotMoveCursor=1" % len(file)
    return b"\x1b]1337;File=%s:%s\x07" % (keys, base64.standard_b64encode(file))
