"""Accuracies with intervals."""

from __future__ import annotations

import numpy as np
import pytest

from scanflow_tui.checks.estimate import (
    accuracy,
    clopper_pearson,
    mcnemar,
    paired_change,
    stratified,
    stratum_weights,
    temperature,
    wilson,
    worst_class,
)
from scanflow_tui.contract.errors import InputError
from scanflow_tui.contract.evidence import WorstClass


def test_wilson_of_a_textbook_case() -> None:
    found = wilson(10, 20)
    assert (found.low, found.value, found.high) == pytest.approx((0.2993, 0.5, 0.7007), abs=1e-4)


@pytest.mark.parametrize("interval", [wilson, clopper_pearson])
def test_no_success_and_no_failure_touch_the_ends_only(interval: type) -> None:
    none, every = interval(0, 20), interval(20, 20)
    assert none.low == 0 and 0 < none.high < 0.2
    assert every.high == 1 and 0.8 < every.low < 1


@pytest.mark.parametrize("interval", [wilson, clopper_pearson])
@pytest.mark.parametrize(("k", "n"), [(0, 0), (3, 2), (-1, 5)])
def test_what_is_no_proportion_is_refused(interval: type, k: int, n: int) -> None:
    with pytest.raises(InputError, match="no proportion"):
        interval(k, n)


def test_accuracy_counts_correct_guesses() -> None:
    assert accuracy([True, False, True, True]) == wilson(3, 4)


def test_stratified_weighs_strata_by_their_share() -> None:
    found = stratified([1, 1, 0, 0], [0, 0, 1, 1], [0.9, 0.1])
    assert found.value == pytest.approx(0.9)
    assert found.n == 4


def test_stratified_without_errors_is_not_certain() -> None:
    found = stratified(np.ones(20), np.repeat(np.arange(5), 4), np.full(5, 0.2))
    assert found.value == found.high == 1
    assert found.low < 0.9


def test_a_stratum_without_labels_is_stood_for_by_the_others() -> None:
    assert stratified([1, 0], [0, 0], [0.5, 0.5]).value == 0.5


def test_a_label_of_no_stratum_is_refused() -> None:
    with pytest.raises(InputError, match="none of the strata"):
        stratified([1, 0], [0, 2], [0.5, 0.5])


def test_stratum_weights_follow_from_inclusion_probabilities() -> None:
    assert stratum_weights([0, 0, 1], [0.2, 0.2, 0.5]) == pytest.approx([10 / 12, 2 / 12])


def test_paired_change_counts_fixed_minus_broken() -> None:
    before, after = [0, 0, 0, 1, 1, 0], [1, 1, 0, 0, 1, 0]
    found = paired_change(before, after)
    assert found.value == pytest.approx(1 / 6)
    assert found.low < found.value < found.high
    assert found.n == 6


def test_paired_change_of_equal_models_includes_0_and_is_not_certain() -> None:
    found = paired_change(np.ones(300), np.ones(300))
    assert found.value == 0
    assert -0.02 < found.low < 0 < found.high < 0.02


def test_a_change_needs_the_same_samples() -> None:
    with pytest.raises(InputError, match="not the same samples"):
        paired_change([1, 0], [1])


def test_mcnemar_of_nothing_changed_is_1() -> None:
    assert mcnemar(0, 0) == 1


def test_mcnemar_of_one_sided_change_is_small() -> None:
    assert mcnemar(8, 1) == pytest.approx(20 / 512)
    assert mcnemar(1, 8) == mcnemar(8, 1)


def test_worst_class_needs_enough_labels() -> None:
    labels, guesses = [0] * 4 + [1] * 6, [9] * 4 + [1] * 3 + [0] * 3
    assert worst_class(labels, guesses) == WorstClass(1, 0.5, 6)
    assert worst_class(labels, guesses, n_min=4) == WorstClass(0, 0.0, 4)
    assert worst_class(labels, guesses, n_min=7) is None


def test_temperature_undoes_a_scaling_of_logits() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(1_500, 5))
    odds = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (odds.cumsum(axis=1) < rng.random((1_500, 1))).sum(axis=1)
    honest = temperature(logits, labels)
    assert honest == pytest.approx(1, abs=0.15)
    assert temperature(3 * logits, labels) == pytest.approx(3 * honest, rel=1e-6)


def test_temperature_of_perfect_guesses_stays_in_its_bounds() -> None:
    assert temperature(np.eye(3) * 5, [0, 1, 2]) == pytest.approx(1 / 20)


def test_labels_beyond_the_classes_are_refused() -> None:
    with pytest.raises(InputError, match="do not fit the logits"):
        temperature(np.zeros((2, 3)), [0, 3])
