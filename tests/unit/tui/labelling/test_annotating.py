"""An annotator's place in the queue, and what keys do to it."""

from scanflow_tui.contract.commands import GiveLabel
from scanflow_tui.session.state import LabelDesk, LabelView
from scanflow_tui.tui.labelling.annotating import DOES, REFUSED, Annotating, looks, word_shown
from scanflow_tui.tui.labelling.queue import LabelQueue, counts
from scanflow_tui.tui.labelling.witness import Shown
from scanflow_tui.tui.present.class_keys import class_keys
from scanflow_tui.tui.present.label import Layout
from scanflow_tui.tui.present.label_order import is_hidden
from tests.fakes.demo_events import CLASSES, queue

GRID = Layout(4, 2, 30, 16, single=False)


def work() -> Annotating:
    desk = LabelDesk(3, "label")
    made = LabelQueue(3, "label", queue(), "human:u7", desk)
    return Annotating(made, class_keys(CLASSES))


def shown_first(made: Annotating) -> Annotating:
    """The cursor on the first sample that shows a guess."""
    at = next(n for n, entry in enumerate(made.entries) if not is_hidden(entry))
    made.go(at, 0.0)
    return made


def test_a_label_moves_on_to_the_next_without_one() -> None:
    made = work()
    first = made.entry.id
    made.say("class", 3, 1.0)
    made.say("class", 3, 2.0)
    assert made.cursor == 2
    made.go(0, 2.0)
    made.say("class", 4, 3.0)
    assert made.cursor == 2
    assert made.queue.word(first) is not None


def test_at_the_end_it_goes_on_with_what_was_left_out() -> None:
    made = work()
    made.go(len(made.entries) - 1, 0.0)
    made.say("class", 1, 1.0)
    assert made.cursor == 0


def test_time_on_screen_begins_when_the_image_comes() -> None:
    made = work()
    made.say("class", 1, 2.0)
    made.say("class", 1, 3.5)
    sent = [made.queue.next_command(), made.queue.next_command()]
    assert [item.command.ms for item in sent if item is not None] == [2000, 1500]  # type: ignore[union-attr]


def test_undo_goes_back_to_its_image() -> None:
    made = work()
    made.say("class", 1, 1.0)
    made.say("class", 2, 2.0)
    made.undo(3.0)
    assert made.cursor == 1
    made.undo(4.0)
    assert made.cursor == 0
    assert made.undo(5.0) == "nothing to undo"
    made.redo(6.0)
    assert made.queue.word(made.entries[0].id) is not None


def test_accept_takes_a_guess_that_is_shown_and_no_other() -> None:
    made = shown_first(work())
    entry = made.entry
    assert made.accept(1.0) == ""
    word = made.queue.word(entry.id)
    assert word is not None
    assert word.value == entry.guess
    hidden = next(n for n, item in enumerate(made.entries) if is_hidden(item))
    made.go(hidden, 2.0)
    assert "no guess" in made.accept(3.0)


def test_blind_hides_every_guess_and_the_record_says_so() -> None:
    made = shown_first(work())
    DOES["blind"](made, 0.0)
    assert made.is_hidden(made.entry)
    assert made.acceptable(GRID) == ()
    made.say("class", 1, 1.0)
    item = made.queue.next_command()
    assert item is not None
    assert item.command.guess_shown is False  # type: ignore[union-attr]


def test_accepting_a_page_leaves_out_hidden_and_labelled_ones() -> None:
    made = work()
    made.say("class", 1, 1.0)
    takes = made.acceptable(GRID)
    assert takes
    assert all(not is_hidden(entry) for entry in takes)
    assert all(made.queue.word(entry.id) is None for entry in takes)
    made.accept_all(takes, 2.0)
    for entry in takes:
        word = made.queue.word(entry.id)
        assert word is not None
        assert word.value == entry.guess


def test_another_order_keeps_the_image_under_the_cursor() -> None:
    made = work()
    made.go(17, 0.0)
    here = made.entry.id
    made.sort("error risk", 1.0)
    assert made.entry.id == here
    made.sort("typical", 2.0)
    assert made.cursor == 17


def test_what_was_on_screen_is_recorded() -> None:
    made = work()
    made.witness = lambda entry: Shown(place=made.cursor, look=made.look.words())
    DOES["invert"](made, 0.0)
    made.say("class", 1, 1.0)
    item = made.queue.next_command()
    assert item is not None
    command = item.command
    assert isinstance(command, GiveLabel)
    assert (command.order, command.look, command.place) == ("typical", "inverted", 0)


