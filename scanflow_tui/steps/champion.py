"""What the repairing steps share: the champion's training slices, and saving a candidate.

A candidate is trained on the slice to fit alone and gets a reference of its own from the same
calibration slices, scored anew by it: features change with every repair, and images that calibrate
stay unseen by all of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scanflow_tui.contract.errors import InputError
from scanflow_tui.contract.step import Step
from scanflow_tui.steps.evidence_files import read_json
from scanflow_tui.steps.runtime import paced
from scanflow_tui.steps.vision.datasets import Slices, cut_training, read_labelled
from scanflow_tui.steps.vision.modelfile import CODE_FILE, Loaded, Meta, save_model
from scanflow_tui.steps.vision.nets import Model
from scanflow_tui.steps.vision.reference import make_reference, save_reference


def fitting_slices(data: Path, meta: Meta) -> Slices:
    """The champion's slices, cut again from its data. Raises InputError if the data is other data.

    Other data would put images the champion was fitted to among those that calibrate it.
    """
    slices = cut_training(read_labelled(data, classes=len(meta.classes), size=meta.size))
    if meta.slices and slices.hashes() != meta.slices:
        raise InputError(
            "the training data is not what the champion was trained on",
            where="input data",
            hint="train a new champion on it first",
        )
    return slices


def option_parameters(step: Step) -> dict[str, Any]:
    """The chosen option's parameters over those of the pipeline."""
    given = dict(step.file.params)
    if step.has_input("option"):
        chosen = read_json(step.input("option"))
        try:
            given.update(chosen["option"]["parameters"])
        except (KeyError, TypeError, ValueError):
            raise InputError("holds no option with parameters", where="input option") from None
    return given


def save_candidate(
    step: Step, model: Model, champion: Loaded, slices: Slices, notes: dict[str, Any]
) -> None:
    """Write a candidate's ``model`` and ``reference``."""
    reference = make_reference(model, slices, paced(step, 0.9, 1.0))
    meta = Meta(
        champion.meta.classes,
        champion.meta.shape,
        "",
        slices.hashes(),
        made_by=step.file.node,
        notes=notes,
    )
    save_model(step.output("model"), model, meta, champion.folder / CODE_FILE)
    save_reference(step.output("reference"), reference)
    step.progress(1.0, "candidate saved")
