"""Step ``retrain``: a candidate by recipe RG, with the human's labels on the drifted batch.

Inputs: ``model``, ``labels``, ``batch``, ``data``, ``option`` (optional). Outputs: ``model``,
``reference``. Parameters: ``steps`` (150), ``seed``; the option's win. Value: ``n_labels``.
"""

from __future__ import annotations

from scanflow_tui.contract.step import Step, run_step
from scanflow_tui.steps.champion import fitting_slices, option_parameters, save_candidate
from scanflow_tui.steps.evidence_files import read_answers
from scanflow_tui.steps.runtime import paced, prepare
from scanflow_tui.steps.vision.images import read_images
from scanflow_tui.steps.vision.modelfile import load_model
from scanflow_tui.steps.vision.retrain import STEPS, retrain


def main(step: Step) -> None:
    """Retrain a copy of the champion; its own folder is never written."""
    prepare(step)
    champion = load_model(step.input("model"))
    batch = read_images(step.input("batch"), champion.meta.size, "the batch")
    slices = fitting_slices(step.input("data"), champion.meta)
    answers = read_answers(step.input("labels"), n=len(batch), classes=len(champion.meta.classes))
    given = option_parameters(step)
    model = retrain(
        champion.model,
        labelled=answers.of(batch),
        unlabelled=batch,
        clean=slices.fit,
        steps=int(given.get("steps", STEPS)),
        seed=int(given.get("seed", step.seed)),
        progress=paced(step, 0.0, 0.9),
        metric=step.metric,
    )
    notes = {"recipe": "RG", "labels": len(answers)}
    save_candidate(step, model, champion, slices, notes)
    step.set_value("n_labels", len(answers))


if __name__ == "__main__":
    run_step(main)
