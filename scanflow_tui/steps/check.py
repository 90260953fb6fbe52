"""Step ``check``: has this batch drifted, and which of its samples should a human see?

Inputs: ``model``, ``reference``, ``batch``. Outputs: ``finding``, ``queue`` (queue.jsonl,
images/<id>.png at source size, near/<n>.png and examples/<class>-<n>.png of training images, made
small, features.npy with a row an entry, scores.npz with every sample's scores). Parameters:
``alpha`` (.01), ``flag_share`` (.1), ``repair`` (50), ``audit`` (20), ``tell`` (the node told:
plan). Values: ``verdict``, ``p``, ``n``, ``n_flagged``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from scanflow_tui.checks.batch import SAMPLES_MIN, batch_test, null_table
from scanflow_tui.checks.finding import finding
from scanflow_tui.checks.flags import flag
from scanflow_tui.checks.pvalues import conformal
from scanflow_tui.contract.evidence import (
    QUEUE_FEATURES,
    QUEUE_FILE,
    QUEUE_IMAGES,
    Finding,
    QueueEntry,
    to_json,
)
from scanflow_tui.contract.step import Step, run_step
from scanflow_tui.labels.queue import build_queue
from scanflow_tui.steps.evidence_files import write_json
from scanflow_tui.steps.likeness import with_near, write_examples
from scanflow_tui.steps.runtime import paced, prepare
from scanflow_tui.steps.vision.images import Pixels, read_images
from scanflow_tui.steps.vision.modelfile import load_model
from scanflow_tui.steps.vision.nets import Outputs, outputs
from scanflow_tui.steps.vision.reference import SCORES, Floats, Reference, load_reference

SCORES_FILE = "scores.npz"
DRAWS = 20_000


@dataclass(frozen=True, slots=True)
class Scored:
    """A batch's scores: each alone (n, 2), joined (n,), and conformal p-values (n,)."""

    columns: Floats
    scores: Floats
    p: Floats


def main(step: Step) -> None:
    """Score, test, flag, and offer a queue."""
    prepare(step)
    loaded = load_model(step.input("model"))
    reference = load_reference(step.input("reference"))
    batch = read_images(step.input("batch"), loaded.meta.size, "the batch")
    said = outputs(loaded.model, batch, paced(step, 0.0, 0.5))
    columns = reference.scorer.columns(said)
    scores = reference.scorer.joined(columns)
    scored = Scored(columns, scores, conformal(reference.scores, scores))
    found, flagged = judge(step, scored, reference, said)
    write_json(step.output("finding"), found)
    entries = build_queue(
        features=said.features,
        probabilities=said.probabilities,
        p=scored.p,
        flagged=flagged,
        n_repair=int(step.param("repair", 50)),
        n_audit=int(step.param("audit", 20)),
        seed=step.seed,
    )
    entries = with_near(entries, reference, said)
    write_queue(step.output("queue"), entries, batch, scored, said)
    if reference.examples is not None:
        write_examples(step.output("queue"), entries, reference.scorer.knn, reference.examples)
    for name in ("verdict", "p", "n", "n_flagged"):
        step.set_value(name, getattr(found, name))
    step.message("finding", str(step.param("tell", "plan")), found.sentence)
    step.progress(1.0, found.sentence)


def judge(
    step: Step, scored: Scored, reference: Reference, said: Outputs
) -> tuple[Finding, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """The finding about the batch, and which samples are flagged (n,)."""
    n, m = len(scored.p), len(reference.scores)
    alpha = float(step.param("alpha", 0.01))
    q = float(step.param("flag_share", 0.1))
    step.progress(0.6, "simulating the null")
    table = null_table(n, m, draws=DRAWS) if n >= SAMPLES_MIN else None
    test = batch_test(scored.p, table, alpha)
    flagged = flag(scored.p, q)
    step.progress(0.8, "building the queue")
    held_out, batch = (reference.columns, reference.scores), (scored.columns, scored.scores)
    shown = {"joined": (held_out[1], batch[1])}
    for place, name in enumerate(SCORES):
        shown[name] = (held_out[0][:, place], batch[0][:, place])
    found = finding(
        p=scored.p,
        flagged=flagged,
        guesses=said.guesses,
        test=test,
        n_calibration=m,
        flag_share=q,
        scores=shown,
        slices=reference.slices,
    )
    return found, flagged


def write_queue(
    folder: Path, entries: tuple[QueueEntry, ...], batch: Pixels, scored: Scored, said: Outputs
) -> None:
    """The queue folder: entries, their images at source size, and all scores of the batch."""
    pictures = folder / QUEUE_IMAGES
    pictures.mkdir(parents=True)
    lines = [json.dumps(to_json(entry), allow_nan=False) for entry in entries]
    (folder / QUEUE_FILE).write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
    for entry in entries:
        Image.fromarray(batch[entry.index]).save(pictures / f"{entry.id}.png")
    rows = said.features[[entry.index for entry in entries]].astype(np.float32)
    np.save(folder / QUEUE_FEATURES, rows, allow_pickle=False)
    np.savez(
        folder / SCORES_FILE,
        allow_pickle=False,
        columns=scored.columns,
        scores=scored.scores,
        p=scored.p,
        guesses=said.guesses,
        confidence=said.probabilities.max(axis=1),
    )


if __name__ == "__main__":
    run_step(main)
