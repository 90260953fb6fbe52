"""The evaluation table."""

from __future__ import annotations

import numpy as np
import pytest

from scanflow_tui.contract.errors import InputError
from scanflow_tui.contract.evidence import Table
from scanflow_tui.repair.evaluate import Population, table

CLEAN_LABELS = np.arange(300) % 3
CLEAN = Population("clean", CLEAN_LABELS, CLEAN_LABELS, CLEAN_LABELS, (CLEAN_LABELS + 1) % 3)
DRIFTED = Population(
    "drifted",
    labels=[0, 0, 1, 1, 2, 2],
    before=[0, 1, 0, 0, 2, 1],
    after=[0, 0, 1, 0, 1, 2],
    no_labels=[0, 0, 0, 0, 0, 0],
    ids=tuple("abcdef"),
)


def evaluated(drifted: Population | None = DRIFTED) -> Table:
    return table(clean=CLEAN, drifted=drifted, action="retrain", candidate="v4", n_classes=3)


def test_rows_hold_before_baseline_and_after() -> None:
    drifted, clean = evaluated().rows
    assert (drifted.data, clean.data) == ("drifted", "clean")
    assert (drifted.before.value, drifted.after.value) == (
        pytest.approx(2 / 6),
        pytest.approx(4 / 6),
    )
    assert drifted.no_labels is not None and drifted.no_labels.value == pytest.approx(2 / 6)
    assert drifted.delta.value == pytest.approx(2 / 6)
    assert clean.delta.value == 0
    assert clean.worst_after is not None and clean.worst_after.accuracy == 1


def test_ids_say_what_changed() -> None:
    found = evaluated()
    assert found.now_right == ("b", "c", "f")
    assert found.newly_wrong == ("e",)
    assert found.still_wrong == ("d",)


def test_confusion_has_a_row_for_each_true_class() -> None:
    found = evaluated()
    assert found.confusion_before == ((1, 1, 0), (2, 0, 0), (0, 1, 1))
    assert sum(map(sum, found.confusion_after)) == 6


def test_without_an_audit_the_clean_row_stands_alone_with_a_warning() -> None:
    empty = Population("drifted", labels=[], before=[], after=[])
    for nothing in (None, empty):
        found = evaluated(nothing)
        assert [row.data for row in found.rows] == ["clean"]
        assert found.gate.passes and "No audit sample" in found.gate.warnings[0]


def test_the_gate_is_that_of_the_rows() -> None:
    worse = Population("drifted", labels=[0] * 6, before=[0] * 6, after=[1] * 6)
    assert not evaluated(worse).gate.passes


def test_the_sentence_names_each_change_with_its_interval() -> None:
    assert evaluated().sentence.startswith("Drifted .33 → .67, +33.3 points (")
    assert "clean 1.00 → 1.00, 0.0 points" in evaluated().sentence.lower()


def test_guesses_of_other_samples_are_refused_with_their_population() -> None:
    with pytest.raises(InputError, match="evaluation on drifted data: labels, guesses and ids"):
        evaluated(Population("drifted", labels=[0, 1], before=[0], after=[0, 1]))


def test_a_class_beyond_the_pipeline_s_is_refused() -> None:
    with pytest.raises(InputError, match="class 3 is not one of 3"):
        evaluated(Population("drifted", labels=[3], before=[0], after=[0]))


def test_an_empty_clean_set_is_refused() -> None:
    empty = Population("clean", labels=[], before=[], after=[])
    with pytest.raises(InputError, match="no labelled sample"):
        table(clean=empty, drifted=DRIFTED, action="filter", candidate="v4", n_classes=3)
