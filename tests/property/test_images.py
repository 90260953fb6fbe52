"""Mutated image files, any pixels in any box: never an exception, never outside the box."""

import io

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from scanflow_tui.images.adjust import CONTRASTS, Adjustment, adjusted
from scanflow_tui.images.half import HalfBlocks, pixels_of
from scanflow_tui.images.opening import SHOWN_SIDE_MAX, Opened, Unreadable, open_image
from scanflow_tui.images.protocol import Box, CellSize
from scanflow_tui.images.scaling import nearest
from scanflow_tui.images.shades import Shades


def _files() -> list[bytes]:
    noise = np.random.default_rng(0).integers(0, 256, (12, 17, 3)).astype(np.uint8)
    found = []
    for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"):
        for mode in ("L", "RGB", "P", "1"):
            image = Image.fromarray(noise).convert(mode)
            stream = io.BytesIO()
            try:
                image.save(stream, kind)
            except OSError:
                continue
            found.append(stream.getvalue())
    return found


FILES = _files()
CUTS = st.tuples(st.integers(0, 4000), st.integers(0, 255))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(FILES), st.lists(CUTS, max_size=6), st.integers(0, 2000))
def test_a_mutated_file_is_pixels_or_a_sentence(
    data: bytes, cuts: list[tuple[int, int]], keep: int
) -> None:
    damaged = bytearray(data[: keep or None])
    for at, byte in cuts:
        if damaged:
            damaged[at % len(damaged)] = byte
    found = open_image(bytes(damaged))
    if isinstance(found, Opened):
        assert found.pixels.dtype == np.uint8
        assert max(found.pixels.shape[:2]) <= SHOWN_SIDE_MAX
    else:
        assert isinstance(found, Unreadable)
        assert found.reason


@st.composite
def pictures(draw: st.DrawFn) -> np.ndarray:  # type: ignore[type-arg]
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    shape = (height, width, 3) if draw(st.booleans()) else (height, width)
    seed = draw(st.integers(0, 10_000))
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


@settings(max_examples=150, deadline=None)
@given(pictures(), st.integers(0, 60), st.integers(0, 40))
def test_every_encoder_stays_in_its_box(
    pixels: np.ndarray,  # type: ignore[type-arg]
    columns: int,
    rows: int,
) -> None:
    for encoder in (HalfBlocks(), Shades()):
        painting = encoder.paint(pixels, Box(columns, rows), CellSize())
        assert painting.columns <= columns
        assert painting.rows <= rows
        assert all(len(row) == painting.columns for row in painting.cells)


@settings(max_examples=100, deadline=None)
@given(pictures(), st.integers(1, 3))
def test_half_blocks_show_exactly_the_enlarged_pixels(
    pixels: np.ndarray,  # type: ignore[type-arg]
    scale: int,
) -> None:
    height, width = pixels.shape[:2]
    box = HalfBlocks().cells_for(width, height, scale, CellSize())
    shown = pixels_of(HalfBlocks().paint(pixels, box, CellSize()))
    wanted = nearest(pixels, width * scale, height * scale)
    if wanted.ndim == 2:
        wanted = np.repeat(wanted[:, :, None], 3, axis=2)
    assert np.array_equal(shown, wanted)


@settings(max_examples=100, deadline=None)
@given(pictures(), st.integers(0, 4), st.sampled_from(CONTRASTS), st.booleans())
def test_looking_differently_never_changes_the_data(
    pixels: np.ndarray,  # type: ignore[type-arg]
    zoom: int,
    contrast: str,
    inverted: bool,
) -> None:
    before = pixels.copy()
    shown = adjusted(pixels, Adjustment(zoom, contrast, inverted))  # type: ignore[arg-type]
    assert shown.dtype == np.uint8
    assert np.array_equal(pixels, before)
