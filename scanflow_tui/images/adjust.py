"""Zoom, contrast and inversion of what is shown. Pure: they change the picture, never the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from scanflow_tui.images.protocol import Pixels

Contrast = Literal["plain", "stretched", "equalised"]
CONTRASTS: tuple[Contrast, ...] = ("plain", "stretched", "equalised")
ZOOMS: tuple[float, ...] = (1.0, 1.5, 2.0, 3.0, 4.0)


@dataclass(frozen=True, slots=True)
class Adjustment:
    """How pictures are looked at. ``zoom`` is an index into ``ZOOMS``."""

    zoom: int = 0
    contrast: Contrast = "plain"
    inverted: bool = False

    def zoomed(self, steps: int) -> Adjustment:
        """Nearer (positive) or further; stops at both ends."""
        zoom = max(0, min(len(ZOOMS) - 1, self.zoom + steps))
        return Adjustment(zoom, self.contrast, self.inverted)

    def next_contrast(self) -> Adjustment:
        """The next way to treat contrast; after the last the first."""
        at = (CONTRASTS.index(self.contrast) + 1) % len(CONTRASTS)
        return Adjustment(self.zoom, CONTRASTS[at], self.inverted)

    def flipped(self) -> Adjustment:
        """Dark for light, or back."""
        return Adjustment(self.zoom, self.contrast, not self.inverted)

    def words(self) -> str:
        """What differs from the plain picture, for the screen and the record; empty if nothing."""
        parts = []
        if self.zoom:
            parts.append(f"zoom {ZOOMS[self.zoom]:g}")
        if self.contrast != "plain":
            parts.append(self.contrast)
        if self.inverted:
            parts.append("inverted")
        return " · ".join(parts)


def adjusted(pixels: Pixels, adjustment: Adjustment) -> Pixels:
    """The picture as it is looked at: the middle part, its contrast treated, perhaps inverted."""
    picture = middle(pixels, ZOOMS[adjustment.zoom])
    if adjustment.contrast == "stretched":
        picture = stretched(picture)
    elif adjustment.contrast == "equalised":
        picture = equalised(picture)
    return 255 - picture if adjustment.inverted else picture


def middle(pixels: Pixels, factor: float) -> Pixels:
    """The middle 1/``factor`` of each side, at least one pixel."""
    height, width = pixels.shape[:2]
    rows = max(1, round(height / factor))
    columns = max(1, round(width / factor))
    top, left = (height - rows) // 2, (width - columns) // 2
    return pixels[top : top + rows, left : left + columns]


def stretched(pixels: Pixels) -> Pixels:
    """Brightness spread so that the 1st and 99th percentile become black and white."""
    import numpy as np  # here: screens import this module for Adjustment, before the first paint

    low, high = np.percentile(pixels, [1, 99])
    if high <= low:
        low, high = float(pixels.min()), float(pixels.max())
    if high <= low:
        return pixels
    spread = (pixels.astype(np.float64) - low) * (255 / (high - low))
    picture: Pixels = np.clip(np.rint(spread), 0, 255).astype(np.uint8)
    return picture


def equalised(pixels: Pixels) -> Pixels:
    """Brightness by rank: every value moved to the share of pixels below it."""
    import numpy as np  # as above

    counts = np.bincount(pixels.ravel(), minlength=256)
    below = np.cumsum(counts)
    first = int(below[int(pixels.min())])
    if first == pixels.size:
        return pixels
    table = np.clip((below - first) * 255 / (pixels.size - first), 0, 255)
    picture: Pixels = np.rint(table).astype(np.uint8)[pixels]
    return picture
