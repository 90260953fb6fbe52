"""Step ``filter``: a candidate with a filter in front of the frozen classifier.

Inputs: ``model``, ``labels``, ``batch``, ``data``, ``base``, ``option`` (optional). Outputs:
``model``, ``reference``. Parameters: ``adapt`` (true; false takes the base as it is, which needs no
label), ``steps`` (90), ``seed``; the option's win. Value: ``n_labels``.
"""

from __future__ import annotations

from scanflow_tui.contract.step import Step, run_step
from scanflow_tui.steps.champion import fitting_slices, option_parameters, save_candidate
from scanflow_tui.steps.evidence_files import read_answers
from scanflow_tui.steps.runtime import paced, prepare
from scanflow_tui.steps.vision.filter import STEPS, adapt
from scanflow_tui.steps.vision.images import read_images
from scanflow_tui.steps.vision.modelfile import load_filter, load_model
from scanflow_tui.steps.vision.nets import Model


def main(step: Step) -> None:
    """Adapt the base filter to the batch and its labels, or take it as it is."""
    prepare(step)
    champion = load_model(step.input("model"))
    front = load_filter(step.input("base"), champion.meta.shape)
    slices = fitting_slices(step.input("data"), champion.meta)
    given = option_parameters(step)
    n_labels = 0
    if bool(given.get("adapt", True)):
        batch = read_images(step.input("batch"), champion.meta.size, "the batch")
        answers = read_answers(
            step.input("labels"), n=len(batch), classes=len(champion.meta.classes)
        )
        n_labels = len(answers)
        front = adapt(
            champion.model.classifier,
            front,
            labelled=answers.of(batch),
            unlabelled=batch,
            clean=slices.fit,
            steps=int(given.get("steps", STEPS)),
            seed=int(given.get("seed", step.seed)),
            progress=paced(step, 0.0, 0.9),
            metric=step.metric,
        )
    model = Model(champion.model.classifier, front).eval()
    save_candidate(step, model, champion, slices, {"recipe": "filter", "labels": n_labels})
    step.set_value("n_labels", n_labels)


if __name__ == "__main__":
    run_step(main)
