"""The label queue: said at once, sent in order, reverted when refused."""

from __future__ import annotations

from scanflow_tui.contract import commands as cmd
from scanflow_tui.session import events as ev
from scanflow_tui.session.events import Event
from scanflow_tui.session.folds import fold
from scanflow_tui.session.state import SessionState, desk_key
from scanflow_tui.tui.labelling.overlay import Pending
from scanflow_tui.tui.labelling.queue import LabelQueue, counts
from tests.fakes.demo_events import demo_events, queue

ME = "human:u7"
ENTRIES = queue()
A, B, C = (entry.id for entry in ENTRIES[:3])


class Desk:
    """A supervisor by hand: it answers one command when told to."""

    def __init__(self) -> None:
        self.state = SessionState()
        for event in demo_events("asked"):
            fold(self.state, event)
        self.queue = LabelQueue(3, "label", ENTRIES, ME, self.desk())
        self.queue.folded(self.desk(), self.state.seq)
        self.taken: list[cmd.Command] = []
        self.given: list[cmd.GiveLabel] = []

    def desk(self):  # type: ignore[no-untyped-def]
        return self.state.desks[desk_key(3, "label")]

    def happen(self, fact: ev.Kind, actor: str = ME) -> int:
        fold(self.state, Event(self.state.seq + 1, self.state.at + 1, actor, fact))
        return self.state.seq

    def take(self) -> Pending:
        item = self.queue.next_command()
        assert item is not None
        self.taken.append(item.command)
        return item

    def do(self, item: Pending) -> int:
        command = item.command
        if isinstance(command, cmd.GiveLabel):
            self.given.append(command)
            return self.happen(
                ev.LabelGiven(
                    command.run, command.node, command.sample, command.kind, command.value,
                    command.ms, command.guess_shown, command.order, command.redoes,
                )
            )  # fmt: skip
        assert isinstance(command, cmd.UndoLabel)
        label = next(label for label in self.desk().history if label.seq == command.seq)
        return self.happen(ev.LabelUndone(3, "label", label.sample, command.seq))

    def answer_all(self) -> None:
        while (item := self.queue.next_command()) is not None:
            self.taken.append(item.command)
            seq = self.do(item)
            self.queue.acknowledged(item, seq)
            self.queue.folded(self.desk(), self.state.seq)


def test_a_label_is_shown_at_once_and_saved_when_acknowledged() -> None:
    desk = Desk()
    desk.queue.give(A, "class", 3)
    word = desk.queue.word(A)
    assert word is not None
    assert (word.value, word.saved, desk.queue.unsaved) == (3, False, 1)
    desk.answer_all()
    word = desk.queue.word(A)
    assert word is not None
    assert (word.value, word.saved, desk.queue.unsaved) == (3, True, 0)


def test_an_answer_before_its_event_keeps_the_label_on_screen() -> None:
    desk = Desk()
    desk.queue.give(A, "class", 3)
    desk.queue.acknowledged(desk.take(), desk.state.seq + 1)
    word = desk.queue.word(A)
    assert word is not None
    assert (word.value, word.saved) == (3, True)


def test_an_event_before_its_answer_is_not_undone_twice() -> None:
    desk = Desk()
    desk.queue.give(A, "class", 3)
    desk.queue.give(B, "class", 4)
    item = desk.take()
    seq = desk.do(item)
    desk.queue.folded(desk.desk(), seq)
    assert desk.queue.undo() == B
    assert desk.queue.undo() == A
    assert desk.queue.undo() is None


def test_commands_are_sent_in_the_order_of_the_keys() -> None:
    desk = Desk()
    for sample, value in ((A, 1), (B, 2), (C, 3)):
        desk.queue.give(sample, "class", value)
    desk.answer_all()
    assert [c.value for c in desk.taken if isinstance(c, cmd.GiveLabel)] == [1, 2, 3]


