"""Corruptions that move pixels: blurs and affine maps. Images (n, h, w) in 0..1."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, hypot, radians, sin

import numpy as np
import numpy.typing as npt
from scipy.ndimage import affine_transform

from scanflow_tui.steps.vision.corruptions_tone import Images, Rngs, smoothed

TAPS = 21
SWEEPS = 2
ANGLE = 0.4


def glass_blur(images: Images, rngs: Rngs) -> Images:
    """Blurred by sigma .7, neighbours swapped at random in two sweeps, blurred again."""
    seen = np.rint(smoothed(images, 0.7) * 255)
    n, height, width = seen.shape
    draws = np.stack([rng.random((3, SWEEPS, height, width)) for rng in rngs])
    every = np.arange(n)
    for sweep in range(SWEEPS):
        for row in range(height - 1, 1, -1):
            for column in range(width - 1, 1, -1):
                swap, up, left = draws[:, :, sweep, row, column].T < 0.5
                other = (every, row - (up & swap), column - (left & swap))
                here = seen[:, row, column].copy()
                seen[:, row, column] = seen[other]
                seen[other] = here
    return smoothed(seen / 255, 0.7)


def motion_blur(images: Images, rngs: Rngs) -> Images:
    """A one-sided Gaussian trail (sigma 3, 21 taps) at an angle within 45 degrees."""
    weights = np.exp(-((np.arange(TAPS) / 3) ** 2) / 2)
    weights /= weights.sum()
    height, width = images.shape[1:]
    down, across = np.arange(height)[:, None], np.arange(width)[None, :]
    changed = np.zeros_like(images)
    for place, rng in enumerate(rngs):
        angle = radians(rng.uniform(-45, 45))
        length = hypot(sin(angle), cos(angle))
        for tap, weight in enumerate(weights):
            rows = np.clip(down + round(tap * sin(angle) / length), 0, height - 1)
            columns = np.clip(across + round(tap * cos(angle) / length), 0, width - 1)
            changed[place] += weight * images[place, rows, columns]
    return changed


def shear(images: Images, rngs: Rngs) -> Images:
    """Sheared by .4 rad, sign at random, with the matrix [[1, -sin], [0, cos]] of 2019 in x, y."""
    signs = random_signs(rngs)
    return moved(images, [[[cos(ANGLE), 0.0], [-s * sin(ANGLE), 1.0]] for s in signs])


def scale(images: Images, rngs: Rngs) -> Images:
    """Shrunk to 70 %."""
    return moved(images, [[[1 / 0.7, 0.0], [0.0, 1 / 0.7]]] * len(images))


def rotate(images: Images, rngs: Rngs) -> Images:
    """Turned by .4 rad, sign at random."""
    return moved(
        images,
        [[[cos(ANGLE), s * sin(ANGLE)], [-s * sin(ANGLE), cos(ANGLE)]] for s in random_signs(rngs)],
    )


def translate(images: Images, rngs: Rngs) -> Images:
    """Shifted by 3 pixels in each axis, signs at random, zeros behind."""
    changed = np.zeros_like(images)
    for place, rng in enumerate(rngs):
        vertical, horizontal = (3 * int(sign) for sign in rng.choice((-1, 1), 2))
        target = image_part(images.shape[1], vertical), image_part(images.shape[2], horizontal)
        source = image_part(images.shape[1], -vertical), image_part(images.shape[2], -horizontal)
        changed[place][target] = images[place][source]
    return changed


def moved(images: Images, matrices: Sequence[npt.ArrayLike]) -> Images:
    """Each image under its own map from output to input (row, column) about the centre."""
    centre = (np.array(images.shape[1:]) - 1) / 2
    changed = np.empty_like(images)
    for place, (image, matrix) in enumerate(zip(images, matrices, strict=True)):
        turned = np.asarray(matrix, dtype=np.float64)
        affine_transform(
            image,
            turned,
            offset=centre - turned @ centre,
            order=1,
            mode="grid-constant",
            output=changed[place],
        )
    return changed


def random_signs(rngs: Rngs) -> list[int]:
    """1 or -1 for each image."""
    return [int(rng.choice((-1, 1))) for rng in rngs]


def image_part(side: int, shift: int) -> slice:
    """What remains of an axis in the target of a shift."""
    return slice(max(0, shift), side + min(0, shift))
