"""ASCII shades: brightness as characters, without a colour."""

import numpy as np

from scanflow_tui.images.protocol import Box, CellSize
from scanflow_tui.images.shades import RAMP, Shades

CELL = CellSize()


def text(pixels: np.ndarray, box: Box) -> list[str]:  # type: ignore[type-arg]
    return ["".join(c.char for c in row) for row in Shades().paint(pixels, box, CELL).cells]


def test_black_is_a_space_and_white_the_densest_character() -> None:
    assert text(np.array([[0, 255], [0, 255]], np.uint8), Box(2, 1)) == [" @"]


def test_brightness_rises_along_the_ramp() -> None:
    greys = np.repeat(np.linspace(0, 255, 40).astype(np.uint8)[None, :], 2, axis=0)
    (row,) = text(greys, Box(40, 1))
    assert [RAMP.index(char) for char in row] == sorted(RAMP.index(char) for char in row)
    assert set(row) == set(RAMP)


def test_only_ascii_and_no_colour() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (9, 9, 3)).astype(np.uint8)
    painting = Shades().paint(pixels, Box(9, 5), CELL)
    assert all(cell.char.isascii() and cell.fg is None for row in painting.cells for cell in row)
    assert (painting.columns, painting.rows) == (9, 5)
