"""The 15 corruptions by value; that batches do not leak is in tests/property."""

from __future__ import annotations

import numpy as np
import pytest

from scanflow_tui.contract.errors import UsageError
from scanflow_tui.steps.vision import corruptions_lines, corruptions_shape, corruptions_tone
from scanflow_tui.steps.vision.corruptions import CORRUPTIONS, corrupt
from tests.unit.steps.conftest import made_up

IMAGES = made_up(20, seed=4).images


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corruption_changes_pixels_and_keeps_shape(name: str) -> None:
    changed = corrupt(name, IMAGES, seed=0)
    assert changed.shape == IMAGES.shape
    assert changed.dtype == np.uint8
    assert (changed != IMAGES).any(axis=(1, 2)).all()


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corruption_leaves_what_it_was_given(name: str) -> None:
    before = IMAGES.copy()
    corrupt(name, IMAGES, seed=0)
    np.testing.assert_array_equal(IMAGES, before)


def test_an_unknown_corruption_names_those_there_are() -> None:
    with pytest.raises(UsageError, match="stripe"):
        corrupt("stripes", IMAGES, seed=0)


def test_stripe_inverts_the_outer_quarters_alone() -> None:
    changed = corrupt("stripe", IMAGES, seed=0)
    np.testing.assert_array_equal(changed[:, :, 7:21], IMAGES[:, :, 7:21])
    for side in (slice(0, 7), slice(21, 28)):
        np.testing.assert_array_equal(changed[:, :, side], 255 - IMAGES[:, :, side])


def test_impulse_noise_hits_seventeen_percent_with_even_odds() -> None:
    grey = np.full((200, 28, 28), 100, np.uint8)
    changed = corrupt("impulse_noise", grey, seed=0)
    assert (changed != 100).mean() == pytest.approx(0.17, abs=0.01)
    assert (changed == 255).sum() / (changed != 100).sum() == pytest.approx(0.5, abs=0.02)


def test_brightness_adds_half_of_the_range() -> None:
    changed = corrupt("brightness", np.array([[[0, 100, 200]]], np.uint8), seed=0)
    assert changed[0, 0].tolist() == pytest.approx([127.5, 227.5, 255], abs=0.6)


def test_translate_moves_three_pixels_each_way() -> None:
    point = np.zeros((40, 28, 28), np.uint8)
    point[:, 14, 10] = 255
    found = {tuple(np.argwhere(image)[0]) for image in corrupt("translate", point, seed=0)}
    assert found == {(11, 7), (11, 13), (17, 7), (17, 13)}


def test_rotate_turns_by_two_fifths_of_a_radian() -> None:
    bar = np.zeros((30, 28, 28), np.uint8)
    bar[:, 4:24, 13:15] = 255
    angles = set()
    for image in corrupt("rotate", bar, seed=0):
        rows, columns = np.nonzero(image > 64)
        slope = np.polyfit(rows, columns, 1)[0]
        angles.add(round(float(np.arctan(slope)), 1))
    assert angles == {-0.4, 0.4}


def test_scale_shrinks_to_seven_tenths() -> None:
    full = np.full((1, 28, 28), 255, np.uint8)
    side = np.sqrt(corrupt("scale", full, seed=0).sum() / 255)
    assert side == pytest.approx(0.7 * 28, abs=0.8)


def test_clouds_fill_the_whole_range_and_are_smooth() -> None:
    noise = np.random.default_rng(0).uniform(-1, 1, (2, 256, 256))
    cloud = corruptions_tone.clouds(noise)
    assert cloud.min(axis=(1, 2)).tolist() == [0, 0]
    assert cloud.max(axis=(1, 2)).tolist() == [1, 1]
    assert np.abs(np.diff(cloud, axis=1)).mean() < 0.02


def test_every_point_of_a_cloud_is_filled() -> None:
    noise = np.full((1, 256, 256), 0.5)
    noise[0, 128, 128] = -0.5
    cloud = corruptions_tone.clouds(noise)
    assert np.unique(cloud).size > 100


def test_fog_is_scaled_back_by_the_images_maximum() -> None:
    black = np.zeros((1, 28, 28), np.uint8)
    assert corrupt("fog", black, seed=0).max() == 0


def test_a_motion_trail_keeps_the_brightness() -> None:
    point = np.zeros((10, 28, 28))
    point[:, 14, 14] = 1
    rngs = [np.random.default_rng(k) for k in range(10)]
    trail = corruptions_shape.motion_blur(point, rngs)
    np.testing.assert_allclose(trail.sum(axis=(1, 2)), 1, atol=0.01)


def test_glass_blur_moves_no_brightness_out_of_the_image() -> None:
    point = np.zeros((5, 28, 28), np.uint8)
    point[:, 10:18, 10:18] = 200
    changed = corrupt("glass_blur", point, seed=0)
    np.testing.assert_allclose(changed.sum(axis=(1, 2)), 64 * 200, rtol=0.02)


def test_the_pen_is_darkest_on_its_line() -> None:
    ink = corruptions_lines.pen(np.full(28, 10.0), 28)
    assert ink[10].tolist() == [1.0] * 28
    assert (ink[13:] == 0).all()
    assert (np.diff(ink[10:14, 0]) <= 0).all()


def test_a_dotted_line_has_gaps_of_two_columns() -> None:
    black = np.zeros((1, 28, 28), np.uint8)
    shown = corrupt("dotted_line", black, seed=0)[0].max(axis=0) > 0
    assert shown.tolist() == [k // 2 % 2 == 0 for k in range(28)]


def test_canny_finds_the_border_of_a_square() -> None:
    square = np.zeros((1, 28, 28), np.uint8)
    square[:, 8:20, 8:20] = 255
    edges = corrupt("canny_edges", square, seed=0)[0] > 0
    assert edges.any()
    assert not edges[11:17, 11:17].any()
    assert not edges[:6].any()
    assert edges[14].sum() in (2, 4)


def test_canny_drops_weak_edges_that_touch_no_strong_one() -> None:
    ridge = np.zeros((28, 28), np.bool_)
    ridge[5, 5:9], ridge[20, 5:9] = True, True
    size = np.full((28, 28), 0.15)
    size[5, 8] = 0.3
    linked = corruptions_lines.linked(ridge, size)
    assert linked[5, 5:9].all()
    assert not linked[20].any()
