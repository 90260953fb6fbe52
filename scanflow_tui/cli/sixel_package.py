"""The only door to the package ``sixel`` (GPL-3.0-or-later, the extra ``[images]``).

Imported when a picture is printed, never by what the screens use. The package is right only where
each row begins and ends in a colour that it leaves out, so the picture gets a frame of one column.
"""

from __future__ import annotations

import importlib.util
import io
import warnings
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from scanflow_tui.contract.errors import Missing
from scanflow_tui.images.scaling import coloured

if TYPE_CHECKING:
    from scanflow_tui.images.protocol import Pixels

COLOURS_MAX = 255
"""One of the package's 256 is the frame's."""

_LEFT_OUT = "??"
"""What the package writes for the frame on the left: a column, and one that it counts twice."""


def why_not() -> Missing | None:
    """What to say where the package is not installed, else None."""
    if importlib.util.find_spec("sixel") is not None:
        return None
    return Missing(
        "sixel is printed by the package sixel, which is not installed",
        hint="pip install 'scanflow-tui[images]', or --images half",
    )


def printed(pixels: Pixels) -> bytes:
    """A picture as sixel by the package: within 3 of 255 where it has at most 255 colours."""
    from sixel.converter import SixelConverter

    few = _few_colours(coloured(pixels))
    height, width = few.shape[:2]
    framed = np.empty((height, width + 2, 3), np.uint8)
    framed[:] = _absent(few)
    framed[:, 1:-1] = few
    file = io.BytesIO()
    Image.fromarray(framed).save(file, "PNG")
    file.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it asks Pillow in a way that version 14 will not know
        text = SixelConverter(file, chromakey=True, fast=True).getvalue()
    return _unframed(text, width, height).encode("ascii")


def _few_colours(pixels: Pixels) -> Pixels:
    image = Image.fromarray(pixels)
    if image.getcolors(COLOURS_MAX) is not None:
        return pixels
    octree = image.quantize(COLOURS_MAX, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    return np.asarray(octree.convert("RGB"), dtype=np.uint8)


def _absent(pixels: Pixels) -> tuple[int, int, int]:
    """A colour that no pixel has: of 256 reds at least one is free, as there are 255 colours."""
    free = np.setdiff1d(np.arange(256), pixels[..., 0])
    return int(free[-1]), 0, 255


def _unframed(text: str, width: int, height: int) -> str:
    """The same picture without the columns that are left out. A row begins after $, - or size."""
    head = f'"1;1;{width + 2};{height}{_LEFT_OUT}'
    return (
        text.replace(head, f'"1;1;{width};{height}', 1)
        .replace(f"${_LEFT_OUT}", "$")
        .replace(f"-{_LEFT_OUT}", "-")
    )
