"""Safe decoding: always pixels or a plain sentence."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from scanflow_tui.images.opening import SHOWN_SIDE_MAX, Opened, Unreadable, open_image


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def opened(data: bytes) -> Opened:
    found = open_image(data)
    assert isinstance(found, Opened), found
    return found


def test_a_grey_png_gives_its_exact_pixels() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (28, 28)).astype(np.uint8)
    assert np.array_equal(opened(saved(Image.fromarray(pixels))).pixels, pixels)


def test_an_rgb_png_gives_its_exact_pixels() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (7, 9, 3)).astype(np.uint8)
    assert np.array_equal(opened(saved(Image.fromarray(pixels))).pixels, pixels)


def test_a_truncated_png_is_said_to_be_truncated() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64)).astype(np.uint8)
    data = saved(Image.fromarray(noise))
    assert open_image(data[: len(data) // 2]) == Unreadable("truncated PNG")


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"hello", b"\0" * 4096])
def test_what_is_no_image_is_said_in_words(data: bytes) -> None:
    found = open_image(data)
    assert isinstance(found, Unreadable)
    assert found.reason


def test_a_bomb_is_refused_by_its_header() -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + header
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk
    png += struct.pack(">I", zlib.crc32(chunk))
    found = open_image(png)
    assert isinstance(found, Unreadable)


def test_a_bomb_below_pillows_own_limit_is_refused_too() -> None:
    found = open_image(saved(Image.new("1", (10_000, 9_000))))
    assert found == Unreadable("10000 by 9000 pixels, more than is decoded")


def test_of_an_animation_the_first_frame_is_shown() -> None:
    frames = [Image.new("L", (4, 4), grey) for grey in (10, 200)]
    found = opened(saved(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert found.note.startswith("first frame")
    assert (found.pixels == 10).all()


def test_sixteen_bits_become_eight_by_their_range() -> None:
    deep = np.array([[0, 257, 65535]], np.uint16)
    found = opened(saved(Image.fromarray(deep)))
    assert found.pixels.tolist() == [[0, 1, 255]]
    assert found.note == "16 bits shown as 8"


def test_floats_are_spread_and_holes_are_dark() -> None:
    values = np.array([[0.0, 0.5, 1.0, np.nan]], np.float32)
    found = opened(saved(Image.fromarray(values), "TIFF"))
    assert found.pixels.tolist() == [[0, 128, 255, 0]]


def test_cmyk_is_shown_as_rgb() -> None:
    found = opened(saved(Image.new("CMYK", (3, 3), (0, 255, 255, 0)), "TIFF"))
    assert found.pixels.shape == (3, 3, 3)
    assert "CMYK" in found.note


def test_transparent_parts_are_white() -> None:
    found = opened(saved(Image.new("RGBA", (2, 2), (255, 0, 0, 0))))
    assert (found.pixels == 255).all()
    assert "transparent" in found.note


def test_a_palette_with_transparency_opens() -> None:
    image = Image.new("P", (2, 2), 0)
    image.putpalette([9, 9, 9, 50, 60, 70])
    assert (opened(saved(image, transparency=0)).pixels == 255).all()


def test_one_bit_is_black_and_white() -> None:
    image = Image.new("1", (3, 1), 1)
    assert opened(saved(image)).pixels.tolist() == [[255, 255, 255]]


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (3000, 2000)])
def test_any_size_is_bounded(size: tuple[int, int]) -> None:
    found = opened(saved(Image.new("L", size, 40)))
    assert max(found.pixels.shape) <= SHOWN_SIDE_MAX
    assert (found.pixels == 40).all()
