"""The checker's rows of ``loop.py``: false alarms on clean batches, power on corrupted ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from report import Row
from scanflow_tui.checks.batch import NullTable, batch_test, null_table
from scanflow_tui.checks.estimate import clopper_pearson
from scanflow_tui.checks.pvalues import conformal
from scanflow_tui.steps.vision.corruptions import corrupt
from scanflow_tui.steps.vision.datasets import Slices
from scanflow_tui.steps.vision.images import Pixels
from scanflow_tui.steps.vision.nets import Model, outputs
from scanflow_tui.steps.vision.reference import fit_scorer

ALPHA = 0.01
N, M = 100, 600
CLEAN_BATCHES, DRIFT_BATCHES = 200, 100
ALARMS_MAX = 6
POWER_MIN = 0.95


@dataclass(frozen=True)
class Pool:
    """Scores of the test images, clean and under each corruption, and of the frozen calibration."""

    clean: np.ndarray
    corrupted: dict[str, np.ndarray]
    frozen: np.ndarray


def scores_of(
    model: Model, slices: Slices, images: Pixels, names: tuple[str, ...], seed: int
) -> Pool:
    """Every score once; batches and calibration sets are cut from them."""
    fit, apart = (outputs(model, part.images) for part in (slices.fit, slices.join))
    scorer = fit_scorer(fit, slices.fit.labels, apart)

    def scored(pixels: Pixels) -> np.ndarray:
        return scorer.joined(scorer.columns(outputs(model, pixels)))

    corrupted = {name: scored(corrupt(name, images, seed=seed)) for name in names}
    return Pool(scored(images), corrupted, scored(slices.calibration.images))


def rows(pool: Pool, seed: int, tick: Callable[[str], None]) -> list[Row]:
    """Alarms with a fresh calibration set for each batch, with a frozen one, and the power."""
    table = null_table(N, M, seed=seed)
    rng = np.random.default_rng(seed)
    alarms = sum(verdict(pool, None, 0, table, rng) for _ in range(CLEAN_BATCHES))
    tick("clean batches")
    frozen = sum(
        alarm(pool.frozen, rng.choice(pool.clean, N, replace=False), table)
        for _ in range(CLEAN_BATCHES)
    )
    found = [
        Row(
            f"checker: alarms on {CLEAN_BATCHES} clean batches of {N}, fresh cut of {M} each",
            f"at most {ALARMS_MAX}",
            f"{alarms}, 95 % interval {interval(alarms, CLEAN_BATCHES)}",
            alarms <= ALARMS_MAX,
            {"alarms": alarms, "batches": CLEAN_BATCHES},
        ),
        Row(
            "checker: the same, one frozen calibration set (the model's own reference)",
            "printed",
            f"{frozen}, 95 % interval {interval(frozen, CLEAN_BATCHES)}",
            None,
            {"alarms": frozen, "batches": CLEAN_BATCHES},
        ),
    ]
    for name in pool.corrupted:
        for share in (1.0, 0.2):
            seen = sum(verdict(pool, name, share, table, rng) for _ in range(DRIFT_BATCHES))
            least = 1.0 if share == 1.0 else POWER_MIN
            found.append(
                Row(
                    f"checker: {name} called, {share:.0%} of the images corrupted",
                    f"at least {least:.2f}",
                    f"{seen} of {DRIFT_BATCHES}",
                    seen >= least * DRIFT_BATCHES,
                    {"called": seen, "batches": DRIFT_BATCHES},
                )
            )
        tick(f"{name} batches")
    return found


def verdict(
    pool: Pool, name: str | None, share: float, table: NullTable, rng: np.random.Generator
) -> bool:
    """Whether one batch is called drifted, calibration and batch cut afresh and apart."""
    order = rng.permutation(len(pool.clean))
    calibration, batch = order[:M], order[M : M + N]
    scores = pool.clean[batch].copy()
    if name is not None:
        changed = round(share * N)
        scores[:changed] = pool.corrupted[name][batch[:changed]]
    return alarm(pool.clean[calibration], scores, table)


def alarm(calibration: np.ndarray, scores: np.ndarray, table: NullTable) -> bool:
    return batch_test(conformal(calibration, scores), table, ALPHA).verdict == "drift"


def interval(k: int, n: int) -> str:
    """Clopper and Pearson's interval as text."""
    found = clopper_pearson(k, n)
    return f"{found.low:.3f} to {found.high:.3f}"
