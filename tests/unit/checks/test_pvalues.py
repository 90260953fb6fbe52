"""Conformal p-values."""

from __future__ import annotations

import numpy as np
import pytest

from scanflow_tui.checks.pvalues import conformal
from scanflow_tui.contract.errors import InputError


def test_p_counts_calibration_scores_at_least_as_large() -> None:
    assert conformal([3, 1, 2], [0, 1.5, 9]).tolist() == [1, 3 / 4, 1 / 4]


def test_ties_count_as_greater() -> None:
    assert conformal([1, 2, 2], [2]).tolist() == [3 / 4]


def test_p_is_never_zero() -> None:
    assert conformal(np.arange(600), [1e9])[0] == 1 / 601


def test_no_scores_give_no_p_values() -> None:
    assert len(conformal([1.0], [])) == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_not_finite_scores_are_refused(bad: float) -> None:
    with pytest.raises(InputError, match="NaN or infinite"):
        conformal([1, 2], [0, bad])


def test_an_empty_calibration_set_is_refused() -> None:
    with pytest.raises(InputError, match="0 rows"):
        conformal([], [1.0])
