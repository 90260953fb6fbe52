"""Labels of a file against the machine: taken whole, in the name of whoever brings them in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scanflow_tui.contract import commands as cmd
from scanflow_tui.session import events as ev
from scanflow_tui.session.state import LabelDesk
from tests.simulator.world import OTHER, OWNER
from tests.unit.supervisor.machine.test_commands import Calm, answer

SHA = "a" * 64
AUTHORS = [["anna@example.org", ""], ["human:u1001", "01ARZ3NDEKTSV4RRFFQ69G5FAV"]]


class Importing(Calm):
    """A label node that asks, and an import to it that began."""

    def __init__(self) -> None:
        super().__init__("label")
        self.n_given = -1
        self.run = self.asked()[0].number
        self.begun = int(answer(self.give(self.begin(), "c1:0")).value)

    def begin(self, n_known: int = 0, authors: list[Any] | None = None) -> cmd.BeginImport:
        authors = AUTHORS if authors is None else authors
        return cmd.BeginImport(self.run, "label", SHA, "csv", 2, n_known, authors)

    def bring(self, *rows: list[Any], n_known: int = 0) -> int:
        """A whole import; its number."""
        authors = [] if n_known else AUTHORS
        began = cmd.BeginImport(self.run, "label", SHA, "csv", len(rows), n_known, authors)
        begun = int(answer(self.give(began, self.next_id())).value)
        self.give(cmd.ImportLabels(self.run, "label", begun, list(rows)), self.next_id())
        assert answer(self.give(self.end(begun), self.next_id())).error is None
        return begun

    def next_id(self) -> str:
        self.n_given += 1
        return f"c9:{self.n_given}"

    def end(self, begun: int) -> cmd.EndImport:
        return cmd.EndImport(self.run, "label", begun)

    def undo(self, begun: int) -> cmd.UndoImport:
        return cmd.UndoImport(self.run, "label", begun)

    def rows(self, *rows: list[Any]) -> cmd.ImportLabels:
        return cmd.ImportLabels(self.run, "label", self.begun, list(rows))

    @property
    def desk(self) -> LabelDesk:
        return self.machine.state.desks[f"{self.run}.label"]


def row(sample: str = "s0", **changed: Any) -> list[Any]:
    fields = {
        "author": 1, "sample": sample, "kind": "class", "value": 1, "at": 5, "ms": 0,
        "guess": None, "shown": None, "order": "", "undone": False, "note": "", "seen": [],
    }  # fmt: skip
    return list((fields | changed).values())


def test_each_label_is_an_event_of_the_importer_with_the_file_s_author_and_time() -> None:
    world = Importing()
    turn = world.give(world.rows(row(), row("s1", author=2, at=7)), "c1:1")
    assert {event.actor for event in turn.events} == {OWNER}
    said = [(e.fact.author, e.fact.said_at, e.fact.begun) for e in turn.events]
    assert said == [("a1", 5, world.begun), ("a2", 7, world.begun)]
    assert world.desk.labels == {}, "nothing is in force before all has come"
    assert answer(world.give(world.end(world.begun), "c1:2")).error is None
    assert list(world.desk.labels["s0"]) == ["said:a1"]
    assert world.desk.labels["s0"]["said:a1"].imported_by == OWNER


def test_an_import_of_which_not_all_came_is_not_in_force() -> None:
    world = Importing()
    world.give(world.rows(row()), "c1:1")
    assert "1 labels came of 2" in str(answer(world.give(world.end(world.begun), "c1:2")).error)
    assert world.desk.labels == {} and world.desk.notes == {}


def test_an_import_is_taken_back_as_one_act_and_words_given_here_stay() -> None:
    world = Importing()
    world.give(cmd.GiveLabel(world.run, "label", "s0", "class", 0), "c1:1")
    begun = world.bring(row(), row("s1"), row("s1", kind="note", value=None, note="x"), n_known=2)
    world.give(cmd.GiveLabel(world.run, "label", "s1", "class", 2), "c1:2")
    turn = world.give(world.undo(begun), "c1:3")
    assert [event.kind for event in turn.events] == ["ImportUndone"]
    mine = {
        sample: {who: w.value for who, w in by.items()} for sample, by in world.desk.labels.items()
    }
    assert mine == {"s0": {OWNER: 0}, "s1": {OWNER: 2}}
    assert world.desk.notes == {}
    assert "already" in str(answer(world.give(world.undo(begun), "c1:4")).error)


def test_of_two_files_the_other_one_s_word_is_in_force_again() -> None:
    world = Importing()
    world.bring(row(value=1, at=5), row(kind="note", value=None, note="first"), n_known=2)
    first_note = world.desk.notes["s0"]
    again = row(kind="note", value=None, at=9, note="second")
    second = world.bring(row(value=2, at=9), again, n_known=2)
    assert world.desk.labels["s0"]["said:a1"].value == 2
    assert world.desk.notes["s0"] != first_note
    world.give(world.undo(second), "c1:1")
    assert world.desk.labels["s0"]["said:a1"].value == 1
    assert world.desk.notes["s0"] == first_note


def test_of_two_imports_at_once_one_alone_comes_into_force() -> None:
    world = Importing()
    command = cmd.BeginImport(world.run, "label", SHA, "csv", 2, 2, [])
    other = int(answer(world.give(command, "c2:0")).value)
    for begun, client in ((world.begun, "c1"), (other, "c2")):
        rows = cmd.ImportLabels(world.run, "label", begun, [row(), row("s1")])
        world.give(rows, f"{client}:1")
    assert answer(world.give(world.end(world.begun), "c1:2")).error is None
    assert "another import" in str(answer(world.give(world.end(other), "c2:2")).error)
    assert world.machine.state.imports[other].phase == "coming"
    assert {label.begun for by in world.desk.labels.values() for label in by.values()} == {
        world.begun
    }


def test_a_file_judged_before_another_came_into_force_does_not_begin() -> None:
    world = Importing()
    world.bring(row(), n_known=2)
    command = cmd.BeginImport(world.run, "label", SHA, "csv", 1, 2, [], n_settled=0)
    assert "another import came between" in str(answer(world.give(command, "c2:0")).error)
    answered = answer(world.give(replace(command, n_settled=1), "c2:1"))
    assert answered.error is None


def test_an_import_that_broke_off_may_be_taken_back_and_nothing_more_comes_of_it() -> None:
    world = Importing()
    world.give(world.rows(row()), "c1:1")
    assert answer(world.give(world.undo(world.begun), "c1:2")).error is None
    for command in (world.rows(row("s1")), world.end(world.begun)):
        assert "has ended" in str(answer(world.give(command, world.next_id())).error)
    assert world.desk.labels == {}


def test_what_was_on_screen_comes_with_a_label() -> None:
    world = Importing()
    seen = ["3", "judging, grid 8x5", 12, "zoom 2 · stretched", "kitty", "ab" * 32]
    (event, *_) = world.give(world.rows(row(shown=False, seen=seen)), "c1:1").events
    fact = event.fact
    assert [fact.key, fact.view, fact.place, fact.look, fact.way, fact.picture] == seen  # type: ignore[union-attr]
    assert world.desk.history[0].shown.startswith("judging, grid 8x5 · kitty")


def test_the_names_of_a_file_s_authors_may_be_erased() -> None:
    world = Calm("label")
    run = world.asked()[0].number
    turn = world.give(cmd.BeginImport(run, "label", SHA, "csv", 1, 0, AUTHORS), "c1:0")
    assert [content.data for content in turn.contents] == [name.encode() for name, _ in AUTHORS]
    assert b"anna" not in b"".join(ev.encode(event) for event in turn.events)


def test_an_import_repeated_is_answered_and_not_applied() -> None:
    world = Importing()
    world.give(world.rows(row()), "c1:1")
    assert world.give(world.rows(row()), "c1:1").events == []
    assert len(world.desk.history) == 1


def test_an_author_s_later_word_is_in_force_whichever_came_first() -> None:
    world = Importing()
    world.give(world.rows(row(value=2, at=9)), "c1:1")
    world.give(world.rows(row(value=1, at=5)), "c1:2")
    world.give(world.end(world.begun), "c1:3")
    assert world.desk.labels["s0"]["said:a1"].value == 2
    assert len(world.desk.history) == 2


def test_an_undone_label_is_history_and_not_in_force() -> None:
    world = Importing()
    world.bring(row(undone=True), row(kind="note", value=None, note="x", undone=True), n_known=2)
    assert world.desk.labels == {} and world.desk.notes == {}
    assert len(world.desk.undone) == 1


def test_what_is_imported_is_not_the_importer_s_to_undo() -> None:
    world = Importing()
    world.give(world.rows(row()), "c1:1")
    turn = world.give(cmd.UndoLabel(world.run, "label", -1), "c1:2")
    assert "no label of yours" in str(answer(turn).error)


def test_a_file_s_note_does_not_replace_a_later_one() -> None:
    world = Importing()
    world.give(cmd.WriteNote(world.run, "label", "s0", "mine"), "c1:1")
    mine = world.desk.notes["s0"]
    world.bring(row(kind="note", value=None, note="theirs"), n_known=2)
    assert world.desk.notes["s0"] == mine
    world.bring(row("s1", kind="note", value=None, note="theirs"), n_known=2)
    assert world.desk.notes["s1"]


BAD = [
    {"author": 0}, {"author": 3}, {"author": True}, {"sample": "nobody"}, {"sample": 1},
    {"kind": "maybe"}, {"kind": None}, {"value": 3}, {"value": -1}, {"value": None},
    {"value": True}, {"kind": "skip"}, {"kind": "note"}, {"kind": "note", "value": None},
    {"at": 0}, {"at": 2**62}, {"at": "5"}, {"ms": -1}, {"ms": 1.5}, {"guess": 9}, {"shown": 2},
    {"order": "By name"}, {"order": None}, {"undone": 0}, {"note": 3}, {"note": "x"},
    {"seen": None}, {"seen": ["3"]}, {"seen": ["by anna at example org", "", 0, "", "", ""]},
    {"seen": ["", "grid", 0, "", "", ""]}, {"seen": ["", "", -2, "", "", ""]},
    {"seen": ["", "", True, "", "", ""]}, {"seen": ["", "", 0, "Anna", "", ""]},
    {"seen": ["", "", 0, "", "Kitty", ""]}, {"seen": ["", "", 0, "", "", "ab"]},
]  # fmt: skip


@pytest.mark.parametrize("changed", BAD, ids=str)
def test_one_bad_row_refuses_all(changed: dict[str, Any]) -> None:
    world = Importing()
    turn = world.give(world.rows(row("s1"), row(**changed)), "c1:1")
    assert [event.kind for event in turn.events] == ["CommandRefused"]
    assert "row 2: " in str(answer(turn).error)
    assert world.desk.history == []


@pytest.mark.parametrize("rows", [[], ["x"], [[1]], [row()] * 501], ids=["none", "x", "1", "501"])
def test_rows_of_another_shape_or_number_are_refused(rows: list[Any]) -> None:
    world = Importing()
    assert answer(world.give(world.rows(*rows), "c1:1")).error is not None
    assert world.desk.history == []


def test_rows_of_no_import_that_began_are_refused() -> None:
    world = Importing()
    turn = world.give(cmd.ImportLabels(world.run, "label", world.begun + 1, [row()]), "c1:1")
    assert "no import" in str(answer(turn).error)


def test_an_import_that_another_one_overtook_is_refused() -> None:
    world = Importing()
    assert "try again" in str(answer(world.give(world.begin(0), "c1:1")).error)
    assert answer(world.give(world.begin(2, []), "c1:2")).error is None


@pytest.mark.parametrize(
    "author", ["anna", [], ["anna"], ["anna", 1], ["", ""], ["x" * 201, ""], ["anna", "somewhere"]]
)
def test_an_author_that_is_none_is_refused(author: Any) -> None:
    world = Importing()
    assert answer(world.give(world.begin(2, [author]), "c1:1")).error is not None


def test_an_import_is_the_owner_s() -> None:
    world = Importing()
    turn = world.give(world.rows(row()), "c2:0", OTHER)
    assert "owner" in str(answer(turn).error)


def test_after_the_end_of_labelling_nothing_is_imported() -> None:
    world = Importing()
    world.give(cmd.FinishLabelling(world.run, "label"), "c1:1")
    turn = world.give(world.rows(row()), "c1:2")
    assert "finished" in str(answer(turn).error)
