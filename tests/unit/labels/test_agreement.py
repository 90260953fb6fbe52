"""Agreement and consensus against published figures, and what must hold of any words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from scanflow_tui.labels.agreement import cohen_kappa, every_pair, krippendorff_alpha, units_of
from scanflow_tui.labels.consensus import SURE, consensus, dawid_skene, estimate

# Krippendorff 2011, section C: four observers, twelve units, nominal alpha .743.
KRIPPENDORFF = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")

# Dawid and Skene 1979, table 1: 45 patients; observer 1 three times, then observers 2 to 5.
PATIENTS = [
    "1111111", "3334334", "1122122", "2223121", "2223222", "2223322", "1222111", "3333433",
    "2222223", "2322223", "4444444", "2223343",
    "1111111", "2223212", "1211111", "1112111", "1111111", "1111111", "2222221", "2221322",
    "2222222", "2222221", "2223222", "2212222",
    "1111111", "1111111", "2322222", "1111111", "1111111", "1121121", "1111111", "3333233",
    "1111111", "2222222", "2223232", "4334343",
    "2212232", "2323233", "3333432", "1111111", "1111111", "1212111", "2322222", "1211111",
    "2222222",
]  # fmt: skip

words = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40)


def test_alpha_is_the_one_that_krippendorff_published() -> None:
    units = [[int(row[at]) for row in KRIPPENDORFF if row[at] != "."] for at in range(12)]
    assert krippendorff_alpha(units) == pytest.approx(0.743, abs=5e-4)


def test_kappa_is_the_one_of_a_table_worked_by_hand() -> None:
    # 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: .7 seen, .5 by chance.
    pairs = [(1, 1)] * 20 + [(1, 0)] * 5 + [(0, 1)] * 10 + [(0, 0)] * 15
    assert cohen_kappa(pairs) == pytest.approx(0.4)


@given(words)
def test_kappa_is_scikit_learns(pairs: list[tuple[int, int]]) -> None:
    first, second = zip(*pairs, strict=True)
    mine = cohen_kappa(pairs)
    if mine is not None:
        assert mine == pytest.approx(cohen_kappa_score(first, second), abs=1e-9)


@given(words)
def test_whoever_agrees_wholly_has_one_or_no_figure(pairs: list[tuple[int, int]]) -> None:
    same = [(a, a) for a, _ in pairs]
    assert cohen_kappa(same) in (None, pytest.approx(1.0))
    assert krippendorff_alpha(same) in (None, pytest.approx(1.0))


def test_nothing_to_compare_has_no_figure() -> None:
    assert cohen_kappa([]) is None
    assert krippendorff_alpha([[1], [2], []]) is None
    assert krippendorff_alpha([[1, 1], [1, 1]]) is None


@given(st.lists(st.lists(st.integers(0, 3), max_size=4), max_size=20), st.randoms())
def test_alpha_knows_no_order_of_people_and_samples(units: list[list[int]], rng) -> None:  # type: ignore[no-untyped-def]
    mixed = [rng.sample(unit, len(unit)) for unit in rng.sample(units, len(units))]
    alpha = krippendorff_alpha(units)
    assert krippendorff_alpha(mixed) == (None if alpha is None else pytest.approx(alpha))


def test_pairs_are_of_samples_that_both_spoke_of() -> None:
    people = {"ana": {"a": 1, "b": 2}, "ben": {"b": 3, "c": 1}}
    assert every_pair(people) == [("ana", "ben", [(2, 3)])]
    assert units_of(people) == [[1], [2, 3], [1]]


def anaesthetists() -> list[tuple[int, int, int]]:
    people = (0, 0, 0, 1, 2, 3, 4)
    return [
        (patient, people[at], int(grade) - 1)
        for patient, grades in enumerate(PATIENTS)
        for at, grade in enumerate(grades)
    ]


def test_the_anaesthetists_of_dawid_and_skene_have_their_published_rates() -> None:
    found = dawid_skene(anaesthetists(), n_samples=45, n_people=5, n_classes=4)
    assert found.shares.round(2).tolist() == [0.4, 0.42, 0.11, 0.07]
    assert found.confusion[0].round(2).tolist() == [
        [0.89, 0.11, 0.0, 0.0],
        [0.07, 0.88, 0.05, 0.0],
        [0.0, 0.34, 0.66, 0.0],
        [0.0, 0.0, 0.56, 0.44],
    ]


def test_the_likelihood_never_falls() -> None:
    found = dawid_skene(anaesthetists(), n_samples=45, n_people=5, n_classes=4)
    assert np.diff(found.likelihoods).min() > -1e-9


said = st.dictionaries(
    st.sampled_from([f"s{n}" for n in range(8)]),
    st.dictionaries(st.sampled_from(["ana", "ben", "eva"]), st.integers(0, 3), min_size=1),
)


@settings(deadline=None)
@given(said)
def test_what_all_said_is_the_consensus_and_never_disputed(by: dict[str, dict[str, int]]) -> None:
    agreed = consensus(by, 4)
    assert agreed.keys() == by.keys()
    for sample, people in by.items():
        assert agreed[sample].value in people.values()
        if len(set(people.values())) == 1:
            assert not agreed[sample].disputed
        else:
            votes = list(people.values())
            is_majority = 2 * votes.count(agreed[sample].value) > len(votes)
            is_sure = agreed[sample].probability >= SURE and is_majority
            assert agreed[sample].disputed != is_sure


@settings(deadline=None)
@given(said, st.permutations(range(4)))
def test_the_consensus_knows_no_names_of_classes(
    by: dict[str, dict[str, int]], other: list[int]
) -> None:
    renamed = {
        sample: {who: other[value] for who, value in people.items()}
        for sample, people in by.items()
    }
    again = consensus(renamed, 4)
    for sample, agreed in consensus(by, 4).items():
        assert again[sample].probability == pytest.approx(agreed.probability, abs=1e-6)


def test_two_who_differ_dispute_and_a_third_settles() -> None:
    by = {f"s{n}": {"ana": n % 2, "ben": n % 2, "eva": n % 2} for n in range(20)}
    by["two"] = {"ana": 0, "ben": 1}
    by["three"] = {"ana": 0, "ben": 1, "eva": 1}
    agreed = consensus(by, 2)
    assert agreed["two"].disputed
    assert (agreed["three"].value, agreed["three"].disputed) == (1, False)


def test_who_is_often_wrong_weighs_less() -> None:
    by = {f"s{n}": {"ana": n % 2, "ben": n % 2, "eva": (n // 2) % 2} for n in range(40)}
    by["odd"] = {"ana": 1, "eva": 0}
    agreed = consensus(by, 2)["odd"]
    assert agreed.value == 1 and agreed.probability > 0.9
    assert agreed.disputed, "one against one is never settled by rates alone"


@settings(deadline=None)
@given(said, st.integers(1, 4))
def test_samples_alike_weighed_together_come_to_what_each_by_itself_comes_to(
    by: dict[str, dict[str, int]], n: int
) -> None:
    # These tell the three apart: where two are alike an estimate may stand on a ridge, and the
    # rounding of a sum decides to which side it falls.
    known = {
        f"k{at}": {
            "ana": at % 4,
            "ben": (at + (at % 7 == 0)) % 4,
            "eva": at % 4 if at % 3 else (at + at // 3) % 4,
        }
        for at in range(40)
    }
    people, by = ("ana", "ben", "eva"), {**known, **by}
    rows = [
        (at, people.index(who), value)
        for at, words in enumerate(by.values())
        for who, value in words.items()
    ]
    shape = {"n_people": 3, "n_classes": 4, "prior": 4.0}
    once = dawid_skene(rows, n_samples=len(by), times=[n] * len(by), **shape)  # type: ignore[arg-type]
    many = [(at * n + copy, who, value) for at, who, value in rows for copy in range(n)]
    each = dawid_skene(many, n_samples=len(by) * n, **shape)  # type: ignore[arg-type]
    assert once.posteriors == pytest.approx(each.posteriors[::n], abs=1e-6)
    assert once.confusion == pytest.approx(each.confusion, abs=1e-6)


def test_a_hundred_thousand_samples_of_three_are_few_profiles() -> None:
    by = {
        f"s{n}": {"ana": n % 10, "ben": n % 10, "eva": (n + (n % 7 == 0)) % 10}
        for n in range(100_000)
    }
    known = estimate(by, 10)
    assert known is not None
    assert len(known.words) == len(known.found.posteriors) == 20
    assert len(known.profiles) == 100_000
