"""The graphics protocol of kitty: a picture is sent once under a number, then placed by it. Pure.

Pixels are enlarged before they are sent, for a terminal that scales blurs. Nothing asks for an
answer (``q=2``): a reply could be taken for a key.
"""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

from scanflow_tui.images.protocol import BLANK, Box, CellSize, Painting
from scanflow_tui.images.scaling import fitted_to, nearest
from scanflow_tui.images.sixel import cells_of

if TYPE_CHECKING:
    from scanflow_tui.images.protocol import Pixels

CHUNK_BYTES_MAX = 4096
"""Of a payload in one sequence; what is longer comes in several."""


class Kitty:
    """The encoder. Its payload is the PNG alone: numbers and places are the layer's."""

    name = "kitty"

    def cells_for(self, width: int, height: int, scale: int, cell: CellSize) -> Box:
        """As many whole cells as the enlarged picture touches."""
        return cells_of(width * scale, height * scale, cell)

    def paint(self, pixels: Pixels, box: Box, cell: CellSize) -> Painting:
        """Blank cells under the picture, and the picture as PNG at the size it is shown."""
        if box.columns < 1 or box.rows < 1 or pixels.size == 0:
            return Painting(())
        shown = fitted_to(pixels, box, cell)
        took = cells_of(*shown, cell)
        cells = ((BLANK,) * took.columns,) * took.rows
        return Painting(cells, png(nearest(pixels, *shown)))


def png(pixels: Pixels) -> bytes:
    """A picture as a PNG file, packed as tightly as it can be."""
    from PIL import Image  # only where pictures are sent as files

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=9)
    return file.getvalue()


def transmit(number: int, file: bytes) -> bytes:
    """Send a PNG under a number (1 to 2^32 - 1), and show nothing yet."""
    return b"".join(sequences(b"a=t,q=2,f=100,i=%d" % number, file))


def show(file: bytes) -> bytes:
    """Send a PNG without a number and show it at the cursor, which goes to its last row."""
    return b"".join(sequences(b"a=T,q=2,f=100", file))


def sequences(keys: bytes, file: bytes) -> list[bytes]:
    """What sends a file, in parts as long as they may be; the first one says what to do with it."""
    text = base64.standard_b64encode(file)
    parts = [text[at : at + CHUNK_BYTES_MAX] for at in range(0, len(text), CHUNK_BYTES_MAX)]
    out = []
    for at, part in enumerate(parts):
        head = keys if at == 0 else b"q=2"
        more = b",m=%d" % (at + 1 < len(parts)) if len(parts) > 1 else b""
        out.append(b"\x1b_G%s%s;%s\x1b\\" % (head, more, part))
    return out


def place(number: int, placement: int, crop: tuple[int, int, int, int] | None = None) -> bytes:
    """Show a picture, or a part (left, top, width, height in its pixels), at the cursor.

    The cursor stays; a second placement of the same number and id moves the first.
    """
    part = b",x=%d,y=%d,w=%d,h=%d" % crop if crop is not None else b""
    return b"\x1b_Ga=p,q=2,C=1,i=%d,p=%d%s\x1b\\" % (number, placement, part)


def remove(number: int, placement: int | None = None) -> bytes:
    """Take a placement off the screen, or all of a picture; its pixels stay in the terminal."""
    which = b",p=%d" % placement if placement is not None else b""
    return b"\x1b_Ga=d,d=i,q=2,i=%d%s\x1b\\" % (number, which)


def free(number: int) -> bytes:
    """Take a picture off the screen, and its pixels out of the terminal's memory."""
    return b"\x1b_Ga=d,d=I,q=2,i=%d\x1b\\" % number