def test_moving_stops_at_the_edges() -> None:
    made = work()
    made.move("left", GRID, 0.0)
    made.move("up", GRID, 0.0)
    assert made.cursor == 0
    made.move("down", GRID, 0.0)
    assert made.cursor == 4
    made.move("page_down", GRID, 0.0)
    assert made.cursor == 12
    made.move("last", GRID, 0.0)
    assert made.cursor == 69


def judging() -> Annotating:
    """Guesses are judged, the first of them under the cursor."""
    made = work()
    assert DOES["judge"](made, 0.0) == ""
    return made


def test_judging_asks_no_sample_whose_guess_is_hidden() -> None:
    made = judging()
    assert made.entries
    assert not any(is_hidden(entry) for entry in made.entries)
    assert [entry.guess for entry in made.entries] == sorted(e.guess for e in made.entries)


def test_yes_labels_with_the_guess_and_no_leaves_the_class_open() -> None:
    made = judging()
    first, second = made.entries[:2]
    DOES["accept"](made, 1.0)
    DOES["reject"](made, 2.0)
    yes, no = made.queue.word(first.id), made.queue.word(second.id)
    assert yes is not None
    assert no is not None
    assert (yes.kind, yes.value) == ("class", first.guess)
    assert (no.kind, no.value) == ("rejected", second.guess)
    assert counts(made.queue).rejected == 1
    assert counts(made.queue).done == 1


def test_a_page_holds_guesses_of_one_class_alone() -> None:
    made = judging()
    for cursor in range(len(made.entries)):
        made.go(cursor, 0.0)
        page = made.page(GRID)
        assert {entry.guess for entry in page} == {made.entry.guess}
        assert made.entry in page
        assert len(page) <= GRID.page


def test_pages_turn_to_the_next_guess_and_back() -> None:
    made = judging()
    first = made.entry.guess
    n = sum(entry.guess == first for entry in made.entries)
    for _ in range(-(-n // GRID.page)):
        made.move("page_down", GRID, 0.0)
    assert made.entry.guess == first + 1
    made.move("page_up", GRID, 0.0)
    assert made.entry.guess == first


def test_when_all_is_judged_the_rejected_ask_for_their_class() -> None:
    made = judging()
    n, rejected = len(made.entries), made.entries[4].id
    said = ""
    for at in range(n):
        said = DOES["reject" if at == 4 else "accept"](made, float(at))
    assert said == "every guess shown was judged: 1 rejected ask for their class"
    assert made.asked is None
    seen = []
    for _ in range(counts(made.queue).open):
        seen.append(made.entry.id)
        made.say("class", 0, 99.0)
    assert rejected in seen
    assert counts(made.queue).open == 0


def test_undo_takes_a_judgement_back_and_asks_again() -> None:
    made = judging()
    first = made.entry.id
    DOES["reject"](made, 1.0)
    made.undo(2.0)
    assert made.entry.id == first
    assert made.queue.word(first) is None
    assert made.asked is not None


def test_undo_of_a_label_from_before_judging_leads_back_to_it() -> None:
    made = work()
    first = made.entry.id
    made.say("class", 1, 0.0)
    DOES["judge"](made, 0.0)
    made.undo(1.0)
    assert made.entry.id == first
    assert made.asked is None


def test_a_rejected_guess_is_not_accepted_by_the_same_key_later() -> None:
    made = judging()
    first = made.entry.id
    DOES["reject"](made, 1.0)
    DOES["judge"](made, 1.0)
    made.go([entry.id for entry in made.entries].index(first), 1.0)
    assert made.accept(2.0) == REFUSED
    assert first not in [entry.id for entry in made.acceptable(GRID)]


def test_words_of_others_are_hidden_where_the_guess_is() -> None:
    made = work()
    entry = next(entry for entry in made.entries if not is_hidden(entry))
    hidden = next(entry for entry in made.entries if is_hidden(entry))
    desk = LabelDesk(3, "label")
    for seq, sample in enumerate((entry.id, hidden.id)):
        label = LabelView(seq, 0, "human:u8", sample, "class", 4, 10)
        desk.labels[sample] = {label.actor: label}
        desk.history.append(label)
    made.queue.folded(desk, 2)
    shown = word_shown(made, entry)
    assert shown is not None
    assert shown.by == "human:u8"
    assert word_shown(made, hidden) is None
    DOES["blind"](made, 0.0)
    assert word_shown(made, entry) is None


def test_what_differs_from_the_image_itself_is_said() -> None:
    made = work()
    assert looks(made) == ""
    DOES["filtered"](made, 0.0)
    DOES["zoom_larger"](made, 0.0)
    assert looks(made) == "zoom 1.5 · after the filter"
