"""Our statistics against those of scikit-learn and scipy.stats, on drawn inputs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.covariance import LedoitWolf
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

from scanflow_tui.checks.estimate import (
    clopper_pearson,
    mcnemar,
    paired_change,
    stratified,
    temperature,
    wilson,
)
from scanflow_tui.checks.flags import flag
from scanflow_tui.checks.pvalues import conformal
from scanflow_tui.checks.scores import auroc, bn_scores, fit_bn, fit_knn, knn_scores, ledoit_wolf

seeds = st.integers(0, 2**32 - 1)
quick = settings(max_examples=40, deadline=None)
few_values = st.lists(st.integers(0, 6), min_size=1, max_size=40)


@given(seeds, st.integers(3, 60), st.integers(1, 12))
@quick
def test_ledoit_wolf_equals_scikit_learn(seed: int, n: int, d: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) + rng.normal(size=d)
    mean, precision = ledoit_wolf(x)
    peer = LedoitWolf().fit(x)
    assert mean == pytest.approx(peer.location_)
    scale = np.abs(peer.precision_).max()
    assert precision == pytest.approx(peer.precision_, rel=1e-6, abs=1e-6 * scale)


@given(seeds, st.integers(5, 60))
@quick
def test_bn_scores_equal_scikit_learn_s_mahalanobis(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    train, batch = rng.normal(size=(n, 4)) * [1, 5, 0.1, 1], rng.normal(size=(9, 4))
    ref = fit_bn(train)
    peer = LedoitWolf().fit(train / ref.scale)
    assert bn_scores(ref, batch) == pytest.approx(peer.mahalanobis(batch / ref.scale), rel=1e-6)


@given(seeds, st.integers(1, 10))
@quick
def test_knn_scores_equal_scikit_learn_s_neighbours(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    train, batch = rng.normal(size=(40, 5)), rng.normal(size=(9, 5))
    ref = fit_knn(train, k)
    unit = batch / np.linalg.norm(batch, axis=1, keepdims=True)
    peer = NearestNeighbors(n_neighbors=k).fit(ref.features.astype(float)).kneighbors(unit)[0]
    assert knn_scores(ref, batch) == pytest.approx(peer[:, -1], abs=1e-3)


@given(few_values, few_values)
@quick
def test_auroc_equals_scikit_learn_with_ties(clean: list[int], strange: list[int]) -> None:
    truth = [0] * len(clean) + [1] * len(strange)
    assert auroc(clean, strange) == pytest.approx(roc_auc_score(truth, clean + strange))


@given(st.integers(0, 500), st.integers(1, 500))
@quick
def test_proportions_equal_scipy_s(k: int, n: int) -> None:
    assume(k <= n)
    peer = stats.binomtest(k, n)
    for ours, method in ((wilson, "wilson"), (clopper_pearson, "exact")):
        low, high = peer.proportion_ci(0.95, method=method)
        found = ours(k, n)
        assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)
        assert found.low <= found.value <= found.high


@given(st.integers(0, 200), st.integers(0, 200))
@quick
def test_mcnemar_equals_scipy_s_binomial_test(fixed: int, broken: int) -> None:
    assume(fixed + broken)
    peer = stats.binomtest(fixed, fixed + broken, 0.5).pvalue
    assert mcnemar(fixed, broken) == pytest.approx(peer, abs=1e-12)


@given(few_values, few_values)
@quick
def test_conformal_p_values_count_as_a_loop_does(calibration: list[int], scores: list[int]) -> None:
    m = len(calibration)
    loop = [(1 + sum(each >= score for each in calibration)) / (m + 1) for score in scores]
    assert conformal(calibration, scores).tolist() == pytest.approx(loop)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60), st.sampled_from([0.05, 0.1, 0.5]))
@quick
def test_flags_equal_scipy_s_adjusted_p_values(p: list[float], q: float) -> None:
    adjusted = stats.false_discovery_control(p, method="bh")
    assume((np.abs(adjusted - q) > 1e-9).all())
    assert flag(p, q).tolist() == (adjusted <= q).tolist()


@given(seeds)
@settings(max_examples=15, deadline=None)
def test_no_other_temperature_has_a_better_likelihood(seed: int) -> None:
    rng = np.random.default_rng(seed)
    logits, labels = 4 * rng.normal(size=(80, 4)), rng.integers(0, 4, 80)
    found = temperature(logits, labels)

    def loss(t: float) -> float:
        z = logits / t
        odds = np.exp(z - z.max(axis=1, keepdims=True))
        return -float(np.log(odds[np.arange(80), labels] / odds.sum(axis=1)).mean())

    assert all(
        loss(found) <= loss(found * factor) + 1e-12
        for factor in (0.9, 0.99, 1.01, 1.1)
        if 1 / 20 <= found * factor <= 20
    )


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
@quick
def test_a_change_lies_in_its_interval_and_turns_with_its_sides(
    pairs: list[tuple[bool, bool]],
) -> None:
    before, after = zip(*pairs, strict=True)
    found, turned = paired_change(before, after), paired_change(after, before)
    assert -1 <= found.low <= found.value <= found.high <= 1
    assert (found.low, found.value) == pytest.approx((-turned.high, -turned.value))


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4)), min_size=1, max_size=60), seeds)
@quick
def test_a_stratified_estimate_lies_in_its_interval(
    samples: list[tuple[bool, int]], seed: int
) -> None:
    correct, stratum = zip(*samples, strict=True)
    weights = np.random.default_rng(seed).uniform(0.1, 1, 5)
    found = stratified(correct, stratum, weights)
    assert 0 <= found.low <= found.value <= found.high <= 1
