"""A corrupted image depends on itself, the seed and its index, never on the batch it is in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanflow_tui.steps.vision.corruptions import CORRUPTIONS, corrupt

CERTAIN = ("brightness", "stripe", "scale", "canny_edges")
"""What has nothing random in it."""


@pytest.mark.parametrize("name", CORRUPTIONS)
@given(seed=st.integers(0, 2**32), pixels=st.integers(0, 2**32), n=st.integers(2, 11))
@settings(max_examples=4, deadline=None)
def test_a_batch_is_corrupted_like_its_single_images(
    name: str, seed: int, pixels: int, n: int
) -> None:
    rng = np.random.default_rng(pixels)
    images = rng.integers(0, 256, (n, 28, 28), dtype=np.uint8)
    images[rng.random(images.shape) < 0.6] = 0
    indices = rng.permutation(1000)[:n]
    whole = corrupt(name, images, seed=seed, indices=indices)
    single = [
        corrupt(name, images[k : k + 1], seed=seed, indices=indices[k : k + 1])[0] for k in range(n)
    ]
    np.testing.assert_array_equal(whole, np.stack(single))


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_neighbours_do_not_leak(name: str) -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (3, 28, 28), dtype=np.uint8)
    others = images.copy()
    others[[0, 2]] = rng.integers(0, 256, (2, 28, 28), dtype=np.uint8)
    first, second = (corrupt(name, each, seed=1)[1] for each in (images, others))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("name", [name for name in CORRUPTIONS if name not in CERTAIN])
@given(seed=st.integers(0, 2**32))
@settings(max_examples=3, deadline=None)
def test_another_index_is_another_draw(name: str, seed: int) -> None:
    image = np.random.default_rng(5).integers(0, 256, (1, 28, 28), dtype=np.uint8)
    drawn = [
        corrupt(name, image, seed=seed, indices=np.array([index])).tobytes() for index in range(12)
    ]
    assert len(set(drawn)) > 1
