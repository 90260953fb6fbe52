"""The 15 corruptions of MNIST-C (Mu and Gilmer 2019, arXiv 1906.02337), written anew.

One random generator an image, from (seed, corruption, index): a corrupted image does not depend on
the batch it is in. Formulas stand at each function; nothing of a batch leaks between its images.
"""

from __future__ import annotations

from collections.abc import Callable
from zlib import crc32

import numpy as np
import numpy.typing as npt

from scanflow_tui.contract.errors import UsageError
from scanflow_tui.steps.vision import corruptions_lines as lines
from scanflow_tui.steps.vision import corruptions_shape as shape
from scanflow_tui.steps.vision import corruptions_tone as tone
from scanflow_tui.steps.vision.corruptions_tone import Images, Rngs
from scanflow_tui.steps.vision.images import Labels, Pixels

Corruption = Callable[[Images, Rngs], Images]

CORRUPTIONS: dict[str, Corruption] = {
    "shot_noise": tone.shot_noise,
    "impulse_noise": tone.impulse_noise,
    "glass_blur": shape.glass_blur,
    "motion_blur": shape.motion_blur,
    "shear": shape.shear,
    "scale": shape.scale,
    "rotate": shape.rotate,
    "brightness": tone.brightness,
    "translate": shape.translate,
    "stripe": tone.stripe,
    "fog": tone.fog,
    "spatter": tone.spatter,
    "dotted_line": lines.dotted_line,
    "zigzag": lines.zigzag,
    "canny_edges": lines.canny_edges,
}
CHUNK = 8
"""Images corrupted at once: fog needs a map of 256 x 256 for each."""


def corrupt(
    name: str, images: Pixels, *, seed: int, indices: Labels | None = None
) -> npt.NDArray[np.uint8]:
    """Corrupted images, uint8 (n, h, w) as given.

    ``indices`` (n,) name the images (default: their places), so that an image is corrupted alike
    wherever it is drawn. Raises UsageError for an unknown name.
    """
    if name not in CORRUPTIONS:
        raise UsageError(f"no corruption {name!r}", hint=f"there are {', '.join(CORRUPTIONS)}")
    names = np.arange(len(images)) if indices is None else indices
    key = crc32(name.encode())
    changed = np.empty_like(images)
    for start in range(0, len(images), CHUNK):
        part = slice(start, start + CHUNK)
        rngs = [np.random.default_rng((seed, key, int(index))) for index in names[part]]
        result = CORRUPTIONS[name](images[part].astype(np.float64) / 255, rngs)
        changed[part] = np.rint(np.clip(result, 0, 1) * 255).astype(np.uint8)
    return changed
