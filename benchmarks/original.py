"""The original's public rules, rebuilt from their description: its verdict, and its retraining.

Verdict: a convolutional autoencoder; error min-max scaled by the batch that is judged; "anomalous"
outside the 5 % and 95 % quantiles of the training scores, on both sides; if fewer than 40 % of the
batch are, outside 15 % and 85 %; a share of .1 or more retrains. Retraining: an MLP from scratch on
1,000 training images and the labelled ones, a fifth of these kept for validation, 7 epochs.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from scanflow_tui.steps.vision.datasets import Labelled
from scanflow_tui.steps.vision.images import Pixels
from scanflow_tui.steps.vision.nets import as_tensor

QUANTILES, MOVED = (0.05, 0.95), (0.15, 0.85)
SHARE_WANTED, SHARE_RETRAIN = 0.40, 0.10


class Autoencoder(nn.Module):
    """Convolutions 16-8-8, 128 numbers in between, 8-8-16-1."""

    def __init__(self) -> None:
        super().__init__()
        pool, up = nn.MaxPool2d(2, ceil_mode=True), nn.Upsample(scale_factor=2)
        self.encode = nn.Sequential(
            *(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), pool),
            *(nn.Conv2d(16, 8, 3, padding=1), nn.ReLU(), pool),
            *(nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(), pool),
        )
        self.decode = nn.Sequential(
            *(nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(), up),
            *(nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(), up),
            *(nn.Conv2d(8, 16, 3), nn.ReLU(), up),
            *(nn.Conv2d(16, 1, 3, padding=1), nn.Sigmoid()),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.decode(self.encode(images))


def errors(model: nn.Module, images: Pixels) -> np.ndarray:
    """Reconstruction error (L2) of each image."""
    with torch.no_grad():
        seen = as_tensor(images)
        return (model(seen) - seen).flatten(1).norm(dim=1).numpy()


def autoencoder(images: Pixels, *, trained: bool, seed: int) -> nn.Module:
    """As published (Adadelta at its default rate, one epoch), or trained (Adam, 10 epochs)."""
    torch.manual_seed(seed)
    model = Autoencoder()
    rule = (
        torch.optim.Adam(model.parameters(), lr=1e-3)
        if trained
        else torch.optim.Adadelta(model.parameters(), lr=1e-3, rho=0.95, eps=1e-7)
    )
    seen = as_tensor(images)
    for _ in range(10 if trained else 1):
        for part in torch.randperm(len(seen)).split(32):
            loss = functional.mse_loss(model(seen[part]), seen[part])
            rule.zero_grad()
            loss.backward()
            rule.step()
    return model.eval()


def share_anomalous(training: np.ndarray, batch: np.ndarray) -> float:
    """The share its rule calls anomalous, from errors of training images and of the batch."""
    reference, judged = scaled(training), scaled(batch)
    share = outside(judged, np.quantile(reference, QUANTILES))
    if share < SHARE_WANTED:
        share = outside(judged, np.quantile(reference, MOVED))
    return share


def scaled(values: np.ndarray) -> np.ndarray:
    """Min-max scaled by the values themselves."""
    return (values - values.min()) / (values.max() - values.min())


def outside(values: np.ndarray, bounds: np.ndarray) -> float:
    return float(((values < bounds[0]) | (values > bounds[1])).mean())


def clean_alarms(train: Labelled, rest: Pixels, *, trained: bool, seed: int, n: int = 100) -> int:
    """How many of n random clean batches of 300 its rule would retrain on."""
    rng = np.random.default_rng(seed)
    chosen = train.images[rng.permutation(len(train))[:1000]]
    model = autoencoder(chosen, trained=trained, seed=seed)
    reference, pool = errors(model, chosen), errors(model, rest)
    batches = (pool[rng.permutation(len(pool))[:300]] for _ in range(n))
    return sum(share_anomalous(reference, batch) >= SHARE_RETRAIN for batch in batches)


def retrained(
    train: Labelled, batch: Labelled, *, n_labels: int, size: int, seed: int
) -> Callable[[Pixels], np.ndarray]:
    """Its classifier after retraining with so many human labels from a batch of 300; 0: before.

    ``size`` is the training's batch size, which the description leaves open.
    """
    rng = np.random.default_rng(seed)
    known = train.take(rng.permutation(len(train))[:1000])
    picked = batch.take(rng.permutation(len(batch))[:300][:n_labels])
    picked = picked.take(np.arange(round(0.8 * n_labels)))
    images = as_tensor(np.concatenate([known.images, picked.images])).flatten(1)
    labels = torch.from_numpy(np.concatenate([known.labels, picked.labels]))
    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)
    )
    rule = torch.optim.Adam(model.parameters())
    for _ in range(7):
        for part in torch.randperm(len(images)).split(size):
            loss = functional.cross_entropy(model(images[part]), labels[part])
            rule.zero_grad()
            loss.backward()
            rule.step()
    return lambda seen: model(as_tensor(seen).flatten(1)).argmax(1).numpy()
