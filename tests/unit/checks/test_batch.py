"""The batch test and its null table."""

from __future__ import annotations

from itertools import combinations
from math import log

import numpy as np
import pytest

from scanflow_tui.checks.batch import (
    CRITICISM,
    NullTable,
    batch_test,
    null_table,
    simulated_ranks,
    statistics,
)
from scanflow_tui.checks.pvalues import conformal
from scanflow_tui.contract.errors import InputError

TABLE = null_table(40, 100, draws=2_000, seed=1)


def p_values(shift: float, n: int = 40) -> np.ndarray:
    rng = np.random.default_rng(3)
    return conformal(rng.random(100), rng.random(n) + shift)


def test_fewer_than_20_samples_get_no_verdict_and_a_reason() -> None:
    found = batch_test(p_values(1, n=19), None)
    assert (found.verdict, found.p) == ("too_few", None)
    assert found.why == "19 samples: a verdict needs at least 20"


def test_a_shifted_batch_is_drift() -> None:
    found = batch_test(p_values(0.5), TABLE)
    assert found.verdict == "drift"
    assert found.p is not None and found.p <= 0.01


def test_an_unshifted_batch_is_clean() -> None:
    assert batch_test(p_values(0), TABLE).verdict == "clean"


def test_the_smallest_p_is_the_table_s_resolution() -> None:
    found = batch_test(np.full(40, 1 / 101), TABLE)
    assert found.p == pytest.approx(1 / 2_001, abs=2 / 2_001)
    assert found.tests["fisher"] == 1 / 2_001


def test_the_joint_p_is_never_below_its_parts() -> None:
    found = batch_test(p_values(0.1), TABLE)
    assert found.p is not None
    assert found.p >= min(found.tests["fisher"], found.tests["berk_jones"])


def test_the_order_of_samples_does_not_matter() -> None:
    p = p_values(0.1)
    assert batch_test(p, TABLE) == batch_test(p[::-1], TABLE)


def test_higher_criticism_is_shown_for_small_batches_only() -> None:
    assert CRITICISM in batch_test(p_values(0), TABLE).tests
    assert CRITICISM not in null_table(60, 100, draws=10).values


def test_a_table_of_another_batch_size_is_refused() -> None:
    with pytest.raises(InputError, match="a batch of 30 needs a null table of its size"):
        batch_test(p_values(0, n=30), TABLE)


def test_p_values_of_another_calibration_size_are_refused() -> None:
    with pytest.raises(InputError, match="against 100 calibration scores"):
        batch_test(np.full(40, 0.5123), TABLE)


def test_an_alpha_that_the_draws_cannot_show_is_refused() -> None:
    with pytest.raises(InputError, match="simulate at least"):
        batch_test(p_values(0), TABLE, alpha=1e-5)


def test_a_table_is_the_same_for_the_same_key() -> None:
    again = null_table(40, 100, draws=2_000, seed=1)
    assert all(np.array_equal(again.values[name], TABLE.values[name]) for name in TABLE.values)


def test_a_table_survives_its_arrays() -> None:
    back = NullTable.from_arrays(TABLE.to_arrays())
    assert (back.n, back.m, back.draws, back.seed) == (40, 100, 2_000, 1)
    assert batch_test(p_values(0.2), back) == batch_test(p_values(0.2), TABLE)


def test_arrays_of_something_else_are_no_table() -> None:
    with pytest.raises(InputError, match="no null table"):
        NullTable.from_arrays({"key": np.zeros(4)})


def test_simulated_ranks_are_equally_likely_choices_of_places() -> None:
    drawn = simulated_ranks(2, 3, 30_000, np.random.default_rng(0))
    seen = {tuple(row): 0 for row in drawn.tolist()}
    for row in drawn.tolist():
        seen[tuple(row)] += 1
    expected = {(a, b - 1) for a, b in combinations(range(5), 2)}
    assert set(seen) == expected
    assert all(abs(count - 3_000) < 300 for count in seen.values())


def test_statistics_equal_their_formulas_written_as_loops() -> None:
    ranks, m = np.array([[0, 0, 4, 9, 17, 30]]), 50
    p, n = [(rank + 1) / 51 for rank in ranks[0]], 6
    fisher = -2 * sum(log(each) for each in p)
    divergences, criticism = [0.0], []
    for i, each in enumerate(p, start=1):
        share = i / n
        if each < share:
            rest = (1 - share) * log((1 - share) / (1 - each)) if share < 1 else 0.0
            divergences.append(n * (share * log(share / each) + rest))
        if i <= n // 2:
            criticism.append(n**0.5 * (share - each) / (each * (1 - each)) ** 0.5)
    found = {name: value[0] for name, value in statistics(ranks, m).items()}
    assert found["fisher"] == pytest.approx(fisher)
    assert found["berk_jones"] == pytest.approx(max(divergences))
    assert found[CRITICISM] == pytest.approx(max(criticism))


def test_samples_all_at_the_calibration_s_end_have_finite_statistics() -> None:
    for rank in (0, 100):
        for value in statistics(np.full((1, 30), rank), 100).values():
            assert np.isfinite(value).all()
