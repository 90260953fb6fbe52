"""Training images beside the queue: those most like each sample, and some typical of each class.

They are what a human compares a strange image with; they decide nothing.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from scanflow_tui.checks.scores import KnnReference, knn_nearest
from scanflow_tui.contract.evidence import QUEUE_EXAMPLES, QUEUE_NEAR, QueueEntry
from scanflow_tui.contract.limits import EXAMPLES_MAX, NEAR_MAX
from scanflow_tui.steps.vision.images import Labels
from scanflow_tui.steps.vision.nets import Outputs
from scanflow_tui.steps.vision.reference import Examples, Reference

EXAMPLES_A_CLASS = 3


def with_near(
    entries: tuple[QueueEntry, ...], reference: Reference, said: Outputs
) -> tuple[QueueEntry, ...]:
    """The entries with their nearest training images by the model's features, audit ones too."""
    if reference.examples is None or not entries:
        return entries
    rows = said.features[[entry.index for entry in entries]]
    nearest = knn_nearest(reference.scorer.knn, rows, NEAR_MAX)
    labels = reference.examples.labels
    return tuple(
        replace(entry, near=tuple((int(at), int(labels[at])) for at in near))
        for entry, near in zip(entries, nearest, strict=True)
    )


def write_examples(
    folder: Path, entries: tuple[QueueEntry, ...], knn: KnnReference, examples: Examples
) -> None:
    """The images that entries name as near, and the typical ones of each class."""
    wanted = {number for entry in entries for number, _ in entry.near}
    _write(folder / QUEUE_NEAR, {str(number): number for number in sorted(wanted)}, examples)
    typical = {
        f"{label}-{number}": int(at)
        for label, places in typical_of(knn, examples.labels).items()
        for number, at in enumerate(places)
    }
    _write(folder / QUEUE_EXAMPLES, dict(list(typical.items())[:EXAMPLES_MAX]), examples)


def typical_of(knn: KnnReference, labels: Labels) -> dict[int, Labels]:
    """By class the places of the training images nearest to the class's mean direction."""
    found: dict[int, Labels] = {}
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        rows = knn.features[members]
        likeness = rows @ rows.mean(axis=0)
        found[int(label)] = members[np.argsort(-likeness, kind="stable")[:EXAMPLES_A_CLASS]]
    return found


def _write(folder: Path, places: dict[str, int], examples: Examples) -> None:
    folder.mkdir(parents=True)
    for name, place in places.items():
        Image.fromarray(examples.images[place]).save(folder / f"{name}.png")
