"""Step ``plan``: what is known of retrain, filter and ignore before one of them is chosen.

Inputs: ``batch``, ``labels``, ``model``, ``base`` (optional), ``data``, ``clean``. Output:
``options``. Parameters: ``retrain_steps`` (50) and ``filter_steps`` (24) of the folds,
``ignore_above``, ``tell`` (decide). Values: ``recommended``, ``n_labels``.

Repairs that need labels are measured by two-fold cross-validation on the labels given: each half
judges what the other half taught, with fewer steps than the repair itself will take, so that the
estimate is rather too low. Each fold's model also judges half of the clean images, which are apart
from the final clean set.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from scanflow_tui.checks.estimate import accuracy
from scanflow_tui.contract.evidence import Baseline
from scanflow_tui.contract.step import Step, run_step
from scanflow_tui.repair.options import LABELS_MIN, Candidate, rank
from scanflow_tui.steps.champion import fitting_slices
from scanflow_tui.steps.evidence_files import read_answers, write_json
from scanflow_tui.steps.runtime import paced, prepare
from scanflow_tui.steps.vision import filter as filters
from scanflow_tui.steps.vision import retrain as retraining
from scanflow_tui.steps.vision.baseline import restated
from scanflow_tui.steps.vision.datasets import Labelled, read_labelled
from scanflow_tui.steps.vision.images import Labels, Pixels, read_images
from scanflow_tui.steps.vision.modelfile import Loaded, load_filter, load_model
from scanflow_tui.steps.vision.nets import Model, Progress, guesses

RETRAIN_SECONDS = 12.0
ADAPT_SECONDS = 22.0
"""CPU seconds of one thread that the repairs took where they were measured."""
RETRAIN_STEPS = 50
FILTER_STEPS = 24

Repair = Callable[[Labelled, Progress], Model]


@dataclass(frozen=True, slots=True)
class Known:
    """What the planner has: champion, the whole batch, its labelled samples, data to fit, clean."""

    champion: Loaded
    batch: Pixels
    labelled: Labelled
    fit: Labelled
    tune: Labelled


@dataclass(frozen=True, slots=True)
class Folds:
    """Guesses on labelled samples by models that did not see their labels, and on clean data."""

    labelled: Labels
    clean: Labels


def main(step: Step) -> None:
    """Measure each option and rank them."""
    prepare(step)
    known = gather(step)
    untouched = known.champion.model
    clean_right = guesses(untouched, known.tune.images) == known.tune.labels
    candidates = [retrain_option(step, known)]
    if step.has_input("base"):
        candidates += filter_options(step, known)
    above = step.param("ignore_above")
    plan = rank(
        candidates,
        labels=known.labelled.labels,
        guesses=on(untouched, known.labelled),
        clean_correct=clean_right,
        ignore_above=None if above is None else float(above),
        baseline=baseline(known),
    )
    write_json(step.output("options"), plan)
    step.set_value("recommended", plan.recommended)
    step.set_value("n_labels", plan.n_labels)
    step.message("options", str(step.param("tell", "decide")), plan.sentence)
    step.progress(1.0, plan.sentence)


def gather(step: Step) -> Known:
    """Read what the planner has."""
    champion = load_model(step.input("model"))
    classes, size = len(champion.meta.classes), champion.meta.size
    batch = read_images(step.input("batch"), size, "the batch")
    answers = read_answers(step.input("labels"), n=len(batch), classes=classes)
    slices = fitting_slices(step.input("data"), champion.meta)
    tune = read_labelled(step.input("clean"), classes=classes, size=size)
    return Known(champion, batch, answers.of(batch), slices.fit, tune)


def retrain_option(step: Step, known: Known) -> Candidate:
    """Retraining, measured by folds."""
    steps = int(step.param("retrain_steps", RETRAIN_STEPS))

    def repair(labelled: Labelled, progress: Progress) -> Model:
        return retraining.retrain(
            known.champion.model,
            labelled=labelled,
            unlabelled=known.batch,
            clean=known.fit,
            steps=steps,
            seed=step.seed,
            progress=progress,
        )

    folds = by_folds(known, repair, paced(step, 0.05, 0.4))
    return candidate(
        known,
        folds,
        Candidate(
            "retrain",
            "retrain",
            "retrain",
            {"steps": retraining.STEPS},
            seconds=RETRAIN_SECONDS,
            labels_used=len(known.labelled),
            why=f"folds of {steps} steps, the repair takes {retraining.STEPS}",
        ),
    )


def filter_options(step: Step, known: Known) -> list[Candidate]:
    """The filter as it is, measured at once, and adapted, measured by folds."""
    base = load_filter(step.input("base"), known.champion.meta.shape)
    classifier = known.champion.model.classifier
    steps = int(step.param("filter_steps", FILTER_STEPS))

    def repair(labelled: Labelled, progress: Progress) -> Model:
        front = filters.adapt(
            classifier,
            base,
            labelled=labelled,
            unlabelled=known.batch,
            clean=known.fit,
            steps=steps,
            seed=step.seed,
            progress=progress,
        )
        return Model(classifier, front).eval()

    ready = Model(classifier, base).eval()
    plain = Candidate(
        "filter",
        "filter",
        "filter without labels",
        {"adapt": False},
        guesses=on(ready, known.labelled),
        clean_correct=guesses(ready, known.tune.images) == known.tune.labels,
        seconds=0.0,
    )
    folds = by_folds(known, repair, paced(step, 0.4, 0.95))
    adapted = Candidate(
        "filter_labels",
        "filter",
        "filter with labels",
        {"adapt": True, "steps": filters.STEPS},
        seconds=ADAPT_SECONDS,
        labels_used=len(known.labelled),
        why=f"folds of {steps} steps, the repair takes {filters.STEPS}",
    )
    return [plain, candidate(known, folds, adapted)]


def by_folds(known: Known, repair: Repair, progress: Progress) -> Folds | None:
    """Two-fold cross-validation, halves by class; None with too few labels to measure by."""
    n = len(known.labelled)
    if n < LABELS_MIN:
        return None
    # Alternating along the sorted classes gives each half its share of every class.
    place = np.empty(n, dtype=np.int64)
    place[np.argsort(known.labelled.labels, kind="stable")] = np.arange(n)
    clean_half = np.arange(len(known.tune)) % 2
    found = Folds(np.empty(n, dtype=np.int64), np.empty(len(known.tune), dtype=np.int64))
    for half in (0, 1):
        judged = place % 2 == half

        def part(share: float, text: str, start: float = half / 2) -> None:
            progress(start + share / 2, text)

        model = repair(known.labelled.take(np.flatnonzero(~judged)), part)
        found.labelled[judged] = guesses(model, known.labelled.images[judged])
        found.clean[clean_half == half] = guesses(model, known.tune.images[clean_half == half])
    return found


def candidate(known: Known, folds: Folds | None, bare: Candidate) -> Candidate:
    """A candidate with what its folds found."""
    if folds is None:
        return bare
    right = folds.clean == known.tune.labels
    return replace(bare, guesses=folds.labelled, clean_correct=right)


def baseline(known: Known) -> Baseline:
    """Batch norm statistics re-estimated: what needs no label."""
    model = restated(known.champion.model, known.batch)
    drifted = None
    if len(known.labelled):
        drifted = accuracy(on(model, known.labelled) == known.labelled.labels)
    clean = accuracy(guesses(model, known.tune.images) == known.tune.labels)
    return Baseline(drifted, clean)


def on(model: Model, labelled: Labelled) -> Labels:
    """Guesses on labelled samples, of which there may be none."""
    return guesses(model, labelled.images) if len(labelled) else labelled.labels


if __name__ == "__main__":
    run_step(main)
