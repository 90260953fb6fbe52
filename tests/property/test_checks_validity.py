"""What the checks promise, by simulation with fixed seeds: error rates and coverage.

A rate is judged by the exact interval of its count: far out, as the seeds are chosen once.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from scanflow_tui.checks.batch import NullTable, batch_test, null_table
from scanflow_tui.checks.estimate import accuracy, paired_change, stratified, stratum_weights
from scanflow_tui.checks.flags import flag
from scanflow_tui.checks.pvalues import conformal
from scanflow_tui.labels.queue import stratified_audit

REPEATS = 2_000


@pytest.fixture(scope="module", params=[(20, 600), (50, 200), (200, 600)], ids=str)
def table(request: pytest.FixtureRequest) -> NullTable:
    n, m = request.param
    return null_table(n, m, draws=5_000)


def is_plausible(count: int, rate: float, n: int = REPEATS) -> bool:
    """Whether a count is no surprise at the level of 1 in 1,000, on either side."""
    return bool(stats.binomtest(count, n, rate).pvalue > 0.001)


def test_clean_batches_alarm_at_the_stated_rate(table: NullTable) -> None:
    rng = np.random.default_rng(11)
    found = [
        batch_test(conformal(rng.normal(size=table.m), rng.normal(size=table.n)), table)
        for _ in range(REPEATS)
    ]
    p = np.array([each.p for each in found])
    for alpha in (0.01, 0.05, 0.2):
        assert is_plausible(int((p <= alpha).sum()), alpha)
    assert sum(each.verdict == "drift" for each in found) == (p <= 0.01).sum()


def test_scores_with_ties_alarm_no_more_often() -> None:
    table, rng = null_table(50, 200, draws=5_000), np.random.default_rng(12)
    alarms = sum(
        batch_test(
            conformal(rng.integers(0, 5, table.m), rng.integers(0, 5, table.n)), table, alpha=0.05
        ).verdict
        == "drift"
        for _ in range(500)
    )
    assert alarms <= stats.binom.ppf(0.999, 500, 0.05)


def test_a_strongly_shifted_fifth_of_a_batch_is_seen() -> None:
    table, rng = null_table(100, 600, draws=5_000), np.random.default_rng(13)
    seen = 0
    for _ in range(200):
        scores = rng.normal(size=100) + 4 * (np.arange(100) < 20)
        seen += batch_test(conformal(rng.normal(size=600), scores), table).verdict == "drift"
    assert seen >= 195


def test_flags_are_false_at_most_at_their_share() -> None:
    rng = np.random.default_rng(14)
    shares = []
    for _ in range(600):
        scores = rng.normal(size=100) + 5 * (np.arange(100) < 20)
        flagged = flag(conformal(rng.normal(size=600), scores), 0.1)
        shares.append(flagged[20:].sum() / max(1, flagged.sum()))
    assert 0.03 < np.mean(shares) <= 0.1


@pytest.mark.parametrize("rate", [0.3, 0.8, 0.95])
def test_the_audit_s_interval_covers_the_batch_s_accuracy(rate: float) -> None:
    rng = np.random.default_rng(15)
    covered = {"stratified": 0, "wilson": 0}
    for _ in range(600):
        confidence = rng.random(200)
        lean = (confidence - 0.5) * min(rate, 1 - rate)
        correct = rng.random(200) < rate + lean
        drawn, stratum, probability = stratified_audit(confidence, 20, rng=rng)
        weights = stratum_weights(stratum, probability)
        for name, found in (
            ("stratified", stratified(correct[drawn], stratum, weights)),
            ("wilson", accuracy(correct[drawn])),
        ):
            covered[name] += found.low <= correct.mean() <= found.high
    assert covered["stratified"] >= 0.92 * 600
    assert covered["wilson"] >= 0.94 * 600


@pytest.mark.parametrize(
    ("n", "fixed", "broken"), [(20, 0.4, 0.05), (50, 0.1, 0.1), (300, 0, 0.01)]
)
def test_the_interval_of_a_change_covers_it(n: int, fixed: float, broken: float) -> None:
    rng = np.random.default_rng(16)
    draws = rng.random((REPEATS, n))
    before = draws >= fixed
    after = draws < 1 - broken
    covered = 0
    for each in range(REPEATS):
        found = paired_change(before[each], after[each])
        covered += found.low <= fixed - broken <= found.high
    assert covered >= stats.binom.ppf(0.001, REPEATS, 0.95)
