"""Per-sample scores: neighbours, batch-norm statistics, their join."""

from __future__ import annotations

import numpy as np
import pytest

from scanflow_tui.checks.scores import (
    REFERENCE_MAX,
    auroc,
    bn_scores,
    fit_bn,
    fit_join,
    fit_knn,
    join,
    knn_nearest,
    knn_scores,
    ledoit_wolf,
    rows_kept,
)
from scanflow_tui.contract.errors import InputError

RNG = np.random.default_rng(0)
FEATURES = RNG.normal(size=(300, 8))


def test_knn_is_the_distance_to_the_kth_neighbour_by_direction() -> None:
    queries = RNG.normal(size=(7, 8)) * 5
    unit = FEATURES / np.linalg.norm(FEATURES, axis=1, keepdims=True)
    directions = queries / np.linalg.norm(queries, axis=1, keepdims=True)
    loop = [np.sort(np.linalg.norm(unit - row, axis=1))[9] for row in directions]
    assert knn_scores(fit_knn(FEATURES), queries) == pytest.approx(loop, abs=1e-3)


def test_knn_scores_do_not_depend_on_the_block_they_fall_in() -> None:
    queries = RNG.normal(size=(2_500, 8))
    whole = knn_scores(fit_knn(FEATURES), queries)
    parts = [knn_scores(fit_knn(FEATURES), part) for part in np.array_split(queries, 7)]
    assert np.concatenate(parts) == pytest.approx(whole, abs=1e-3)


def test_knn_reference_is_capped_in_proportion_by_class() -> None:
    labels = np.repeat([0, 1], [9_000, 1_000])
    features = np.stack([labels + 1.0, np.ones(10_000)], axis=1)
    kept = fit_knn(features, labels=labels).features
    assert len(kept) == REFERENCE_MAX
    assert (kept[:, 0] > 0.8).sum() == pytest.approx(500, abs=1)


def test_knn_needs_as_many_rows_as_neighbours() -> None:
    with pytest.raises(InputError, match="expected at least 10"):
        fit_knn(FEATURES[:9])


def test_zero_features_get_a_finite_score() -> None:
    assert np.isfinite(knn_scores(fit_knn(FEATURES), np.zeros((2, 8)))).all()


def test_features_of_another_width_are_refused() -> None:
    with pytest.raises(InputError, match="5 columns, the reference has 8"):
        knn_scores(fit_knn(FEATURES), np.ones((2, 5)))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_not_finite_features_are_refused_with_their_row(bad: float) -> None:
    features = FEATURES.copy()
    features[17, 3] = bad
    with pytest.raises(InputError, match="first in row 17"):
        knn_scores(fit_knn(FEATURES), features)


def test_bn_score_grows_with_distance_in_any_channel() -> None:
    ref = fit_bn(FEATURES * np.arange(1, 9))
    near, far = ref.mean * ref.scale, (ref.mean + np.eye(8)[5] * 4) * ref.scale
    low, high = bn_scores(ref, np.stack([near, far]))
    assert low == pytest.approx(0, abs=1e-9)
    assert high > 10


def test_bn_reference_survives_a_channel_that_never_varies() -> None:
    stats = np.column_stack([FEATURES, np.zeros(300)])
    scores = bn_scores(fit_bn(stats), stats)
    assert np.isfinite(scores).all()


def test_ledoit_wolf_of_constant_rows_is_finite() -> None:
    mean, precision = ledoit_wolf(np.ones((5, 3)))
    assert mean.tolist() == [1, 1, 1]
    assert np.isfinite(precision).all()


def test_join_takes_the_larger_of_the_scaled_scores() -> None:
    columns = np.stack([np.arange(200.0), 10 * np.arange(200.0)], axis=1)
    scale = fit_join(columns)
    at_median, first_high, second_high = join(
        scale,
        [scale.median, scale.median + [1, 0] * scale.spread, scale.median + [0, 1] * scale.spread],
    )
    assert (at_median, first_high, second_high) == pytest.approx((0, 1, 1))


def test_join_refuses_a_score_that_does_not_vary() -> None:
    with pytest.raises(InputError, match="score 1 does not vary"):
        fit_join(np.stack([np.arange(200.0), np.ones(200)], axis=1))


def test_auroc_is_the_share_of_ordered_pairs() -> None:
    assert auroc([1, 2, 3], [2, 4]) == pytest.approx((1.5 + 3) / 6)


def test_auroc_of_separated_scores_is_one() -> None:
    assert auroc([0, 1], [2, 3]) == 1


def test_the_nearest_references_are_those_of_the_smallest_angle() -> None:
    found = knn_nearest(fit_knn(FEATURES), FEATURES[[3, 7]] * 5, 2)
    assert found[:, 0].tolist() == [3, 7]
    unit = FEATURES / np.linalg.norm(FEATURES, axis=1, keepdims=True)
    assert found[:, 1].tolist() == [int(np.argsort(-unit @ unit[at])[1]) for at in (3, 7)]


def test_the_rows_that_a_reference_keeps_can_be_named() -> None:
    features = np.random.default_rng(0).normal(size=(6000, 4))
    labels = np.arange(6000) % 3
    kept = rows_kept(6000, labels)
    assert len(kept) == 5000
    unit = features[kept] / np.linalg.norm(features[kept], axis=1, keepdims=True)
    assert fit_knn(features, labels=labels).features == pytest.approx(unit, abs=1e-6)