def test_an_undo_waits_for_the_event_that_it_names() -> None:
    desk = Desk()
    desk.queue.give(A, "class", 3)
    assert desk.queue.undo() == A
    assert desk.queue.word(A) is None
    item = desk.take()
    assert desk.queue.next_command() is None
    seq = desk.do(item)
    desk.queue.acknowledged(item, seq)
    desk.queue.folded(desk.desk(), desk.state.seq)
    assert desk.take().command == cmd.UndoLabel(3, "label", seq)


def test_undo_brings_back_what_was_superseded() -> None:
    desk = Desk()
    desk.queue.give(A, "class", 3)
    desk.queue.give(A, "class", 5)
    desk.queue.undo()
    word = desk.queue.word(A)
    assert word is not None
    assert word.value == 3
    desk.answer_all()
    word = desk.queue.word(A)
    assert word is not None
    assert (word.value, word.saved) == (3, True)


def test_redo_gives_again_what_the_last_undo_took() -> None:
    desk = Desk()
    desk.queue.give(A, "class", 3)
    desk.queue.give(B, "unsure")
    desk.queue.undo()
    desk.queue.undo()
    assert desk.queue.redo() == A
    desk.answer_all()
    assert desk.queue.redo() == B
    desk.answer_all()
    assert desk.queue.redo() is None
    word = desk.queue.word(B)
    assert word is not None
    assert word.kind == "unsure"
    redone = [c.redoes for c in desk.taken if isinstance(c, cmd.GiveLabel) and c.redoes]
    assert len(redone) == 2


def test_a_new_label_ends_redo() -> None:
    desk = Desk()
    desk.queue.give(A, "class", 3)
    desk.queue.undo()
    desk.queue.give(B, "class", 1)
    assert desk.queue.redo() is None


def test_undo_goes_on_after_a_restart() -> None:
    desk = Desk()
    desk.queue.give(A, "class", 3)
    desk.answer_all()
    again = LabelQueue(3, "label", ENTRIES, ME, desk.desk())
    again.folded(desk.desk(), desk.state.seq)
    assert again.undo() == A


def test_a_refused_label_falls_away_with_what_aims_at_it() -> None:
    desk = Desk()
    desk.queue.give(A, "class", 3)
    desk.queue.undo()
    desk.queue.give(B, "class", 4)
    item = desk.take()
    desk.queue.refused(item)
    assert desk.queue.word(A) is None
    desk.answer_all()
    assert desk.taken[1:] == [cmd.GiveLabel(3, "label", B, "class", 4)]


def test_a_postponed_command_is_the_next_again() -> None:
    desk = Desk()
    desk.queue.give(A, "class", 3)
    desk.queue.give(B, "class", 4)
    item = desk.take()
    desk.queue.postponed(item)
    assert desk.take() is item


def test_others_labels_are_shown_but_not_undone() -> None:
    desk = Desk()
    desk.happen(ev.LabelGiven(3, "label", A, "class", 8, 10, True, "typical"), "human:u9")
    desk.queue.folded(desk.desk(), desk.state.seq)
    word = desk.queue.word(A)
    assert word is not None
    assert (word.value, word.by) == (8, "human:u9")
    assert desk.queue.undo() is None


def test_counts_add_up_to_the_queue() -> None:
    desk = Desk()
    desk.queue.give(A, "class", 3)
    desk.queue.give(B, "skip")
    desk.queue.give(C, "invalid")
    found = counts(desk.queue)
    assert (found.labelled, found.skipped, found.invalid, found.left) == (1, 1, 1, 67)
    assert found.done == 3


def test_finish_comes_after_everything_said_before() -> None:
    desk = Desk()
    desk.queue.give(A, "class", 3)
    desk.queue.finish()
    assert desk.queue.is_ended
    item = desk.take()
    assert isinstance(item.command, cmd.GiveLabel)
    assert desk.queue.next_command() is None
    desk.queue.acknowledged(item, 10_000)
    assert isinstance(desk.take().command, cmd.FinishLabelling)


def test_a_note_on_its_way_is_shown() -> None:
    desk = Desk()
    desk.queue.note(A, "smudged")
    assert desk.queue.noted(A) == "smudged"
