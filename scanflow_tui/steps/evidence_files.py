"""Reading and writing the typed files of ``contract.evidence`` inside a step."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scanflow_tui.contract import canonical
from scanflow_tui.contract.errors import InputError
from scanflow_tui.contract.evidence import Label, to_json
from scanflow_tui.steps.vision.datasets import Labelled
from scanflow_tui.steps.vision.images import Labels, Pixels


@dataclass(frozen=True, slots=True)
class Answers:
    """A human's class labels on samples of a batch: places in it (n,), classes (n,), ids."""

    index: Labels
    labels: Labels
    ids: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ids)

    def of(self, batch: Pixels) -> Labelled:
        """The labelled samples of the batch."""
        return Labelled(batch[self.index], self.labels)


def write_json(path: Path, value: Any) -> None:
    """Write a typed file of JSON."""
    path.write_bytes(canonical.encode(to_json(value)) + b"\n")


def read_json(path: Path) -> Any:
    """Read a typed file of JSON. Raises InputError where it is none."""
    try:
        return canonical.decode(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"is no readable JSON: {error}", where=path.name) from None


def read_answers(path: Path, *, n: int, classes: int) -> Answers:
    """The class labels of a ``labels`` or ``audit`` file: unsure, skipped and invalid are left out.

    ``n`` is the batch's size. Raises InputError, with the line, for what does not fit the batch.
    """
    found: dict[int, Label] = {}
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        where = f"{path.name}:{number}"
        try:
            label = Label(**canonical.decode(line))
        except (TypeError, ValueError) as error:
            raise InputError(f"is no label: {error}", where=where) from None
        if label.kind != "class":
            continue
        if label.label is None or not 0 <= label.label < classes:
            raise InputError(f"class {label.label} is not one of {classes}", where=where)
        if not 0 <= label.index < n:
            raise InputError(f"sample {label.index} is not in a batch of {n}", where=where)
        found[label.index] = label
    kept = [found[index] for index in sorted(found)]
    return Answers(
        np.array([label.index for label in kept], dtype=np.int64),
        np.array([label.label for label in kept], dtype=np.int64),
        tuple(label.id for label in kept),
    )
