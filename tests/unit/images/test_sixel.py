"""Sixel: what is written decodes to what was given, whatever the picture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from scanflow_tui.images.protocol import Box, CellSize
from scanflow_tui.images.scaling import coloured
from scanflow_tui.images.sixel import SMALL_SIDE_MAX, Sixel, encode, run
from tests.unit.images.sixel_decoder import decode

RNG = np.random.default_rng(5)


def error(shown: np.ndarray, source: np.ndarray, scale: int) -> int:
    """The largest difference of a channel; every pixel has to be there."""
    wanted = coloured(np.repeat(np.repeat(source, scale, axis=0), scale, axis=1))
    assert shown.shape[:2] == wanted.shape[:2]
    assert (shown[..., 3] == 255).all()
    return int(np.abs(shown[..., :3].astype(int) - wanted).max())


def smooth(side: int) -> np.ndarray:
    """An RGB picture with many more than 256 colours, (side, side, 3)."""
    y, x = np.mgrid[0:side, 0:side] / side
    noise = RNG.random((side, side)) * 0.2
    return (np.stack((x, y, (x * y + noise) / 1.2), axis=2) * 255).astype(np.uint8)


greys = st.tuples(st.integers(1, 20), st.integers(1, 20)).flatmap(
    lambda shape: arrays.arrays(np.uint8, shape)
)
few = st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(
    lambda shape: arrays.arrays(np.uint8, (*shape, 3))
)


@given(greys, st.integers(1, 13))
@settings(max_examples=60)
def test_a_grey_picture_of_any_size_and_scale(pixels: np.ndarray, scale: int) -> None:
    assert error(decode(encode(pixels, scale)), pixels, scale) <= 1


@given(few, st.integers(1, 8))
@settings(max_examples=40)
def test_a_picture_of_few_colours(pixels: np.ndarray, scale: int) -> None:
    assert error(decode(encode(pixels, scale)), pixels, scale) <= 1


@pytest.mark.parametrize("shape", [(100, 70), (66, 1), (1, 200), (7, 65)])
@pytest.mark.parametrize("scale", [1, 2])
def test_a_larger_picture_is_as_exact(shape: tuple[int, int], scale: int) -> None:
    pixels = RNG.integers(0, 256, shape, dtype=np.uint8)
    assert max(shape) > SMALL_SIDE_MAX
    assert error(decode(encode(pixels, scale)), pixels, scale) <= 1


@pytest.mark.parametrize("colours", [256, 64])
def test_a_photograph_is_nearer_than_an_octree_and_has_no_more_colours(colours: int) -> None:
    pixels = smooth(96)
    octree = Image.fromarray(pixels).quantize(
        colours, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
    )
    shown = decode(encode(pixels, 1, colours))
    assert (shown[..., 3] == 255).all()
    ours = shown[..., :3].astype(int) - pixels
    theirs = np.asarray(octree.convert("RGB"), int) - pixels
    assert np.square(ours).mean() < np.square(theirs).mean()
    assert len(np.unique(shown.reshape(-1, 4), axis=0)) <= colours


@given(st.integers(1, 90), st.integers(1, 90), st.integers(2, 256), st.integers(1, 3))
@settings(max_examples=40, deadline=None)
def test_a_picture_of_many_colours_is_whole(
    height: int, width: int, colours: int, scale: int
) -> None:
    pixels = np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)
    shown = decode(encode(pixels, scale, colours))
    assert shown.shape[:2] == (height * scale, width * scale)
    assert (shown[..., 3] == 255).all()


def test_all_registers_are_defined_before_one_is_selected() -> None:
    data = encode(RNG.integers(0, 256, (28, 28), dtype=np.uint8), 4)
    body = data.split(b"q", 1)[1]
    first_use = body.index(b"#0!")
    assert b";2;" not in body[first_use:]


def test_a_flat_picture_is_one_run_a_band() -> None:
    data = encode(np.full((28, 28), 255, np.uint8), 6)
    assert data.count(b"!168~") == 28
    assert len(data) < 300


@pytest.mark.parametrize(("length", "said"), [(1, "~"), (3, "~~~"), (4, "!4~"), (224, "!224~")])
def test_a_run_is_said_as_shortly_as_it_can_be(length: int, said: str) -> None:
    assert run(length, 63) == said


def test_a_painting_takes_whole_cells_and_stays_in_its_box() -> None:
    pixels = RNG.integers(0, 256, (28, 28), dtype=np.uint8)
    painting = Sixel().paint(pixels, Box(14, 7), CellSize(10, 20))
    assert (painting.columns, painting.rows) == (14, 7)
    shown = decode(painting.payload)
    assert shown.shape[:2] == (140, 140)
    assert error(shown, pixels, 5) <= 1


def test_what_is_larger_than_its_box_is_made_smaller() -> None:
    painting = Sixel().paint(smooth(300), Box(10, 10), CellSize(10, 20))
    assert decode(painting.payload).shape[:2] == (100, 100)
    assert (painting.columns, painting.rows) == (10, 5)


def test_a_box_without_cells_gives_nothing() -> None:
    assert Sixel().paint(smooth(8), Box(0, 4), CellSize()).payload == b""


def test_the_cells_of_an_enlarged_picture() -> None:
    assert Sixel().cells_for(28, 28, 8, CellSize(10, 20)) == Box(23, 12)
