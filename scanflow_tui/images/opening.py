"""Safe decoding: bytes of any origin become bounded pixels or a plain sentence, never an exception.

Only a few formats are tried, a size is judged from the header before anything is decoded, and what
is larger than a screen can show is made smaller at once.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, UnidentifiedImageError

if TYPE_CHECKING:
    from scanflow_tui.images.protocol import Pixels

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM")
FILE_BYTES_MAX = 64 * 1024 * 1024
PIXELS_MAX = 40_000_000
"""Above this a picture is not decoded (a bomb of 10 KB may hold gigabytes)."""
SIDE_MAX = 16_384
SHOWN_SIDE_MAX = 1024
"""Pictures are kept at most this large: more than any terminal shows."""

_BROKEN = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    AttributeError,
    OverflowError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
"""What PIL's decoders raise on damaged files; found by mutating files, not by its documentation."""


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A picture. ``note`` says what was left out (frames, transparency, size), empty if nothing.

    ``mode`` and ``size`` (width, height) are the file's own: Pillow's word, and pixels.
    """

    pixels: Pixels
    note: str = ""
    mode: str = ""
    size: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why there is no picture, as a few words: ``truncated PNG``."""

    reason: str


def open_image(data: bytes) -> Opened | Unreadable:
    """The first frame of an image file as 8-bit grey or RGB, at most ``SHOWN_SIDE_MAX`` a side."""
    if not data:
        return Unreadable("empty file")
    if len(data) > FILE_BYTES_MAX:
        return Unreadable("file of more than 64 MiB")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                return _decoded(image)
        except UnidentifiedImageError:
            return Unreadable("not an image of a known format")
        except Image.DecompressionBombError:
            return Unreadable(f"more than {PIXELS_MAX // 1_000_000} million pixels")
        except _BROKEN as error:
            return Unreadable(f"damaged file ({type(error).__name__})")


def _decoded(image: Image.Image) -> Opened | Unreadable:
    width, height = image.size
    if width < 1 or height < 1:
        return Unreadable("no pixels")
    if width * height > PIXELS_MAX or max(width, height) > SIDE_MAX:
        return Unreadable(f"{width} by {height} pixels, more than is decoded")
    kind = image.format or "file"
    if image.mode == "LAB":
        return Unreadable("LAB colours are not shown")
    notes = []
    if getattr(image, "n_frames", 1) > 1:
        notes.append("first frame of several")
        image.seek(0)
    try:
        image.load()
    except _BROKEN as error:
        word = "truncated" if "truncat" in str(error).lower() else "damaged"
        return Unreadable(f"{word} {kind}")
    pixels, note = _eight_bits(image)
    if note:
        notes.append(note)
    small = _shrunk(pixels)
    if small.shape != pixels.shape:
        notes.append(f"made smaller from {width} by {height}")
    return Opened(small, " · ".join(notes), image.mode, (width, height))


def _eight_bits(image: Image.Image) -> tuple[Pixels, str]:
    """Grey or RGB, 8 bits a channel, from any mode; transparent parts become white."""
    if image.mode == "F" or image.mode.startswith("I"):
        return _from_deep(np.asarray(image))
    if "A" in image.getbands() or "transparency" in image.info:
        layer = image.convert("RGBA")
        ground = Image.new("RGBA", layer.size, (255, 255, 255, 255))
        flat = Image.alpha_composite(ground, layer).convert("RGB")
        return _plain(np.asarray(flat, dtype=np.uint8)), "transparent parts shown white"
    if image.mode in ("1", "L"):
        return np.asarray(image.convert("L"), dtype=np.uint8), ""
    note = "CMYK shown as RGB" if image.mode == "CMYK" else ""
    return _plain(np.asarray(image.convert("RGB"), dtype=np.uint8)), note


def _from_deep(values: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> tuple[Pixels, str]:
    """16 and 32 bits to 8: by the range of the type if it has 16, else lowest to highest."""
    numbers = values.astype(np.float64)
    finite = np.isfinite(numbers)
    if not finite.all():
        numbers = np.where(finite, numbers, 0.0)
    low, high = float(numbers.min()), float(numbers.max())
    if values.dtype.kind in "iu" and low >= 0 and high <= 65535:
        return np.rint(numbers / 257).astype(np.uint8), "16 bits shown as 8"
    span = high - low
    level = (numbers - low) / span if span > 0 else np.zeros_like(numbers)
    return np.rint(level * 255).astype(np.uint8), "brightness spread to 8 bits"


def _plain(pixels: Pixels) -> Pixels:
    """An RGB picture whose channels are equal, as grey: a third of the memory, the same look."""
    if (pixels[:, :, 0] == pixels[:, :, 1]).all() and (pixels[:, :, 0] == pixels[:, :, 2]).all():
        return pixels[:, :, 0].copy()
    return pixels


def _shrunk(pixels: Pixels) -> Pixels:
    """At most ``SHOWN_SIDE_MAX`` a side: means of whole blocks, so that thin lines stay visible."""
    height, width = pixels.shape[:2]
    rows = -(-height // SHOWN_SIDE_MAX)
    columns = -(-width // SHOWN_SIDE_MAX)
    if rows == 1 and columns == 1:
        return pixels
    image = Image.fromarray(pixels)
    return np.asarray(image.reduce((columns, rows)), dtype=np.uint8)
