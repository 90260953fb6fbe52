"""Half-blocks and scaling: every pixel where it belongs, whatever the box."""

import numpy as np
import pytest

from scanflow_tui.images.half import UPPER, HalfBlocks, pixels_of
from scanflow_tui.images.protocol import Box, Cell, CellSize
from scanflow_tui.images.scaling import fitted, nearest

CELL = CellSize()


def test_a_digit_of_28_pixels_takes_28_columns_and_14_rows() -> None:
    painting = HalfBlocks().paint(np.zeros((28, 28), np.uint8), Box(28, 14), CELL)
    assert (painting.columns, painting.rows) == (28, 14)
    assert HalfBlocks().cells_for(28, 28, 2, CELL) == Box(56, 28)


def test_the_upper_pixel_is_foreground_and_the_lower_background() -> None:
    pixels = np.array([[10], [200]], np.uint8)
    painting = HalfBlocks().paint(pixels, Box(1, 1), CELL)
    assert painting.cells == ((Cell(UPPER, (10, 10, 10), (200, 200, 200)),),)


def test_below_an_odd_last_row_the_terminal_shows_its_own_colour() -> None:
    painting = HalfBlocks().paint(np.full((3, 2), 9, np.uint8), Box(2, 2), CELL)
    assert [cell.bg for cell in painting.cells[1]] == [None, None]


def test_enlarging_repeats_every_pixel_a_whole_number_of_times() -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20
    painting = HalfBlocks().paint(pixels, Box(11, 40), CELL)
    shown = pixels_of(painting)[:, :, 0]
    assert np.array_equal(shown, np.repeat(np.repeat(pixels, 2, axis=0), 2, axis=1))


def test_colours_stay_as_they_are() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (6, 5, 3)).astype(np.uint8)
    painting = HalfBlocks().paint(pixels, Box(5, 3), CELL)
    assert np.array_equal(pixels_of(painting), pixels)


@pytest.mark.parametrize("shape", [(1, 5000), (5000, 1), (1, 1), (700, 20)])
def test_any_shape_fits_its_box(shape: tuple[int, int]) -> None:
    painting = HalfBlocks().paint(np.zeros(shape, np.uint8), Box(28, 14), CELL)
    assert 1 <= painting.columns <= 28
    assert 1 <= painting.rows <= 14


def test_no_room_is_an_empty_painting() -> None:
    assert HalfBlocks().paint(np.zeros((4, 4), np.uint8), Box(0, 5), CELL).cells == ()


def test_fitted_keeps_proportion_when_smaller_and_is_whole_when_larger() -> None:
    assert fitted(224, 112, width_max=56, height_max=56) == (56, 28)
    assert fitted(28, 28, width_max=80, height_max=60) == (56, 56)


def test_nearest_takes_the_pixel_under_each_centre() -> None:
    row = np.arange(6, dtype=np.uint8)[None, :]
    assert nearest(row, 3, 1).tolist() == [[1, 3, 5]]
    assert nearest(row, 2, 1).tolist() == [[1, 4]]
