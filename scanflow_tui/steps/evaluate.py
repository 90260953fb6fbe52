"""Step ``evaluate``: a candidate beside the champion, on data that chose nothing.

Inputs: ``candidate``, ``champion``, ``clean``, ``batch``, ``audit``. Output: ``table``. The audit
samples are the drifted ones; the no-label baseline stands in the same rows. Values: ``passes``,
``drifted_before``, ``drifted_after``, ``clean_before``, ``clean_after``.
"""

from __future__ import annotations

from typing import cast

from scanflow_tui.contract.evidence import Action
from scanflow_tui.contract.step import Step, run_step
from scanflow_tui.repair.evaluate import Population, table
from scanflow_tui.steps.evidence_files import read_answers, write_json
from scanflow_tui.steps.runtime import prepare
from scanflow_tui.steps.vision.baseline import restated
from scanflow_tui.steps.vision.datasets import Labelled, read_labelled
from scanflow_tui.steps.vision.images import read_images
from scanflow_tui.steps.vision.modelfile import load_model
from scanflow_tui.steps.vision.nets import guesses


def main(step: Step) -> None:
    """Compare on the same samples, before and after."""
    prepare(step)
    candidate, champion = load_model(step.input("candidate")), load_model(step.input("champion"))
    classes = len(champion.meta.classes)
    batch = read_images(step.input("batch"), champion.meta.size, "the batch")
    clean = read_labelled(step.input("clean"), classes=classes, size=champion.meta.size)
    audit = read_answers(step.input("audit"), n=len(batch), classes=classes)
    baseline = restated(champion.model, batch)
    step.progress(0.3, "clean data")

    def population(name: str, data: Labelled, ids: tuple[str, ...] = ()) -> Population:
        models = (champion.model, candidate.model, baseline)
        before, after, no_labels = (guesses(each, data.images) for each in models)
        return Population(name, data.labels, before, after, no_labels, ids)

    on_clean = population("clean", clean)
    drifted = None
    if len(audit):
        step.progress(0.7, "audit samples")
        drifted = population("drifted", audit.of(batch), audit.ids)
    source = step.file.sources.get("candidate", "").split(".")[0]
    action = cast(Action, source if source in ("retrain", "filter") else candidate.meta.made_by)
    found = table(
        clean=on_clean, drifted=drifted, action=action, candidate=source, n_classes=classes
    )
    write_json(step.output("table"), found)
    step.set_value("passes", found.gate.passes)
    for row in found.rows:
        step.set_value(f"{row.data}_before", round(row.before.value, 4))
        step.set_value(f"{row.data}_after", round(row.after.value, 4))
    step.progress(1.0, found.sentence)


if __name__ == "__main__":
    run_step(main)
