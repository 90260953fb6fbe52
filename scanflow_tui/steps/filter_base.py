"""Step ``filter_base`` (node ``base``): the filter's network, trained before any drift is seen.

Inputs: ``model``, ``data``. Output: ``filter``. Parameters: ``steps`` (400), ``seed``.
"""

from __future__ import annotations

from scanflow_tui.contract.step import Step, run_step
from scanflow_tui.steps.champion import fitting_slices
from scanflow_tui.steps.runtime import paced, prepare
from scanflow_tui.steps.vision.filter import BASE_STEPS, train_base
from scanflow_tui.steps.vision.modelfile import load_model, save_filter


def main(step: Step) -> None:
    """Train the filter in front of the frozen champion."""
    prepare(step)
    champion = load_model(step.input("model"))
    slices = fitting_slices(step.input("data"), champion.meta)
    front = train_base(
        champion.model,
        clean=slices.fit,
        shape=champion.meta.shape,
        steps=int(step.param("steps", BASE_STEPS)),
        seed=int(step.param("seed", step.seed)),
        progress=paced(step),
        metric=step.metric,
    )
    save_filter(step.output("filter"), front)
    step.progress(1.0, "filter trained")


if __name__ == "__main__":
    run_step(main)
