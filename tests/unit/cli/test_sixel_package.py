"""Our decoder and our encoder against the package ``sixel``, which none of ours was made from."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from scanflow_tui.cli import sixel_package
from scanflow_tui.cli.sixel_package import printed, why_not
from scanflow_tui.images.scaling import coloured
from scanflow_tui.images.sixel import encode
from tests.unit.images.sixel_decoder import decode

PACKAGE_ERROR_MAX = 3
"""Of 255: it cuts percents off where others round."""

pictures = st.tuples(st.integers(1, 20), st.integers(1, 20), st.booleans()).flatmap(
    lambda drawn: arrays.arrays(np.uint8, drawn[:2] if drawn[2] else (*drawn[:2], 3))
)


def whole(data: bytes) -> np.ndarray:
    """The RGB pixels of a picture of which nothing is missing."""
    shown = decode(data)
    assert (shown[..., 3] == 255).all()
    return shown[..., :3].astype(int)


@given(pictures.filter(lambda pixels: pixels.shape[0] * pixels.shape[1] <= 255))
@settings(max_examples=60, deadline=None)
def test_the_package_s_sixel_is_the_picture(pixels: np.ndarray) -> None:
    shown = whole(printed(pixels))
    assert shown.shape[:2] == pixels.shape[:2]
    assert np.abs(shown - coloured(pixels)).max() <= PACKAGE_ERROR_MAX


@given(pictures, st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_our_sixel_shows_what_the_package_s_shows(pixels: np.ndarray, scale: int) -> None:
    few = pixels & 0xC0  # 64 colours at most
    large = np.repeat(np.repeat(few, scale, axis=0), scale, axis=1)
    ours, theirs = whole(encode(few, scale)), whole(printed(large))
    assert np.abs(ours - theirs).max() <= PACKAGE_ERROR_MAX


@pytest.mark.parametrize("value", [0, 255])
def test_a_flat_picture_is_not_left_out(value: int) -> None:
    assert (np.abs(whole(printed(np.full((28, 28), value, np.uint8))) - value) <= 3).all()


def test_a_photograph_is_whole_and_reduced_to_what_the_package_can() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    octree = Image.fromarray(noise).quantize(
        255, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
    )
    shown = whole(printed(noise))
    assert np.abs(shown - np.asarray(octree.convert("RGB"), int)).max() <= PACKAGE_ERROR_MAX


def test_where_it_is_not_installed_a_sentence_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert why_not() is None
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    said = why_not()
    assert said is not None
    assert "pip install 'scanflow-tui[images]'" in said.sentence()


def test_nothing_of_the_package_is_loaded_with_its_door() -> None:
    assert not hasattr(sixel_package, "SixelConverter")
