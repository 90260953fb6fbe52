"""Corruptions by lines: dotted, zigzag, the image's own edges. Images (n, h, w) in 0..1."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import correlate1d, label

from scanflow_tui.steps.vision.corruptions_tone import Images, Rngs, smoothed

PEN = 2.3
LOW, HIGH = 0.1, 0.2
SMOOTH = np.array([1.0, 2.0, 1.0])
SLOPE = np.array([-1.0, 0.0, 1.0])


def dotted_line(images: Images, rngs: Rngs) -> Images:
    """A straight line from the first column to the last, its columns in pairs, every other off."""
    height, width = images.shape[1:]
    shown = np.arange(width) // 2 % 2 == 0
    lines = []
    for rng in rngs:
        first, last = (int(row) for row in rng.integers(0, height, 2))
        lines.append(pen(np.linspace(first, last, width), height) * shown)
    drawn: Images = images + np.stack(lines)
    return drawn


def zigzag(images: Images, rngs: Rngs) -> Images:
    """A zigzag of step 2 and height 2 about a line from column 2 to 25 that rises by -5..4."""
    height, width = images.shape[1:]
    first, last = 2, width - 3
    corners = np.array([first, *range(first + 2, last, 4), last])
    offsets = np.array([0.0, *(2.0 * (-1) ** k for k in range(len(corners) - 2)), 0.0])
    columns = np.arange(width)
    drawn = (columns >= first) & (columns <= last)
    lines = []
    for rng in rngs:
        start, rise = int(rng.integers(0, height)), int(rng.integers(-5, 5))
        rows = start + rise * (corners - first) / (last - first) + offsets
        lines.append(pen(np.interp(columns, corners, rows), height) * drawn)
    changed: Images = images + np.stack(lines)
    return changed


def pen(rows: npt.NDArray[np.float64], height: int) -> Images:
    """Ink of a line whose row is given at each column: clip(log(1 - d / 2.3) + 1), d vertical."""
    away = np.abs(np.arange(height)[:, None] - rows[None, :])
    ink: Images = np.clip(np.log(1 - np.minimum(away, PEN - 1e-9) / PEN) + 1, 0, 1)
    return ink


def canny_edges(images: Images, rngs: Rngs) -> Images:
    """Canny's edges (Canny 1986): sigma 1, thresholds .1 and .2 on the Sobel magnitude.

    Sobel by single axes: ``scipy.ndimage.sobel`` on a stack also smooths across its images.
    """
    seen = smoothed(images, 1.0, mode="constant")
    # What the blur lost beyond the border is given back, as if the border went on.
    seen = seen / smoothed(np.ones((1, *images.shape[1:])), 1.0, mode="constant")
    across = correlate1d(correlate1d(seen, SLOPE, axis=2), SMOOTH, axis=1)
    down = correlate1d(correlate1d(seen, SLOPE, axis=1), SMOOTH, axis=2)
    size = np.hypot(across, down)
    ridges = thinned(size, across, down) & (size >= LOW)
    return np.stack([linked(*pair) for pair in zip(ridges, size, strict=True)]).astype(float)


def thinned(size: Images, across: Images, down: Images) -> npt.NDArray[np.bool_]:
    """Where the magnitude is no less than on both sides along the gradient, by interpolation."""
    a, d = np.abs(across), np.abs(down)
    steep = d > a
    weight = np.where(steep, a, d) / np.maximum(np.where(steep, d, a), 1e-12)
    same = across * down >= 0
    kept = np.ones(size.shape, dtype=np.bool_)
    for sign in (1, -1):
        straight = np.where(steep, shifted(size, sign, 0), shifted(size, 0, sign))
        # The diagonal neighbour lies where both gradients point.
        down_right = shifted(size, sign, sign)
        other = np.where(steep, shifted(size, sign, -sign), shifted(size, -sign, sign))
        diagonal = np.where(same, down_right, other)
        kept &= size >= weight * diagonal + (1 - weight) * straight
    kept[:, [0, -1], :] = False
    kept[:, :, [0, -1]] = False
    return kept


def shifted(images: Images, down: int, across: int) -> Images:
    """The neighbour so far down and across, at each pixel; the border is dropped by the caller."""
    return np.roll(images, (-down, -across), axis=(1, 2))


def linked(ridge: npt.NDArray[np.bool_], size: Images) -> npt.NDArray[np.bool_]:
    """The ridges that touch a strong pixel, 8-connected (hysteresis)."""
    groups, _ = label(ridge, structure=np.ones((3, 3)))
    strong = np.unique(groups[ridge & (size >= HIGH)])
    found: npt.NDArray[np.bool_] = np.isin(groups, strong[strong > 0])
    return found
