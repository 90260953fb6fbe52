"""The queue of a batch: typical samples, an audit share with true probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scanflow_tui.contract.errors import InputError
from scanflow_tui.contract.evidence import QueueEntry
from scanflow_tui.labels.queue import build_queue, stratified_audit, typical

RNG = np.random.default_rng(0)
FEATURES = RNG.normal(size=(200, 6))
PROBABILITIES = RNG.dirichlet(np.ones(4), 200)
P = RNG.random(200)


def queue(n: int = 200, **changes: Any) -> tuple[QueueEntry, ...]:
    parts = {
        "features": FEATURES[:n],
        "probabilities": PROBABILITIES[:n],
        "p": P[:n],
        "flagged": P[:n] < 0.05,
    }
    return build_queue(**(parts | changes))


def shares(entries: tuple[QueueEntry, ...]) -> tuple[int, int]:
    audit = sum(entry.share == "audit" for entry in entries)
    return len(entries) - audit, audit


def test_typical_samples_are_distinct_and_one_in_each_cluster() -> None:
    centres = np.eye(5)[np.repeat(np.arange(5), 40)]
    chosen = typical(centres + 0.01 * RNG.normal(size=(200, 5)), 5, seed=0)
    assert sorted(chosen // 40) == [0, 1, 2, 3, 4]


def test_typical_samples_begin_with_the_largest_cluster() -> None:
    features = np.eye(2)[np.repeat([0, 1], [30, 170])] + 0.01 * RNG.normal(size=(200, 2))
    assert typical(features, 2, seed=0)[0] >= 30


def test_typical_copes_with_equal_samples() -> None:
    assert sorted(typical(np.ones((6, 3)), 4, seed=0)) == [0, 1, 2, 3]


def test_typical_of_a_small_batch_is_all_of_it() -> None:
    assert sorted(typical(FEATURES[:3], 50, seed=0)) == [0, 1, 2]


def test_audit_strata_are_of_equal_size_by_confidence() -> None:
    confidence = np.arange(100) / 100
    drawn, stratum, probability = stratified_audit(confidence, 20, rng=np.random.default_rng(0))
    assert (stratum == drawn // 20).all()
    assert np.bincount(stratum).tolist() == [4] * 5
    assert probability.tolist() == [0.2] * 20


def test_audit_inclusion_probabilities_are_those_of_the_draw() -> None:
    hits, rng = np.zeros(23), np.random.default_rng(0)
    weighted = np.zeros(23)
    for _ in range(1_000):
        drawn, _, probability = stratified_audit(np.arange(23) / 23, 7, rng=rng)
        hits[drawn] += 1
        weighted[drawn] += 1 / probability
    assert weighted / 1_000 == pytest.approx(np.ones(23), abs=0.2)
    assert hits.sum() == 7 * 1_000


def test_audit_takes_a_batch_whole_if_it_is_no_larger() -> None:
    drawn, _, probability = stratified_audit(np.arange(12) / 12, 20, rng=np.random.default_rng(0))
    assert sorted(drawn) == list(range(12))
    assert (probability == 1).all()


def test_a_queue_has_50_repair_and_20_audit_samples_all_distinct() -> None:
    entries = queue()
    assert shares(entries) == (50, 20)
    assert len({entry.id for entry in entries}) == 70


def test_audit_is_drawn_from_the_whole_batch() -> None:
    seen = {entry.index for seed in range(20) for entry in queue(n=70, seed=seed) if audit(entry)}
    assert seen == set(range(70))


def audit(entry: QueueEntry) -> bool:
    return entry.share == "audit"


def test_only_audit_samples_carry_probability_and_stratum() -> None:
    for entry in queue():
        assert (entry.probability is not None) == audit(entry) == (entry.stratum is not None)


def test_the_reason_does_not_give_the_audit_share_away() -> None:
    for entry in queue():
        assert entry.why.split(" · ")[1:] == (["flagged"] if entry.flagged else [])


def test_an_entry_says_what_the_model_guessed() -> None:
    for entry in queue():
        odds = np.sort(PROBABILITIES[entry.index])[::-1]
        assert entry.guess == PROBABILITIES[entry.index].argmax()
        assert entry.confidence == odds[0]
        assert entry.risk == pytest.approx(1 - (odds[0] - odds[1]))
        assert [odd for _, odd in entry.next_guesses] == odds[1:3].tolist()


def test_a_queue_is_the_same_for_the_same_seed_only() -> None:
    assert queue(seed=3) == queue(seed=3)
    assert queue(seed=3) != queue(seed=4)


@pytest.mark.parametrize(("n", "expected"), [(1, (1, 0)), (35, (25, 10)), (7, (5, 2))])
def test_a_small_batch_is_shared_out_in_proportion(n: int, expected: tuple[int, int]) -> None:
    assert shares(queue(n)) == expected


def test_given_ids_are_kept() -> None:
    names = [f"img-{index}" for index in range(200)]
    assert all(entry.id == f"img-{entry.index}" for entry in queue(ids=names))


def test_parts_of_different_batches_are_refused() -> None:
    with pytest.raises(InputError, match="differ in number"):
        queue(p=P[:9])


def test_features_that_are_not_finite_are_refused() -> None:
    with pytest.raises(InputError, match="features of a queue must be finite"):
        queue(features=np.full((200, 6), np.nan))


def test_an_id_given_twice_is_refused() -> None:
    with pytest.raises(InputError, match="same id"):
        queue(n=2, ids=["a", "a"])
