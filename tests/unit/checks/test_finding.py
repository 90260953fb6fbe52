"""The finding that people and planners read."""

from __future__ import annotations

import numpy as np
import pytest

from scanflow_tui.checks.batch import BatchTest
from scanflow_tui.checks.finding import finding, histogram, p_counts, slice_hash
from scanflow_tui.contract.errors import InputError
from scanflow_tui.contract.evidence import Finding

RNG = np.random.default_rng(0)
DRIFT = BatchTest("drift", 0.0003, 0.01, 30, tests={"fisher": 0.0002})


def found(test: BatchTest, n_flagged: int = 0, n_calibration: int = 600) -> Finding:
    n = test.n
    return finding(
        p=np.linspace(0.01, 1, n),
        flagged=np.arange(n) < n_flagged,
        guesses=np.arange(n) % 3,
        test=test,
        n_calibration=n_calibration,
        scores={"knn": (RNG.normal(size=600), RNG.normal(size=n))},
        slices={"p-values": "ab"},
    )


def test_a_drift_is_said_with_its_p_and_flags() -> None:
    assert found(DRIFT, 4).sentence == (
        "Drift in 30 samples: p < .001, alarm limit .01; 4 flagged."
    )


def test_a_drift_without_flags_says_why_there_are_none() -> None:
    assert "no single sample stands out" in found(DRIFT).sentence
    assert "unless at least 6" in found(DRIFT, n_calibration=50).sentence


def test_a_clean_batch_is_nothing_unusual() -> None:
    test = BatchTest("clean", 0.31, 0.01, 30)
    assert found(test).sentence == "Nothing unusual in 30 samples: p = .31, alarm limit .01."


def test_too_few_samples_have_no_verdict_and_no_p() -> None:
    few = found(BatchTest("too_few", None, 0.01, 7, why="7 samples: a verdict needs at least 20"))
    assert few.p is None
    assert few.sentence.startswith("No verdict on 7 samples: a verdict needs at least 20")


def test_counts_and_classes_add_up_to_the_batch() -> None:
    whole = found(DRIFT, 4)
    assert sum(whole.p_values) == 30 and len(whole.p_values) == 20
    assert sum(row.n for row in whole.classes) == 30
    assert sum(row.flagged for row in whole.classes) == whole.n_flagged == 4
    assert sum(whole.histograms[0].batch) == 30 and sum(whole.histograms[0].reference) == 600


def test_flags_of_another_batch_are_refused() -> None:
    with pytest.raises(InputError, match="not of one batch"):
        finding(p=[0.5], flagged=[True], guesses=[1, 2], test=DRIFT, n_calibration=600)


def test_wild_samples_do_not_press_the_others_into_one_bin() -> None:
    drawn = histogram("bn", RNG.normal(size=600), np.r_[RNG.normal(size=50), 1e9])
    assert sum(count > 0 for count in drawn.reference) > 10
    assert drawn.batch[-1] == 1
    assert sum(drawn.batch) == 51


def test_a_constant_score_has_a_histogram() -> None:
    assert sum(histogram("knn", np.ones(5), np.ones(3)).batch) == 3


def test_p_value_bins_hold_their_upper_edge() -> None:
    counts = p_counts(np.array([0.001, 0.05, 0.051, 1.0]))
    assert (counts[0], counts[1], counts[19]) == (2, 1, 1)


def test_a_slice_s_hash_tells_type_and_shape_apart() -> None:
    ones = np.ones((2, 3))
    hashes = {slice_hash(each) for each in (ones, ones.T, ones.astype(np.float32), ones * 2)}
    assert len(hashes) == 4
    assert slice_hash(ones) == slice_hash(np.asfortranarray(ones))
