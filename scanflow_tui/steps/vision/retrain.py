"""Retraining with few labels (recipe RG): drifted, clean and changed clean images in one batch.

Labelled drifted images, clean ones, clean ones under generic disturbance, clean ones under strong
affine maps (their true labels cost no human), and pseudo-labelled drifted ones from a third of
the steps on. All pass batch norm together in training mode: separate passes would fight over its
running statistics.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from scanflow_tui.contract.errors import InputError
from scanflow_tui.steps.vision.augment import LIGHT, STRONG, affine, generic
from scanflow_tui.steps.vision.datasets import Labelled
from scanflow_tui.steps.vision.images import Pixels
from scanflow_tui.steps.vision.nets import Model, Progress, as_tensor, silent
from scanflow_tui.steps.vision.train import DECAY, Metric, optimiser, unheard

Change = Callable[[Tensor], Tensor]

STEPS = 150
RATE = 2e-3
N_LABELLED, N_CLEAN, N_GENERIC, N_AFFINE, N_PSEUDO = 32, 32, 48, 64, 48
EXTRA_WEIGHT = 0.7
SMOOTHING = 0.05
PSEUDO_EVERY = 15
PSEUDO_MIN = 10
CONFIDENCE_MIN = 0.8
QUANTILE = 0.3


@dataclass(frozen=True, slots=True)
class Pseudo:
    """Unlabelled images the model is sure of: their indices, and its guess for every image."""

    index: Tensor
    guesses: Tensor


def retrain(
    model: Model,
    *,
    labelled: Labelled,
    unlabelled: Pixels,
    clean: Labelled,
    steps: int = STEPS,
    seed: int = 0,
    progress: Progress = silent,
    metric: Metric = unheard,
) -> Model:
    """A retrained copy of ``model``, in evaluation mode; the model given is left as it is.

    ``labelled`` are the human's labels on drifted images, ``unlabelled`` the whole batch,
    ``clean`` the slice to fit. A filter in front of the classifier is kept, frozen.
    """
    if not len(labelled):
        raise InputError("no labelled sample to retrain with", hint="label the queue first")
    torch.manual_seed(seed)
    model = copy.deepcopy(model)
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    drifted, drifted_labels = as_tensor(labelled.images), torch.from_numpy(labelled.labels)
    batch = as_tensor(unlabelled)
    images, labels = as_tensor(clean.images), torch.from_numpy(clean.labels)
    adam, schedule = optimiser(
        list(model.classifier.parameters()), rate=RATE, decay=DECAY, steps=steps
    )
    pseudo: Pseudo | None = None
    for k in range(steps):
        if k >= steps // 3 and k % PSEUDO_EVERY == 0:
            pseudo = sure_of(model, batch)
        _training(model)
        parts = [
            _labelled(drifted, drifted_labels),
            _drawn(images, labels, N_CLEAN),
            _drawn(images, labels, N_GENERIC, generic),
            _drawn(images, labels, N_AFFINE, lambda x: affine(x, STRONG)),
        ]
        weights = [1.0, 1.0, EXTRA_WEIGHT, EXTRA_WEIGHT]
        if pseudo is not None and len(pseudo.index) > PSEUDO_MIN:
            chosen = pseudo.index[torch.randint(len(pseudo.index), (N_PSEUDO,))]
            parts.append((affine(batch[chosen], LIGHT), pseudo.guesses[chosen]))
            weights.append(EXTRA_WEIGHT)
        loss = _loss(model, parts, weights)
        adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        adam.step()
        schedule.step()
        progress(k / steps, f"step {k + 1} of {steps}")
        if (k + 1) % PSEUDO_EVERY == 0:
            metric("loss", float(loss.detach()), k + 1)
    return model.eval()


@torch.no_grad()
def sure_of(model: Model, batch: Tensor) -> Pseudo:
    """The images whose guess may serve as a label.

    Confidence over .8 and at or above the 30th percentile of their own predicted class: a model
    that is mostly wrong would otherwise teach itself its favourite class.
    """
    model.eval()
    confidence, guesses = model(batch).softmax(1).max(1)
    bar = torch.full_like(confidence, CONFIDENCE_MIN)
    for label in guesses.unique():
        of_class = guesses == label
        own = torch.quantile(confidence[of_class], QUANTILE)
        bar[of_class] = own.clamp(min=CONFIDENCE_MIN)
    return Pseudo(torch.where(confidence >= bar)[0], guesses)


def _training(model: Model) -> None:
    """Training mode for the classifier; a filter in front stays as it is."""
    model.train()
    if model.filter is not None:
        model.filter.eval()


def _labelled(images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    return _drawn(images, labels, N_LABELLED, lambda x: affine(x, LIGHT))


def _unchanged(images: Tensor) -> Tensor:
    return images


def _drawn(
    images: Tensor, labels: Tensor, n: int, change: Change = _unchanged
) -> tuple[Tensor, Tensor]:
    index = torch.randint(len(images), (n,))
    return change(images[index]), labels[index]


def _loss(model: Model, parts: list[tuple[Tensor, Tensor]], weights: list[float]) -> Tensor:
    """Weighted cross-entropy of all parts after one pass."""
    logits = model(torch.cat([images for images, _ in parts]))
    each = functional.cross_entropy(
        logits,
        torch.cat([labels for _, labels in parts]),
        reduction="none",
        label_smoothing=SMOOTHING,
    )
    weight = torch.cat(
        [torch.full((len(part[0]),), w) for part, w in zip(parts, weights, strict=True)]
    )
    return (each * weight).sum() / weight.sum()
