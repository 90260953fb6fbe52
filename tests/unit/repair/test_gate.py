"""What forbids a promotion, and what is only said."""

from __future__ import annotations

import numpy as np

from scanflow_tui.repair.gate import gate


def correct(k: int, n: int) -> np.ndarray:
    return np.arange(n) < k


CLEAN = correct(285, 300)


def test_a_clear_gain_passes_without_a_word_on_it() -> None:
    found = gate(correct(10, 50), correct(45, 50), correct(1900, 2000), correct(1900, 2000))
    assert found.passes and not found.refusals and not found.warnings


def test_a_fall_on_audit_samples_is_refused() -> None:
    found = gate(correct(12, 20), correct(11, 20), CLEAN, CLEAN)
    assert not found.passes
    assert "audit samples falls: -5.0 points" in found.refusals[0]


def test_a_gain_that_may_be_chance_is_a_warning_with_interval_and_n() -> None:
    found = gate(correct(11, 20), correct(12, 20), CLEAN, CLEAN)
    assert found.passes
    assert "may be chance: +5.0 points (" in found.warnings[0]
    assert "n 20)" in found.warnings[0]


def test_a_clean_fall_of_exactly_one_point_passes() -> None:
    assert gate(None, None, CLEAN, correct(282, 300)).passes


def test_a_clean_fall_of_more_than_one_point_is_refused() -> None:
    found = gate(correct(10, 50), correct(45, 50), CLEAN, correct(281, 300))
    assert not found.passes
    assert "clean data falls by more than 1.0 points: -1.3 points" in found.refusals[0]


def test_a_possible_clean_fall_is_a_warning() -> None:
    found = gate(correct(10, 50), correct(45, 50), CLEAN, correct(283, 300))
    assert found.passes
    assert "is possible: -0.7 points" in found.warnings[0]


def test_no_audit_refuses_nothing_but_is_said() -> None:
    for nothing in (None, []):
        found = gate(nothing, nothing, CLEAN, CLEAN)
        assert found.passes
        assert "nothing proves a gain" in found.warnings[0]
