"""Corruptions of grey values: noise, brightness, stripe, fog, spatter. Images (n, h, w) in 0..1."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d

Images = npt.NDArray[np.float64]
Rngs = Sequence[np.random.Generator]

FOG_SIDE = 256
FOG_DECAY = 1.4
FOG_WEIGHT = 3.0


def shot_noise(images: Images, rngs: Rngs) -> Images:
    """Poisson counts of 3 photons at full brightness."""
    drawn = [rng.poisson(3 * image) for image, rng in zip(images, rngs, strict=True)]
    return np.stack(drawn) / 3


def impulse_noise(images: Images, rngs: Rngs) -> Images:
    """Each pixel becomes 0 or 1, with even odds, with probability .17."""
    drawn = np.stack([rng.random((2, *images.shape[1:])) for rng in rngs])
    changed: Images = np.where(drawn[:, 0] < 0.17, (drawn[:, 1] < 0.5).astype(float), images)
    return changed


def brightness(images: Images, rngs: Rngs) -> Images:
    """Half of the range added."""
    return images + 0.5


def stripe(images: Images, rngs: Rngs) -> Images:
    """The left and the right quarter of the columns inverted."""
    width = images.shape[2] // 4
    changed = images.copy()
    for side in (slice(None, width), slice(-width, None)):
        changed[:, :, side] = 1 - images[:, :, side]
    return changed


def fog(images: Images, rngs: Rngs) -> Images:
    """A cloud three times as strong as the image, scaled back by the image's own maximum."""
    noise = np.stack([rng.uniform(-1, 1, (FOG_SIDE, FOG_SIDE)) for rng in rngs])
    height, width = images.shape[1:]
    cloud = clouds(noise)[:, :height, :width]
    top = images.max(axis=(1, 2), keepdims=True)
    changed: Images = (images + FOG_WEIGHT * cloud) * top / (top + FOG_WEIGHT)
    return changed


def spatter(images: Images, rngs: Rngs) -> Images:
    """Grey drops where smoothed noise of mean .65 is high."""
    noise = np.stack([rng.normal(0.65, 0.3, images.shape[1:]) for rng in rngs])
    mask = (smoothed(noise, 1.0) > 0.65).astype(np.float64)
    mask = smoothed(mask, 1.5)
    mask[mask < 0.8] = 0
    return images * (1 - mask) + 63 / 255 * mask


def clouds(noise: Images) -> Images:
    """Diamond-square clouds in 0..1 over the whole map, from noise in -1..1 (n, side, side).

    Fournier, Fussell, Carpenter 1982, on a torus. The amplitude of a level enters squared, so the
    effective decay is 1.96; side 256 whatever the image, or it would be another corruption.
    """
    cloud = np.zeros_like(noise)
    step, amplitude = noise.shape[1], 100.0
    while step >= 2:
        half = step // 2
        corner = cloud[:, ::step, ::step]
        beside = corner + np.roll(corner, -1, axis=1)
        centre = (slice(None), slice(half, None, step), slice(half, None, step))
        mean = (beside + np.roll(beside, -1, axis=2)) / 4
        cloud[centre] = mean + amplitude**2 * noise[centre]
        across = (slice(None), slice(None, None, step), slice(half, None, step))
        down = (slice(None), slice(half, None, step), slice(None, None, step))
        middle = cloud[centre]
        above = middle + np.roll(middle, 1, axis=1) + corner + np.roll(corner, -1, axis=2)
        aside = middle + np.roll(middle, 1, axis=2) + corner + np.roll(corner, -1, axis=1)
        cloud[across] = above / 4 + amplitude**2 * noise[across]
        cloud[down] = aside / 4 + amplitude**2 * noise[down]
        step, amplitude = half, amplitude / FOG_DECAY
    cloud -= cloud.min(axis=(1, 2), keepdims=True)
    scaled: Images = cloud / cloud.max(axis=(1, 2), keepdims=True)
    return scaled


def smoothed(images: Images, sigma: float, mode: str = "nearest") -> Images:
    """Each image blurred by a Gaussian, never across images."""
    rows = gaussian_filter1d(images, sigma, axis=1, mode=mode)
    blurred: Images = gaussian_filter1d(rows, sigma, axis=2, mode=mode)
    return blurred
