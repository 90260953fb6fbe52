"""Random changes of clean images, whose true labels stay: generic disturbance, and affine maps.

Not the corruption functions of the benchmarks, but written in knowledge of them: inverted bands
resemble ``stripe``, strokes resemble the lines. Draws from torch's global generator, which the
caller seeds. Images are float32 (n, c, h, w) in 0..1.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class Affine:
    """Reach of an affine map: radians, scale bounds, shear, shift in half widths; odds."""

    rotation: float
    scale: tuple[float, float]
    shear: float
    shift: float
    odds: float = 1.0


LIGHT = Affine(rotation=0.15, scale=(0.9, 1.1), shear=0.1, shift=0.08, odds=0.8)
STRONG = Affine(rotation=0.5, scale=(0.75, 1.25), shear=0.4, shift=0.3)
BROAD = Affine(rotation=0.5, scale=(0.7, 1.25), shear=0.4, shift=0.25, odds=0.5)


def affine(images: Tensor, reach: Affine) -> Tensor:
    """Each image under a random affine map of its own, bilinear, zero outside."""
    n = len(images)
    chosen = (torch.rand(n) < reach.odds).float()
    angle = _around(n, reach.rotation) * chosen
    low, high = reach.scale
    scale = 1 + (torch.rand(n) * (high - low) + low - 1) * chosen
    shear = _around(n, reach.shear) * chosen
    maps = torch.zeros(n, 2, 3)
    maps[:, 0, 0] = angle.cos() / scale
    maps[:, 0, 1] = (shear - angle.sin()) / scale
    maps[:, 1, 0] = angle.sin() / scale
    maps[:, 1, 1] = angle.cos() / scale
    maps[:, 0, 2] = _around(n, reach.shift) * chosen
    maps[:, 1, 2] = _around(n, reach.shift) * chosen
    return warp(images, maps)


def warp(images: Tensor, maps: Tensor) -> Tensor:
    """Images under affine maps (n, 2, 3) from output to input, in torch's -1..1 coordinates."""
    grid = functional.affine_grid(maps, list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, align_corners=False)


def generic(images: Tensor) -> Tensor:
    """Each image disturbed at random: veil, contrast, blur, bands, a stroke, noise."""
    images = _blurred(images)
    images = _veiled(images)
    images = _toned(images)
    images = _banded(images)
    images = _stroked(images)
    return _noisy(images)


def _around(n: int, reach: float) -> Tensor:
    return (torch.rand(n) * 2 - 1) * reach


def _odds(images: Tensor, share: float) -> Tensor:
    """1 for a random share of the images, else 0: (n, 1, 1, 1)."""
    return (torch.rand(len(images), 1, 1, 1) < share).float()


def _uniform(images: Tensor, low: float, high: float) -> Tensor:
    return torch.rand(len(images), 1, 1, 1) * (high - low) + low


def _blurred(images: Tensor) -> Tensor:
    """A fifth of the images blurred, or reduced to their edges."""
    smooth = functional.avg_pool2d(images, 3, 1, 1)
    edges = ((images - functional.avg_pool2d(smooth, 3, 1, 1)).abs() * 2).clamp(0, 1)
    changed = torch.where(_uniform(images, 0, 1) < 0.5, smooth, edges)
    return torch.where(_odds(images, 0.2) > 0, changed, images)


def _veiled(images: Tensor) -> Tensor:
    """A cloud of low frequency mixed into two fifths of the images."""
    cells = (2, 4, 7, 14)[int(torch.randint(4, (1,)))]
    cloud = functional.interpolate(
        torch.rand(len(images), 1, cells, cells),
        size=images.shape[-2:],
        mode="bicubic",
        align_corners=False,
    ).clamp(0, 1)
    share = _odds(images, 0.4) * _uniform(images, 0.2, 0.85)
    return images * (1 - share) + share * cloud


def _toned(images: Tensor) -> Tensor:
    """Contrast and brightness of three tenths changed."""
    chosen = _odds(images, 0.3)
    dimmed = images * (1 - chosen * _uniform(images, 0, 0.7))
    return (dimmed + chosen * _uniform(images, 0, 0.7)).clamp(0, 1)


def _banded(images: Tensor) -> Tensor:
    """A band of rows or columns, or all but it, inverted or flat, in a quarter of the images."""
    n, (height, width) = len(images), images.shape[-2:]
    side = max(height, width)
    start = torch.randint(0, max(1, side - 8), (n, 1))
    thick = torch.randint(3, side // 2 + 2, (n, 1))
    at = torch.arange(side)
    line = (at >= start) & (at < start + thick)
    across = line[:, None, :width].expand(n, height, width)
    down = line[:, :height, None].expand(n, height, width)
    band = torch.where(torch.rand(n, 1, 1) < 0.5, across, down)[:, None].float()
    band = torch.where(_uniform(images, 0, 1) < 0.3, 1 - band, band)
    flat = _uniform(images, 0, 1).expand_as(images)
    filled = torch.where(_uniform(images, 0, 1) < 0.7, 1 - images, flat)
    return torch.where(_odds(images, 0.25) * band > 0, filled, images)


def _stroked(images: Tensor) -> Tensor:
    """One straight soft stroke over a quarter of the images."""
    n, (height, width) = len(images), images.shape[-2:]
    row = torch.rand(n)[:, None, None] * height
    slope = _around(n, 1.2)[:, None, None]
    down = torch.arange(float(height))[None, :, None]
    across = torch.arange(float(width))[None, None, :] - width / 2
    away = (down - row - slope * across).abs()
    pen = (1 - away / (1 + 1.2 * torch.rand(n, 1, 1))).clamp(0, 1)[:, None]
    drawn = torch.maximum(images, pen * _uniform(images, 0.5, 1))
    return torch.where(_odds(images, 0.25) > 0, drawn, images)


def _noisy(images: Tensor) -> Tensor:
    """Gaussian noise on two fifths, salt and pepper on two fifths."""
    spread = _odds(images, 0.4) * _uniform(images, 0, 0.35)
    images = (images + spread * torch.randn_like(images)).clamp(0, 1)
    share = _odds(images, 0.4) * _uniform(images, 0, 0.3)
    hit = torch.rand_like(images) < share
    return torch.where(hit, (torch.rand_like(images) < 0.5).float(), images)
