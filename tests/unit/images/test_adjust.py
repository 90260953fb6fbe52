"""Zoom, contrast and inversion."""

import numpy as np

from scanflow_tui.images.adjust import ZOOMS, Adjustment, adjusted, equalised, middle, stretched


def test_plain_changes_nothing() -> None:
    pixels = np.arange(16, dtype=np.uint8).reshape(4, 4)
    assert np.array_equal(adjusted(pixels, Adjustment()), pixels)


def test_zoom_shows_the_middle_and_stops_at_both_ends() -> None:
    pixels = np.arange(64, dtype=np.uint8).reshape(8, 8)
    assert middle(pixels, 2).tolist() == pixels[2:6, 2:6].tolist()
    assert Adjustment().zoomed(-1) == Adjustment()
    assert Adjustment().zoomed(99).zoom == len(ZOOMS) - 1


def test_a_picture_of_one_pixel_can_be_zoomed() -> None:
    assert middle(np.zeros((1, 1), np.uint8), 4).shape == (1, 1)


def test_stretching_reaches_black_and_white() -> None:
    pixels = np.linspace(100, 120, 400).astype(np.uint8).reshape(20, 20)
    spread = stretched(pixels)
    assert (spread.min(), spread.max()) == (0, 255)


def test_a_flat_picture_stays_flat() -> None:
    flat = np.full((5, 5), 77, np.uint8)
    assert np.array_equal(stretched(flat), flat)
    assert np.array_equal(equalised(flat), flat)


def test_equalising_keeps_the_order_of_brightness() -> None:
    pixels = np.random.default_rng(0).integers(40, 60, (12, 12)).astype(np.uint8)
    before, after = pixels.ravel(), equalised(pixels).ravel()
    order = np.argsort(before, kind="stable")
    assert (np.diff(after[order].astype(int)) >= 0).all()
    assert after.max() == 255


def test_inverting_twice_is_the_picture_again() -> None:
    pixels = np.arange(9, dtype=np.uint8).reshape(3, 3)
    once = adjusted(pixels, Adjustment(inverted=True))
    assert np.array_equal(255 - once, pixels)


def test_what_differs_is_said_in_words() -> None:
    look = Adjustment().zoomed(1).next_contrast().flipped()
    assert look.words() == "zoom 1.5 · stretched · inverted"
    assert look.next_contrast().next_contrast().contrast == "plain"
