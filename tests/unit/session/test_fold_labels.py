"""Folds of labels: in force, superseded, taken back, given again."""

from __future__ import annotations

from scanflow_tui.session import events as ev
from scanflow_tui.session.folds import redoable, undoable
from scanflow_tui.session.state import LabelDesk
from tests.unit.session.making import ANNA, BORIS, folded, label, undone


def desk(*facts: object) -> LabelDesk:
    return folded(*facts).desks["1.label"]


def in_force(found: LabelDesk) -> dict[str, dict[str, int | None]]:
    return {
        sample: {actor: given.value for actor, given in by.items()}
        for sample, by in found.labels.items()
    }


def test_a_later_label_of_the_same_human_supersedes() -> None:
    found = desk((label("s", 1), ANNA), (label("s", 2), ANNA))
    assert in_force(found) == {"s": {ANNA: 2}}
    assert len(found.history) == 2


def test_two_humans_labels_stand_side_by_side() -> None:
    found = desk((label("s", 1), ANNA), (label("s", 2), BORIS))
    assert in_force(found) == {"s": {ANNA: 1, BORIS: 2}}


def test_undo_brings_the_superseded_label_back() -> None:
    found = desk((label("s", 1), ANNA), (label("s", 2), ANNA), (undone("s", 1), ANNA))
    assert in_force(found) == {"s": {ANNA: 1}}


def test_undo_of_the_only_label_leaves_the_sample_unlabelled() -> None:
    assert in_force(desk((label("s"), ANNA), (undone("s", 0), ANNA))) == {}


def test_undo_of_a_superseded_label_leaves_the_later_one() -> None:
    given = ((label("s", 1), ANNA), (label("s", 2), ANNA), (undone("s", 0), ANNA))
    assert in_force(desk(*given)) == {"s": {ANNA: 2}}
    assert in_force(desk(*given, (undone("s", 1), ANNA))) == {}


def test_undo_of_anothers_label_changes_nothing() -> None:
    found = desk((label("s", 1), ANNA), (undone("s", 0), BORIS))
    assert in_force(found) == {"s": {ANNA: 1}}


def test_undo_told_twice_takes_one_label_back() -> None:
    found = desk(
        (label("a"), ANNA), (label("s"), ANNA), (undone("s", 1), ANNA), (undone("s", 1), ANNA)
    )
    assert in_force(found) == {"a": {ANNA: 3}}
    assert found.redo[ANNA] == [1]


def test_undo_goes_back_step_by_step() -> None:
    given = ((label("a"), ANNA), (label("b"), ANNA))
    first = undoable(desk(*given), ANNA)
    second = undoable(desk(*given, (undone("b", 1), ANNA)), ANNA)
    assert first is not None and first.sample == "b"
    assert second is not None and second.sample == "a"
    assert undoable(desk(*given, (undone("b", 1), ANNA), (undone("a", 0), ANNA)), ANNA) is None


def test_redo_gives_back_what_was_undone_last() -> None:
    given = ((label("a"), ANNA), (label("b"), ANNA), (undone("b", 1), ANNA), (undone("a", 0), ANNA))
    first = redoable(desk(*given), ANNA)
    again = (*given, (label("a", redoes=0), ANNA))
    second = redoable(desk(*again), ANNA)
    assert first is not None and first.sample == "a"
    assert second is not None and second.sample == "b"
    assert in_force(desk(*again)) == {"a": {ANNA: 3}}


def test_a_new_label_forgets_what_could_be_redone() -> None:
    given = ((label("a"), ANNA), (undone("a", 0), ANNA), (label("b"), ANNA))
    assert redoable(desk(*given), ANNA) is None


def test_anothers_label_does_not_forget_my_redo() -> None:
    given = ((label("a"), ANNA), (undone("a", 0), ANNA), (label("b"), BORIS))
    assert redoable(desk(*given), ANNA) is not None


def test_the_desk_of_a_human_without_labels_has_nothing_to_undo() -> None:
    found = desk((label("a"), ANNA))
    assert undoable(found, BORIS) is None and redoable(found, BORIS) is None


def test_a_note_is_kept_as_its_digest() -> None:
    assert desk((ev.NoteWritten(1, "label", "s", "d" * 64), ANNA)).notes == {"s": "d" * 64}


def test_labelling_that_was_finished_is_finished() -> None:
    assert desk((ev.LabellingFinished(1, "label", 1, 0, 0, 0, 0), ANNA)).finished


def test_what_was_on_screen_is_folded_in_words() -> None:
    seen = ev.LabelGiven(
        1, "label", "s", "class", 3, 250, False, "typical", None,
        "3", "grid 8x5", 12, "zoom 2", "sixel", "ab" * 32,
    )  # fmt: skip
    found = desk((seen, ANNA), (label("t"), ANNA))
    assert found.labels["s"][ANNA].shown == "grid 8x5 · sixel · zoom 2 · guess hidden · key 3"
    assert found.labels["t"][ANNA].shown == ""
