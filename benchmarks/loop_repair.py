"""The repairs' rows of ``loop.py``: one seed of model, corruption and labels at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from report import Row
from scanflow_tui.checks.estimate import paired_change, worst_class
from scanflow_tui.labels.queue import build_queue
from scanflow_tui.steps.vision.baseline import restated
from scanflow_tui.steps.vision.corruptions import corrupt
from scanflow_tui.steps.vision.datasets import Labelled, Slices
from scanflow_tui.steps.vision.filter import Filter, adapt, train_base
from scanflow_tui.steps.vision.images import Labels
from scanflow_tui.steps.vision.nets import Model, fresh, guesses, load_builder, outputs
from scanflow_tui.steps.vision.retrain import retrain
from scanflow_tui.steps.vision.train import train

MODEL_FILE = Path(__file__).resolve().parent.parent / "pipelines" / "mnist" / "model.py"
SHAPE = (1, 28, 28)
TARGETS = {
    "retrain": {"stripe": 0.94, "impulse_noise": 0.93, "fog": 0.93},
    "filter": {"stripe": 0.91, "impulse_noise": 0.93, "fog": 0.93},
}
NAMES = ("stripe", "impulse_noise", "fog")
N_LABELS = 50
LOSS_MAX, LIMIT_MAX = 0.005, 0.01
JUDGED_SEED = 1_000
"""Added to the seed for the images judged, so that no corruption is drawn twice."""


@dataclass(frozen=True)
class Figure:
    """One repair of one seed, judged on the test images. Change and limits on the clean ones."""

    seed: int
    corruption: str
    repair: str
    accuracy: float
    worst: float
    clean: float
    clean_change: float
    clean_low: float
    seconds: float


@dataclass(frozen=True)
class Seeded:
    """A model and its filter, made with one seed."""

    seed: int
    model: Model
    base: Filter
    train_seconds: float
    base_seconds: float


def make(slices: Slices, seed: int, tick: Callable[[str], None]) -> Seeded:
    """Train a model and the filter's base with one seed."""
    start = time.process_time()
    model = fresh(load_builder(MODEL_FILE), 10, SHAPE, seed)
    train(model, slices.fit, epochs=12, seed=seed)
    middle = time.process_time()
    tick(f"seed {seed}: model trained")
    base = train_base(model, clean=slices.fit, shape=SHAPE, seed=seed)
    tick(f"seed {seed}: base of the filter trained")
    return Seeded(seed, model, base, middle - start, time.process_time() - middle)


def repairs(
    made: Seeded, slices: Slices, stream: Labelled, judged: Labelled, tick: Callable[[str], None]
) -> list[Figure]:
    """Every repair of every corruption, for one seed."""
    before = guesses(made.model, judged.images) == judged.labels
    found = []
    for name in NAMES:
        batch = Labelled(corrupt(name, stream.images, seed=made.seed), stream.labels)
        drifted = corrupt(name, judged.images, seed=made.seed + JUDGED_SEED)
        for repair, (model, seconds) in repaired(made, slices, batch).items():
            said = guesses(model, drifted)
            clean = guesses(model, judged.images) == judged.labels
            change = paired_change(before, clean)
            worst = worst_class(judged.labels, said)
            found.append(
                Figure(
                    made.seed,
                    name,
                    repair,
                    float((said == judged.labels).mean()),
                    worst.accuracy if worst else float("nan"),
                    float(clean.mean()),
                    change.value,
                    change.low,
                    seconds,
                )
            )
        tick(f"seed {made.seed}: {name} repaired and judged")
    return found


def repaired(made: Seeded, slices: Slices, batch: Labelled) -> dict[str, tuple[Model, float]]:
    """Each model after repair with its CPU seconds: none, no label, retrain, filter."""
    labelled = batch.take(chosen(made, batch))
    common = {"labelled": labelled, "unlabelled": batch.images, "clean": slices.fit}
    classifier = made.model.classifier
    marks = [time.process_time()]
    model = retrain(made.model, **common, seed=made.seed)
    marks.append(time.process_time())
    front = adapt(classifier, made.base, **common, seed=made.seed)
    marks.append(time.process_time())
    return {
        "untouched": (made.model, 0.0),
        "no labels": (restated(made.model, batch.images), 0.0),
        "filter, no labels": (Model(classifier, made.base).eval(), 0.0),
        "retrain": (model, marks[1] - marks[0]),
        "filter": (Model(classifier, front).eval(), marks[2] - marks[1]),
    }


def chosen(made: Seeded, batch: Labelled) -> Labels:
    """The places of the 50 samples for repair in the checker's own queue."""
    said = outputs(made.model, batch.images)
    n = len(batch)
    entries = build_queue(
        features=said.features,
        probabilities=said.probabilities,
        p=np.ones(n),
        flagged=np.zeros(n, dtype=np.bool_),
        n_repair=N_LABELS,
        n_audit=20,
        seed=made.seed,
    )
    return np.array([each.index for each in entries if each.share == "repair"], dtype=np.int64)


def rows(figures: list[Figure]) -> list[Row]:
    """Medians over seeds against the targets."""
    found = []
    for repair in ("untouched", "no labels", "filter, no labels", "retrain", "filter"):
        for name in NAMES:
            those = [f for f in figures if (f.corruption, f.repair) == (name, repair)]
            middle = float(np.median([f.accuracy for f in those]))
            target = TARGETS.get(repair, {}).get(name)
            spread = " ".join(f"{f.accuracy:.3f}" for f in those)
            found.append(
                Row(
                    f"{name}: {labelled(repair)}",
                    "printed" if target is None else f"at least {target:.2f}",
                    f"{middle:.3f}  (worst class {np.median([f.worst for f in those]):.2f}; "
                    f"clean {100 * np.median([f.clean_change for f in those]):+.1f}; {spread})",
                    None if target is None else middle >= target,
                    [asdict(f) for f in those],
                )
            )
    return [*found, *(clean_row(figures, repair) for repair in TARGETS)]


def labelled(repair: str) -> str:
    """A repair's name with what it was given."""
    words = {"retrain": f"retrained, {N_LABELS} labels", "filter": f"filter, {N_LABELS} labels"}
    return words.get(repair, repair)


def clean_row(figures: list[Figure], repair: str) -> Row:
    """The paired loss on clean images: the worst median, and the worst 95 % limit of any seed."""
    those = [f for f in figures if f.repair == repair]
    medians = {
        name: -float(np.median([f.clean_change for f in those if f.corruption == name]))
        for name in NAMES
    }
    median, limit = max(medians.values()), -min(f.clean_low for f in those)
    return Row(
        f"clean images, paired loss in points: {labelled(repair)}",
        "median at most .5, no seed's 95 % limit beyond 1",
        f"worst median {100 * median:.2f}, worst limit {100 * limit:.2f}",
        median <= LOSS_MAX and limit <= LIMIT_MAX,
        {"medians": medians, "limit": limit},
    )
