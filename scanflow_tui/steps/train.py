"""Step ``train``: a classifier from the pipeline's own network file, and its reference.

Inputs: ``data``. Outputs: ``model``, ``reference``. Parameters: ``epochs`` (12), ``seed``. Run as
``python -m scanflow_tui.steps.train --model model.py``. Value: ``acc``, on calibration images.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from scanflow_tui.contract.step import Step, run_step
from scanflow_tui.steps.runtime import paced, prepare
from scanflow_tui.steps.vision.datasets import cut_training, read_labelled
from scanflow_tui.steps.vision.modelfile import Meta, save_model
from scanflow_tui.steps.vision.nets import Shape, fresh, guesses, load_builder
from scanflow_tui.steps.vision.reference import make_reference, save_reference
from scanflow_tui.steps.vision.train import train

SHAPE: Shape = (1, 28, 28)
EPOCHS = 12


def main(step: Step, code: Path) -> None:
    """Train on the slice to fit; the other slices only make the reference."""
    prepare(step)
    classes = step.classes or tuple(str(digit) for digit in range(10))
    data = read_labelled(step.input("data"), classes=len(classes))
    slices = cut_training(data)
    seed = int(step.param("seed", step.seed))
    model = fresh(load_builder(code), len(classes), SHAPE, seed)
    train(
        model,
        slices.fit,
        epochs=int(step.param("epochs", EPOCHS)),
        seed=seed,
        progress=paced(step, 0.0, 0.9),
        metric=step.metric,
    )
    reference = make_reference(model, slices, paced(step, 0.9, 1.0))
    meta = Meta(classes, SHAPE, "", slices.hashes(), made_by="train")
    save_model(step.output("model"), model, meta, code)
    save_reference(step.output("reference"), reference)
    right = guesses(model, slices.calibration.images) == slices.calibration.labels
    step.metric("acc", float(right.mean()))
    step.set_value("acc", round(float(right.mean()), 4))


def arguments() -> Path:
    """The network file that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("model.py"))
    code: Path = parser.parse_args().model
    return code


if __name__ == "__main__":
    given = arguments()
    run_step(lambda step: main(step, given))
