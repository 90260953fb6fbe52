"""Likely label errors: flipped labels are found, right ones rarely doubted, few labels judged by
nothing.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanflow_tui.labels.doubt import STRENGTHS, left_out, likely_errors


def blobs(seed: int, n: int = 90, classes: int = 3, flips: int = 6):  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(seed)
    true = np.arange(n) % classes
    features = rng.normal(size=(n, 8)) + 4 * np.eye(8)[true]
    flipped = rng.permutation(n)[:flips]
    said = true.copy()
    said[flipped] = (said[flipped] + 1) % classes
    return features, said.tolist(), set(flipped.tolist()), true


def test_most_flipped_labels_are_found_and_named_aright() -> None:
    n_found, n_named = 0, 0
    for seed in range(30):
        features, said, flipped, true = blobs(seed)
        doubts = likely_errors(features, said, 3)
        assert doubts.n_judged == 90
        found = [doubt for doubt in doubts.found[: len(flipped)] if doubt.at in flipped]
        n_found += len(found)
        n_named += sum(doubt.looks_like == true[doubt.at] for doubt in found)
    assert n_found >= 0.85 * 30 * 6
    assert n_named >= 0.95 * n_found


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000))
def test_right_labels_are_rarely_doubted(seed: int) -> None:
    features, said, _, _ = blobs(seed, flips=0)
    assert len(likely_errors(features, said, 3).found) <= 4


def test_few_labels_judge_nothing() -> None:
    assert likely_errors(np.eye(4), [0, 1, 2, 3], 5).n_judged == 0
    assert likely_errors(np.zeros((0, 3)), [], 5).found == ()
    assert likely_errors(np.ones((6, 3)), [0, 0, 0, 0, 0, 1], 2).n_judged == 0


def test_a_class_with_few_labels_is_left_out() -> None:
    features, said, _, _ = blobs(1, flips=0)
    features = np.vstack([features, features[:2] + 50])
    doubts = likely_errors(features, [*said, 4, 4], 5)
    assert doubts.n_judged == 90
    assert all(doubt.at < 90 for doubt in doubts.found)


def test_the_same_labels_give_the_same_doubts() -> None:
    features, said, _, _ = blobs(7)
    assert likely_errors(features, said, 3) == likely_errors(features, said, 3)


def test_left_out_is_what_a_model_without_that_sample_says_however_many_there_are() -> None:
    for n in (12, 60):
        features, said, _, _ = blobs(3, n=n, flips=2)
        odds = left_out(features, said, 3)
        for at in (0, n // 2, n - 1):
            assert odds[at] == pytest.approx(_without(features, said, at), abs=1e-9)


def _without(features, said, at: int):  # type: ignore[no-untyped-def]
    """The same ridge regression, worked out without sample ``at``, with the strength it chose."""
    scaled = (features - features.mean(axis=0)) / features.std(axis=0)
    scaled = scaled / np.sqrt((scaled**2).sum(axis=1, keepdims=True))
    scaled = np.column_stack([scaled, np.ones(len(scaled))])
    target = np.eye(3)[said]

    def predicted(strength: float, out: int):  # type: ignore[no-untyped-def]
        kept = np.arange(len(scaled)) != out
        rows = scaled[kept]
        inner = rows.T @ rows + strength * np.eye(rows.shape[1])
        return scaled[out] @ np.linalg.solve(inner, rows.T @ target[kept])

    def missed(strength: float) -> float:
        guesses = np.array([predicted(strength, out) for out in range(len(scaled))])
        return float(((guesses - target) ** 2).sum())

    votes = np.maximum(predicted(min(STRENGTHS, key=missed), at), 0.0) + 1e-9
    return votes / votes.sum()
