"""kitty and iTerm2: what is sent is the picture, pixel for pixel, in allowed sequences."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from scanflow_tui.images import iterm, kitty
from scanflow_tui.images.protocol import Box, CellSize

RNG = np.random.default_rng(7)
DIGIT = RNG.integers(0, 256, (28, 28), dtype=np.uint8)
CELL = CellSize(10, 20)
SEQUENCE = re.compile(rb"\x1b_G([^;]*);([^\x1b]*)\x1b\\")


def opened(file: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(file)))


def test_the_picture_is_enlarged_before_it_is_sent() -> None:
    painting = kitty.Kitty().paint(DIGIT, Box(14, 7), CELL)
    assert (painting.columns, painting.rows) == (14, 7)
    assert (opened(painting.payload) == np.kron(DIGIT, np.ones((5, 5), np.uint8))).all()


def test_a_long_file_comes_in_parts_and_is_whole() -> None:
    file = RNG.bytes(10_000)
    parts = SEQUENCE.findall(kitty.transmit(7, file))
    assert base64.b64decode(b"".join(text for _, text in parts)) == file
    assert all(len(text) <= kitty.CHUNK_BYTES_MAX for _, text in parts)
    assert parts[0][0] == b"a=t,q=2,f=100,i=7,m=1"
    assert [head for head, _ in parts[1:]] == [b"q=2,m=1"] * (len(parts) - 2) + [b"q=2,m=0"]


def test_a_short_file_is_one_sequence() -> None:
    assert kitty.transmit(1, b"abc") == b"\x1b_Ga=t,q=2,f=100,i=1;YWJj\x1b\\"


@pytest.mark.parametrize(
    "said",
    [kitty.place(3, 1), kitty.place(3, 1, (0, 20, 40, 20)), kitty.remove(3), kitty.free(3)],
)
def test_nothing_asks_for_an_answer(said: bytes) -> None:
    assert b"q=2" in said and said.startswith(b"\x1b_G") and said.endswith(b"\x1b\\")


def test_a_part_is_named_in_pixels() -> None:
    assert b",x=0,y=20,w=40,h=20" in kitty.place(3, 1, (0, 20, 40, 20))


def test_iterm_shows_the_same_pixels() -> None:
    payload = iterm.Iterm().paint(DIGIT, Box(14, 7), CELL).payload
    head, text = payload.removesuffix(b"\x07").split(b":", 1)
    assert head.startswith(b"\x1b]1337;File=inline=1;")
    assert (opened(base64.b64decode(text)) == np.kron(DIGIT, np.ones((5, 5), np.uint8))).all()


@pytest.mark.parametrize("encoder", [kitty.Kitty(), iterm.Iterm()])
def test_a_box_without_cells_gives_nothing(encoder: kitty.Kitty | iterm.Iterm) -> None:
    assert encoder.paint(DIGIT, Box(0, 3), CELL).payload == b""
    assert encoder.cells_for(28, 28, 8, CELL) == Box(23, 12)
