"""Odd pictures in every way and in boxes of any size: within the box, and whole."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from scanflow_tui.images.opening import Opened, open_image
from scanflow_tui.images.protocol import Box, CellSize, Way
from scanflow_tui.images.ways import encoder_of
from scanflow_tui.tui.pixels.showing import Showing
from tests.tui.test_label_odd import READABLE
from tests.unit.images.sixel_decoder import decode

WAYS: tuple[Way, ...] = ("kitty", "placeholders", "sixel", "iterm", "half", "ascii")
BOXES = (Box(12, 5), Box(8, 4), Box(96, 40), Box(470, 140), Box(1, 1))
CELL = CellSize(9, 18)


def opened(kind: str) -> Opened:
    found = open_image(READABLE[kind]())
    assert isinstance(found, Opened)
    return found


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", READABLE)
def test_an_odd_picture_stays_within_its_box(kind: str, way: Way) -> None:
    pixels, encoder = opened(kind).pixels, encoder_of(way)
    for box in BOXES:
        painting = encoder.paint(pixels, box, CELL)
        assert 1 <= painting.columns <= box.columns and 1 <= painting.rows <= box.rows
        if way in ("kitty", "placeholders"):
            width, height = Image.open(io.BytesIO(painting.payload)).size
        elif way == "sixel":
            height, width = decode(painting.payload).shape[:2]
        else:
            continue
        assert width <= box.columns * CELL.width_px and height <= box.rows * CELL.height_px


@pytest.mark.parametrize("kind", READABLE)
def test_the_single_view_has_cells_for_it(kind: str) -> None:
    height, width = opened(kind).pixels.shape[:2]
    for way in ("kitty", "sixel"):
        box = Showing(way, is_plain=False).large(width, height, Box(96, 35))
        assert 1 <= box.columns <= 96 and 1 <= box.rows <= 35


def test_colours_that_only_look_like_transparency_are_none() -> None:
    stream = io.BytesIO()
    Image.new("LAB", (4, 4), (9, 100, 1)).save(stream, "TIFF")
    found = open_image(stream.getvalue())
    assert not isinstance(found, Opened) and found.reason == "LAB colours are not shown"


def test_a_file_that_is_too_large_is_said_to_be() -> None:
    found = open_image(bytes(64 * 1024**2 + 1))
    assert not isinstance(found, Opened) and found.reason == "file of more than 64 MiB"


def test_a_bomb_takes_no_memory() -> None:
    stream = io.BytesIO()
    Image.fromarray(np.zeros((9000, 9000), np.uint8)).save(stream, "PNG")
    assert len(stream.getvalue()) < 200_000
    found = open_image(stream.getvalue())
    assert not isinstance(found, Opened) and "more than is decoded" in found.reason
