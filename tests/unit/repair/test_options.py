"""The repair plan: evidence, rank, and when it is undecided."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scanflow_tui.checks.estimate import mcnemar
from scanflow_tui.contract.errors import InputError
from scanflow_tui.contract.evidence import Action, Option, Options
from scanflow_tui.repair.options import Candidate, rank

LABELS = np.repeat(np.arange(10), 5)
CLEAN = np.arange(300) >= 15


def guessed(*, right: int) -> np.ndarray:
    """Guesses of which the first ``right`` are correct."""
    return np.where(np.arange(50) < right, LABELS, (LABELS + 1) % 10)


def candidate(id: str, right: int | None, *, clean_lost: int = 0, **more: Any) -> Candidate:
    action: Action = "filter" if id.startswith("filter") else "retrain"
    return Candidate(
        id,
        action,
        id,
        guesses=None if right is None else guessed(right=right),
        clean_correct=np.arange(300) >= 15 + clean_lost,
        **more,
    )


def plan(*candidates: Candidate, before: int = 25, **more: Any) -> Options:
    return rank(
        candidates,
        labels=LABELS,
        guesses=guessed(right=before),
        clean_correct=CLEAN,
        **more,
    )


def row(options: Options, id: str) -> Option:
    return next(option for option in options.options if option.id == id)


def test_a_clear_winner_is_recommended_and_stands_first() -> None:
    found = plan(candidate("filter", 26), candidate("retrain", 45))
    assert found.recommended == "retrain"
    assert [option.id for option in found.options] == ["retrain", "filter", "ignore"]
    assert found.sentence == "Retrain: .50 → .90 on 50 labelled samples."


def test_options_that_labels_cannot_tell_apart_are_undecided() -> None:
    found = plan(candidate("retrain", 45, clean_lost=2), candidate("filter", 43))
    assert found.recommended == "undecided"
    assert "50 labels do not tell them apart" in found.sentence
    assert row(found, "retrain").evidence.undecided_against == "filter"
    assert row(found, "filter").evidence.undecided_against == "retrain"
    assert row(found, "ignore").evidence.undecided_against == ""


def test_undecided_prefers_the_lower_risk_to_clean_data() -> None:
    found = plan(candidate("retrain", 45, clean_lost=2), candidate("filter", 43))
    assert found.options[0].id == "filter"
    assert "filter has the least risk to clean data" in found.sentence


def test_a_gain_that_may_be_chance_is_undecided_against_ignore() -> None:
    found = plan(candidate("retrain", 27))
    assert found.recommended == "undecided"
    assert found.options[0].id == "ignore"


def test_a_significant_paired_gain_is_told_apart_although_intervals_overlap() -> None:
    found = plan(candidate("retrain", 33))
    evidence = row(found, "retrain").evidence
    assert evidence.after and evidence.before and evidence.after.low < evidence.before.high
    assert evidence.mcnemar_p == mcnemar(8, 0) < 0.05
    assert found.recommended == "retrain"


def test_ignore_is_recommended_when_its_whole_interval_is_above_the_threshold() -> None:
    found = plan(candidate("retrain", 50), before=49, ignore_above=0.85)
    assert found.recommended == "ignore"
    assert found.options[0].id == "ignore"


def test_ignore_is_not_recommended_when_only_its_estimate_is_above() -> None:
    found = plan(candidate("retrain", 50), before=44, ignore_above=0.85)
    assert found.recommended != "ignore"


def test_a_repair_that_harms_clean_data_is_never_recommended() -> None:
    found = plan(candidate("retrain", 50, clean_lost=4), candidate("filter", 40))
    assert found.recommended == "filter"
    assert "promotion would be refused" in row(found, "retrain").evidence.warnings[0]


def test_too_few_labels_say_how_many_are_missing() -> None:
    few = rank(
        [Candidate("retrain", "retrain", "retrain", guesses=[0] * 8)],
        labels=[0] * 8,
        guesses=[0] * 8,
    )
    evidence = row(few, "retrain").evidence
    assert evidence.why == "not measurable yet: 12 more labels"
    assert evidence.after is None and evidence.before is not None
    assert few.recommended == "undecided"


def test_no_label_at_all_is_a_plan_too() -> None:
    none = rank([Candidate("retrain", "retrain", "retrain")], labels=[], guesses=[])
    assert row(none, "ignore").evidence.before is None
    assert none.sentence == "Undecided: not measurable yet: 20 more labels."


def test_what_was_not_measured_keeps_its_reason() -> None:
    found = plan(candidate("filter", None, why="its base network is not trained yet"))
    assert row(found, "filter").evidence.why == "its base network is not trained yet"


def test_evidence_counts_fixed_broken_and_cost_in_words() -> None:
    found = plan(candidate("retrain", 45, seconds=12.3, labels_used=50))
    evidence = row(found, "retrain").evidence
    assert (evidence.fixed, evidence.broken) == (20, 0)
    assert evidence.why == (
        "fixed 20, broke 0; about 12 s, 50 labels, could lose up to 0.9 points on clean data"
    )


def test_worst_class_is_that_after_the_repair() -> None:
    worst = row(plan(candidate("retrain", 46)), "retrain").evidence.worst
    assert worst is not None and (worst.label, worst.accuracy) == (9, pytest.approx(0.2))


def test_ignore_says_how_many_are_wrong() -> None:
    assert row(plan(candidate("retrain", 45)), "ignore").evidence.why == "25 of 50 wrong"


def test_unknown_clean_risk_is_the_greatest_risk() -> None:
    unknown = Candidate("filter", "filter", "filter", guesses=guessed(right=46))
    found = plan(candidate("retrain", 45, clean_lost=2), unknown)
    assert found.recommended == "undecided"
    assert found.options[0].id == "retrain"


def test_two_options_of_one_id_are_refused() -> None:
    with pytest.raises(InputError, match="same id"):
        plan(candidate("retrain", 45), candidate("retrain", 44))


def test_guesses_of_other_samples_are_refused() -> None:
    with pytest.raises(InputError, match="retrain: 3 guesses for 50 labels"):
        plan(Candidate("retrain", "retrain", "retrain", guesses=[1, 2, 3]))
