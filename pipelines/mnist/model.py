"""The network of this pipeline: yours to change. ScanFlow's steps need ``build``.

``build(classes, shape)`` gives a module with ``features(images)`` (the penultimate features),
``head`` (features to logits) and ``forward(images) = head(features(images))``. Images are float32
(n, c, h, w) in 0..1. Batch norm is what the checker and the no-label baseline read.
"""

from __future__ import annotations

import torch
from torch import nn


def _block(inputs: int, outputs: int, kernel: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


class Digits(nn.Module):
    """A small convolutional network: 28 x 28 grey images to class logits, about 110,000 weights."""

    def __init__(self, classes: int, shape: tuple[int, int, int], width: int = 16, d: int = 64):
        super().__init__()
        channels, height, breadth = shape
        cells = 2 * width * (height // 4) * (breadth // 4)
        self.body = nn.Sequential(
            _block(channels, width, kernel=5, stride=2),
            _block(width, 2 * width, kernel=3, stride=1),
            nn.MaxPool2d(2),
            _block(2 * width, 2 * width, kernel=3, stride=1),
            nn.Flatten(),
            nn.Dropout(0.2),
            nn.Linear(cells, d, bias=False),
            nn.BatchNorm1d(d),
            nn.ReLU(),
        )
        self.head = nn.Linear(d, classes)

    def features(self, images: torch.Tensor) -> torch.Tensor:
        return self.body(images)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.features(images))


def build(classes: int, shape: tuple[int, int, int]) -> nn.Module:
    """A fresh network for ``classes`` classes and images of ``shape`` (channels, height, width)."""
    return Digits(classes, shape)
