"""The filter: a small network before the frozen classifier that takes the drift out.

A U-net mixes the image with a proposal (a gate that starts open, so it starts near identity),
then a spatial transformer turns it (Jaderberg et al. 2015, arXiv 1506.02025). The base is trained
without any drifted image; adaptation uses the batch and, where there are any, labels. The
classifier's weights never change, but gradients flow through it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional

from scanflow_tui.contract.errors import InputError
from scanflow_tui.steps.vision.augment import BROAD, LIGHT, affine, generic, warp
from scanflow_tui.steps.vision.datasets import Labelled
from scanflow_tui.steps.vision.images import Pixels
from scanflow_tui.steps.vision.nets import Model, Progress, Shape, as_tensor, silent
from scanflow_tui.steps.vision.train import Metric, optimiser, unheard

BASE_STEPS, BASE_RATE, BASE_IMAGES = 400, 3e-3, 96
STEPS, RATE, DECAY = 90, 2e-3, 1e-4
N_CLEAN, N_BATCH, N_LABELLED, N_PSEUDO = 24, 48, 32, 48
L1_WEIGHT, NORM_WEIGHT, PSEUDO_WEIGHT, SMOOTHING = 2.0, 0.1, 0.7, 0.05
PSEUDO_EVERY, PSEUDO_MIN, CONFIDENCE_MIN = 15, 10, 0.9
METRIC_EVERY = 10


def _block(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )


class Filter(nn.Module):
    """Images (n, c, h, w) in 0..1 to images of the same shape; h and w are multiples of 4."""

    def __init__(self, shape: Shape, width: int = 24) -> None:
        super().__init__()
        channels, height, breadth = shape
        if height % 4 or breadth % 4:
            raise InputError(f"a filter needs sides that are multiples of 4, not {shape[1:]}")
        packed = 4 * channels
        self.enter = _block(packed, width)
        self.down = nn.Sequential(_block(width, 2 * width, 2), _block(2 * width, 2 * width))
        self.up = _block(3 * width, width)
        self.proposal = nn.Conv2d(width, packed, 3, 1, 1)
        self.gate = nn.Conv2d(width, packed, 3, 1, 1)
        self.turn = nn.Sequential(
            _block(channels, 12, 2),
            _block(12, 16, 2),
            nn.Flatten(),
            nn.Linear(16 * (height // 4) * (breadth // 4), 32),
            nn.ReLU(),
            nn.Linear(32, 6),
        )
        with torch.no_grad():
            self.proposal.weight.mul_(0.1)
            for last in (self.proposal.bias, self.turn[-1].weight, self.turn[-1].bias):
                nn.init.zeros_(last)  # type: ignore[arg-type]
            nn.init.constant_(self.gate.bias, 2.0)  # type: ignore[arg-type]

    def forward(self, images: Tensor) -> Tensor:
        first = self.enter(functional.pixel_unshuffle(images, 2))
        deep = functional.interpolate(self.down(first), scale_factor=2.0)
        both = self.up(torch.cat([first, deep], dim=1))
        gate = torch.sigmoid(functional.pixel_shuffle(self.gate(both), 2))
        proposed = torch.sigmoid(functional.pixel_shuffle(self.proposal(both), 2) * 4)
        mixed = gate * images + (1 - gate) * proposed
        identity = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
        return warp(mixed, self.turn(mixed).reshape(-1, 2, 3) + identity)


def train_base(
    model: Model,
    *,
    clean: Labelled,
    shape: Shape,
    steps: int = BASE_STEPS,
    seed: int = 0,
    progress: Progress = silent,
    metric: Metric = unheard,
) -> Filter:
    """A filter for the model's classifier, trained on clean and disturbed clean images alone.

    It goes on from the model's own filter where it has one, so that an earlier repair is not
    forgotten.
    """
    torch.manual_seed(seed)
    front = _start(model.filter, shape)
    images, labels = as_tensor(clean.images), torch.from_numpy(clean.labels)
    adam, schedule = optimiser(list(front.parameters()), rate=BASE_RATE, decay=DECAY, steps=steps)
    n_kept = BASE_IMAGES // 4
    with frozen(model.classifier):
        front.train()
        for k in range(steps):
            index = torch.randint(len(images), (BASE_IMAGES,))
            wanted = images[index]
            changed = generic(affine(wanted[n_kept:], BROAD))
            cleaned = front(torch.cat([wanted[:n_kept], changed]))
            l1 = functional.l1_loss
            near = l1(cleaned[:n_kept], wanted[:n_kept]) + l1(cleaned, wanted)
            loss = functional.cross_entropy(model.classifier(cleaned), labels[index])
            loss = loss + L1_WEIGHT * near
            adam.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            adam.step()
            schedule.step()
            progress(k / steps, f"step {k + 1} of {steps}")
            if (k + 1) % METRIC_EVERY == 0:
                metric("loss", float(loss.detach()), k + 1)
    return front.eval()


def adapt(
    classifier: nn.Module,
    base: Filter,
    *,
    labelled: Labelled | None,
    unlabelled: Pixels,
    clean: Labelled,
    steps: int = STEPS,
    seed: int = 0,
    progress: Progress = silent,
    metric: Metric = unheard,
) -> Filter:
    """A copy of ``base`` adapted to a drifted batch, with the labels given (None: without any)."""
    torch.manual_seed(seed)
    front = copy.deepcopy(base)
    images, labels = as_tensor(clean.images), torch.from_numpy(clean.labels)
    batch = as_tensor(unlabelled)
    known = _known(labelled)
    adam, schedule = optimiser(list(front.parameters()), rate=RATE, decay=DECAY, steps=steps)
    pseudo: tuple[Tensor, Tensor] | None = None
    with frozen(classifier):
        for k in range(steps):
            if k >= steps // 3 and k % PSEUDO_EVERY == 0:
                pseudo = _sure_of(classifier, front, batch)
            front.train()
            index = torch.randint(len(images), (N_CLEAN,))
            wanted = images[index]
            clean_part = torch.cat([wanted, generic(affine(wanted, BROAD))])
            drifted = batch[torch.randint(len(batch), (N_BATCH,))]
            taught = [_taught(*known, N_LABELLED, 1.0)] if known else []
            if pseudo is not None and len(pseudo[0]) > PSEUDO_MIN:
                taught.append(_taught(*pseudo, N_PSEUDO, PSEUDO_WEIGHT))
            cleaned = front(torch.cat([clean_part, drifted, *(part[0] for part in taught)]))
            n_clean = len(clean_part)
            logits, mismatch = _through(classifier, cleaned, n_clean, n_clean + N_BATCH)
            loss = functional.cross_entropy(logits[:n_clean], labels[index].repeat(2))
            loss = loss + L1_WEIGHT * functional.l1_loss(cleaned[:N_CLEAN], wanted)
            loss = loss + NORM_WEIGHT * mismatch
            start = n_clean + N_BATCH
            for part, truth, weight in taught:
                own = logits[start : start + len(part)]
                start += len(part)
                loss = loss + weight * functional.cross_entropy(
                    own, truth, label_smoothing=SMOOTHING
                )
            adam.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            adam.step()
            schedule.step()
            progress(k / steps, f"step {k + 1} of {steps}")
            if (k + 1) % METRIC_EVERY == 0:
                metric("loss", float(loss.detach()), k + 1)
    return front.eval()


@contextmanager
def frozen(classifier: nn.Module) -> Iterator[None]:
    """The classifier in evaluation mode, its weights without gradients, while open."""
    before = [parameter.requires_grad for parameter in classifier.parameters()]
    classifier.eval()
    classifier.requires_grad_(False)
    try:
        yield
    finally:
        for parameter, wanted in zip(classifier.parameters(), before, strict=True):
            parameter.requires_grad_(wanted)


def _start(earlier: nn.Module | None, shape: Shape) -> Filter:
    if isinstance(earlier, Filter):
        return copy.deepcopy(earlier).requires_grad_(True)
    return Filter(shape)


def _known(labelled: Labelled | None) -> tuple[Tensor, Tensor] | None:
    if labelled is None or not len(labelled):
        return None
    return as_tensor(labelled.images), torch.from_numpy(labelled.labels)


def _taught(images: Tensor, labels: Tensor, n: int, weight: float) -> tuple[Tensor, Tensor, float]:
    index = torch.randint(len(images), (n,))
    return affine(images[index], LIGHT), labels[index], weight


@torch.no_grad()
def _sure_of(classifier: nn.Module, filter: Filter, batch: Tensor) -> tuple[Tensor, Tensor]:
    """Images of the batch with a confident guess, and the guesses."""
    filter.eval()
    confidence, guesses = classifier(filter(batch)).softmax(1).max(1)
    sure = confidence > CONFIDENCE_MIN
    return batch[sure], guesses[sure]


def _through(classifier: nn.Module, images: Tensor, start: int, end: int) -> tuple[Tensor, Tensor]:
    """Logits of all images, and how far those from start to end miss the batch norm statistics.

    The mismatch of a layer: squared difference of means over the running variance, plus the
    squared log ratio of variances, averaged over channels, summed over layers.
    """
    missed: list[Tensor] = []

    def compare(layer: nn.Module, args: tuple[Tensor, ...]) -> None:
        assert isinstance(layer, nn.BatchNorm2d)
        assert layer.running_mean is not None and layer.running_var is not None
        own = args[0][start:end]
        mean, variance = own.mean((0, 2, 3)), own.var((0, 2, 3))
        off = ((mean - layer.running_mean) ** 2 / layer.running_var).mean()
        missed.append(off + ((variance / layer.running_var + 1e-6).log() ** 2).mean())

    norms = [layer for layer in classifier.modules() if isinstance(layer, nn.BatchNorm2d)]
    hooks = [layer.register_forward_pre_hook(compare) for layer in norms]
    try:
        logits: Tensor = classifier(images)
    finally:
        for hook in hooks:
            hook.remove()
    return logits, torch.stack(missed).sum() if missed else logits.new_zeros(())
