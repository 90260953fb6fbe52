"""Pictures that stand in cells as characters: pixels go past tmux, cells say what they show."""

from __future__ import annotations

import base64
import io
import re
import unicodedata

import numpy as np
import pytest
from PIL import Image

from scanflow_tui.images import placeholders
from scanflow_tui.images.protocol import Box, CellSize

RNG = np.random.default_rng(9)
CELL = CellSize(9, 18)
PAST = re.compile(rb"\x1bPtmux;(.*?[^\x1b])\x1b\\", re.DOTALL)
SEQUENCE = re.compile(rb"\x1b_G([^;]*);([^\x1b]*)\x1b\\")


def opened(file: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(file)))


def test_marks_are_those_that_kitty_knows() -> None:
    # The first, some within and the last of its published table, which has 297.
    assert len(placeholders.MARKS) == 297 == len(set(placeholders.MARKS))
    known = [0x305, 0x30D, 0x30E, 0x310, 0x312, 0x33D, 0x33E, 0x33F, 0x346, 0x34A]
    assert [*map(ord, placeholders.MARKS[:10])] == known
    assert ord(placeholders.MARKS[-1]) == 0x1D244
    assert {unicodedata.combining(mark) for mark in placeholders.MARKS} == {230}


@pytest.mark.parametrize("shape", [(28, 28), (30, 50, 3), (1, 400), (2000, 3)])
def test_a_picture_fills_whole_cells_and_is_clear_beside_itself(shape: tuple[int, ...]) -> None:
    pixels = RNG.integers(0, 256, shape, dtype=np.uint8)
    painting = placeholders.Placeholders().paint(pixels, Box(40, 20), CELL)
    shown = opened(painting.payload)
    assert shown.shape[1] == painting.columns * CELL.width_px
    assert shown.shape[0] == painting.rows * CELL.height_px
    if shape == (28, 28):
        side = 28 * 12
        assert (shown[:side, :side, 0] == np.kron(pixels, np.ones((12, 12), np.uint8))).all()
        assert (shown[:side, :side, -1] == 255).all() and not shown[side:, :, -1].any()


def test_no_picture_has_more_cells_than_there_are_marks() -> None:
    pixels = RNG.integers(0, 256, (4, 1000), dtype=np.uint8)
    painting = placeholders.Placeholders().paint(pixels, Box(500, 150), CellSize(2, 4))
    assert painting.columns == len(placeholders.MARKS)


def test_the_pixels_go_past_tmux_whole() -> None:
    file = RNG.bytes(10_000)
    sent = placeholders.transmit(7, file, Box(12, 5))
    assert PAST.sub(b"", sent) == b""
    parts = [SEQUENCE.fullmatch(one.replace(b"\x1b\x1b", b"\x1b")) for one in PAST.findall(sent)]
    found = [part for part in parts if part is not None]
    assert len(found) == len(parts) == 4
    assert base64.b64decode(b"".join(part[2] for part in found)) == file
    assert found[0][1] == b"a=T,U=1,q=2,f=100,i=8,c=12,r=5,m=1"
    assert all(b"q=2" in part[1] for part in found)


def test_a_line_says_of_each_cell_which_piece_it_shows() -> None:
    marks = placeholders.MARKS
    number = 3 * 255 + 6
    assert placeholders.identity(number) == 3 << 24 | 7
    cells = "".join(f"\U0010eeee{marks[4]}{marks[at]}{marks[3]}" for at in (2, 3))
    assert placeholders.line(number, 4, 2, 4) == f"\x1b[38;5;7m{cells}"


def test_numbers_stay_apart_and_are_never_nothing() -> None:
    all_of_them = {placeholders.identity(number) for number in range(placeholders.N_NUMBERS)}
    assert len(all_of_them) == placeholders.N_NUMBERS
    assert all(1 <= one & 0xFFFFFF <= 255 for one in all_of_them)
    assert placeholders.identity(placeholders.N_NUMBERS) == placeholders.identity(0) == 1
