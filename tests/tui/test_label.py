"""The Label screen: one stroke each, nothing lost, nothing waited for."""

from __future__ import annotations

import os

import pytest
from textual import events

from scanflow_tui.contract import commands as cmd
from scanflow_tui.session.state import desk_key
from scanflow_tui.tui.labelling.sending import UNDER_WAY_MAX
from scanflow_tui.tui.present.label_order import arranged, is_hidden
from scanflow_tui.tui.screens.label import LabelScreen
from scanflow_tui.tui.widgets.bars import Footer
from tests.driver import LARGE, SMALL, Driver, drive
from tests.fakes.demo_events import demo_events, half_labelled, queue, thumbnail
from tests.fakes.people import ME, PeopleSource, squares
from tests.fakes.source import FakeTape

ORDER = arranged(queue(), "typical")


def source(chapter: str = "asked") -> PeopleSource:
    return PeopleSource(demo_events(chapter), reads=squares())


def labels(of: PeopleSource) -> list[tuple[str, int | None]]:
    return [(c.sample, c.value) for c in of.done if isinstance(c, cmd.GiveLabel)]


async def shown(it: Driver, sample: str) -> None:
    """Put the cursor on a sample by moving."""
    for _ in range(len(ORDER)):
        screen = it.app.screen
        assert isinstance(screen, LabelScreen)
        work = screen.bench.open_work
        assert work is not None
        if work.entry.id == sample:
            return
        await it.press("right")
    raise AssertionError(f"{sample} is not in the queue")


async def test_one_stroke_labels_and_moves_on() -> None:
    made = source()
    async with drive(made, start="label") as it:
        await it.until("img")
        await it.press("3", "4")
        assert labels(made) == [(ORDER[0].id, 3), (ORDER[1].id, 4)]
        it.expect_text(f"img {ORDER[2].id}", "2 of 70")


async def test_two_hundred_fast_keys_are_sent_once_each_in_order() -> None:
    made = source()
    made.hold()
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        pressed = [str(number * 7 % 10) for number in range(200)]
        for key in pressed:
            it.app.post_message(events.Key(key, key))
        for _ in range(400):
            if "70 of 70" in it.text():
                break
            await it.pilot.pause()
        it.expect_text("not yet saved", "…")
        assert 1 < len(made.sent) <= UNDER_WAY_MAX
        made.release()
        for _ in range(400):
            if len(labels(made)) == 200:
                break
            await it.pilot.pause()
        await it.settle()
        assert [str(value) for _, value in labels(made)] == pressed
        assert [sample for sample, _ in labels(made)][:70] == [entry.id for entry in ORDER]
        it.expect_text("saved")
        it.expect_no_text("not yet saved", "…")


async def test_a_label_shows_dots_until_it_is_acknowledged() -> None:
    made = source()
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        made.hold()
        await it.press("3")
        it.expect_text("3 …", "1 not yet saved")
        made.release()
        await it.until("3 ✓")
        it.expect_no_text("3 …", "not yet saved")


async def test_saved_is_never_said_above_a_tile_that_says_otherwise() -> None:
    made = source()
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        it.app.direct.still_s = 600.0
        made.hold()
        await it.press("3")
        it.expect_text("3 …", "1 not yet saved")
        made.release()
        await it.settle()
        place = it.app.screen
        assert isinstance(place, LabelScreen)
        place.paint_bars()
        await it.settle()
        it.expect_text("3 ✓", " saved")


async def test_a_refused_label_is_said_and_falls_away() -> None:
    made = source()
    made.refuses.add(ORDER[0].id)
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        await it.press("3", "4")
        it.expect_text(f"not taken: sample {ORDER[0].id} is not yours to label")
        it.expect_no_text("3 ✓", "3 …")
        it.expect_text("4 ✓", "1 of 70")


async def test_undo_and_redo_are_sent_and_shown() -> None:
    made = source()
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        await it.press("3", "u")
        it.expect_no_text("3 ✓")
        it.expect_text("0 of 70")
        await it.press("U")
        it.expect_text("3 ✓")
        kinds = [type(command).__name__ for command in made.done]
        assert kinds == ["GiveLabel", "UndoLabel", "GiveLabel"]
        desk = made.state.desks[desk_key(3, "label")]
        assert desk.labels[ORDER[0].id][ME].value == 3


async def test_undo_works_on_labels_of_an_earlier_sitting() -> None:
    if os.getuid() != 1000:
        events_ = list(half_labelled(12))
        for at, event in enumerate(events_):
            if event.kind == "LabelGiven":
                events_[at] = type(event)(event.seq, event.at, ME, event.fact)
    else:
        events_ = half_labelled(12)
    made = PeopleSource(events_, reads=squares())
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("12 of 70")
        await it.press("u", "u")
        it.expect_text("10 of 70")


@pytest.mark.parametrize(("key", "kind"), [("s", "skip"), ("z", "unsure"), ("x", "invalid")])
async def test_words_beside_the_classes(key: str, kind: str) -> None:
    made = source()
    async with drive(made, start="label") as it:
        await it.until("img")
        await it.press(key)
        assert [c.kind for c in made.done if isinstance(c, cmd.GiveLabel)] == [kind]


async def test_space_accepts_a_guess_that_is_shown() -> None:
    made = source()
    entry = next(entry for entry in ORDER if not is_hidden(entry))
    async with drive(made, start="label") as it:
        await it.until("img")
        await shown(it, entry.id)
        await it.press("space")
        assert labels(made) == [(entry.id, entry.guess)]


async def test_space_accepts_no_guess_that_is_hidden() -> None:
    made = source()
    entry = next(entry for entry in ORDER if is_hidden(entry))
    async with drive(made, start="label") as it:
        await it.until("img")
        await shown(it, entry.id)
        it.expect_rows("guess", "hidden")
        it.expect_no_text(f"{entry.guess}? ")
        await it.press("space")
        it.expect_footer("no guess is shown")
        assert labels(made) == []


async def test_accept_page_frames_its_tiles_first() -> None:
    made = source()
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        takes = [(e.id, e.guess) for e in ORDER[:8] if not is_hidden(e)]
        await it.press("A")
        it.expect_footer(f"accept {len(takes)} framed")
        it.expect_text("╔═")
        await it.press("escape")
        assert labels(made) == []
        await it.press("A", "a")
        assert labels(made) == takes


async def test_a_framed_page_asks_until_it_is_answered() -> None:
    async with drive(source(), start="label", size=LARGE) as it:
        await it.until("0 zero")
        await it.press("A")
        it.app.screen.query_one(Footer).clear()
        it.expect_footer("[a] accept", "[esc] nothing")


@pytest.mark.parametrize("size", [(80, 24), (30, 10)])
async def test_a_page_that_changed_accepts_nothing(size: tuple[int, int]) -> None:
    made = source()
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        await it.press("A")
        it.expect_text("╔═")
        await it.pilot.resize_terminal(*size)
        await it.settle()
        await it.press("a")
        assert labels(made) == []


async def test_a_digit_never_answers_the_page_question() -> None:
    made = source()
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        await it.press("A", "3")
        assert labels(made) == []


async def test_finish_tells_the_counts_and_wants_its_own_letter() -> None:
    made = source()
    async with drive(made, start="label") as it:
        await it.until("img")
        await it.press("3", "s", "F")
        it.expect_text("1 labelled · 0 unsure · 1 skipped", "68 left")
        await it.press("enter")
        assert not any(isinstance(c, cmd.FinishLabelling) for c in made.done)
        await it.press("F", "f")
        assert isinstance(made.done[-1], cmd.FinishLabelling)
        it.expect_text("Nothing to label. Batch b0002 is done: [enter] evidence.")
        await it.press("enter")
        it.expect_place("decide")


async def test_a_note_is_kept_and_shown_again() -> None:
    made = source()
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        await it.press("n")
        await it.type("smudged 3")
        await it.press("enter")
        it.expect_text("note: smudged 3")
        assert labels(made) == []
        assert made.done == [cmd.WriteNote(3, "label", ORDER[0].id, "smudged 3")]


async def test_single_and_back_to_the_same_place_of_the_grid() -> None:
    async with drive(source(), start="label", size=LARGE) as it:
        await it.until("0 zero")
        await it.press("right", "right", "enter")
        await it.until(f"img {ORDER[2].id}")
        await it.press("escape")
        it.expect_no_text("img ")
        it.expect_place("label")
        await it.press("enter")
        it.expect_text(f"img {ORDER[2].id}")


async def test_a_small_terminal_shows_one_image_and_says_so() -> None:
    async with drive(source(), start="label", size=SMALL) as it:
        await it.until("img")
        await it.press("enter")
        it.expect_footer("single view only")


async def test_pasted_text_labels_nothing() -> None:
    made = source()
    async with drive(made, start="label") as it:
        await it.until("img")
        it.app.screen.post_message(events.Paste("123"))
        await it.settle()
        it.expect_footer("pasted text is never a command")
        assert made.sent == []


async def test_order_is_chosen_from_a_list_and_recorded() -> None:
    made = source()
    async with drive(made, start="label") as it:
        await it.until("img")
        await it.press("O")
        await it.type("risk")
        await it.press("enter", "3")
        it.expect_text("error risk")
        assert [c.order for c in made.done if isinstance(c, cmd.GiveLabel)] == ["error risk"]


async def test_a_class_is_found_by_its_name() -> None:
    made = source()
    async with drive(made, start="label") as it:
        await it.until("img")
        await it.press("/")
        await it.type("sev")
        await it.press("enter")
        assert labels(made) == [(ORDER[0].id, 7)]


async def test_blind_hides_guesses() -> None:
    async with drive(source(), start="label") as it:
        await it.until("img")
        await it.press("b")
        it.expect_text("blind on")
        it.expect_rows("guess", "hidden")


async def test_the_hint_goes_after_five_labels() -> None:
    async with drive(source(), start="label") as it:
        await it.until("the next image comes by itself")
        await it.press(*"12345")
        it.expect_no_text("the next image comes by itself")


async def test_a_replay_is_read_only() -> None:
    async with drive(FakeTape(half_labelled(12)), start="label") as it:
        await it.until("12 of 70")
        await it.press("z")
        it.expect_footer("read only: this is a replay")


async def test_nothing_to_label_says_so() -> None:
    async with drive(source("clean"), start="label") as it:
        await it.until("Nothing to label.")
        await it.press("3")
        assert isinstance(it.app.screen, LabelScreen)


async def test_where_nothing_asks_for_labels_letters_go_to_other_screens() -> None:
    async with drive(source("clean"), start="label") as it:
        await it.until("Nothing to label.")
        await it.press("w")
        it.expect_place("workflow")


async def test_a_full_queue_says_how_to_finish() -> None:
    async with drive(source(), start="label") as it:
        await it.until("0 of 70")
        await it.press(*("z" * 70))
        await it.until("F finishes")


async def test_an_unreadable_image_is_said_and_can_be_refused() -> None:
    made = source()
    made.reads["content", thumbnail(ORDER[0].id), ""] = b"\x89PNG broken"
    async with drive(made, start="label") as it:
        await it.until("✖ unreadable")
        await it.press("x")
        assert [c.kind for c in made.done if isinstance(c, cmd.GiveLabel)] == ["invalid"]


async def test_work_goes_on_being_sent_from_another_screen() -> None:
    made = source()
    async with drive(made, start="workflow") as it:
        await it.press("a")
        await it.until("img")
        made.hold()
        await it.press("3", "4", "5", "escape")
        it.expect_place("workflow")
        made.release()
        for _ in range(100):
            if len(labels(made)) == 3:
                break
            await it.pilot.pause()
        assert [value for _, value in labels(made)] == [3, 4, 5]


async def test_ascii_shows_no_symbol() -> None:
    async with drive(source(), start="label", ascii=True) as it:
        await it.until("img")
        await it.press("3")
        it.expect_text("3 v")
        assert it.text().isascii(), sorted({c for c in it.text() if not c.isascii()})


async def test_letters_are_classes_above_ten_and_commands_move() -> None:
    made = source()
    names = ", ".join(f"c{at}" for at in range(12))
    for at, event in enumerate(made.events):
        if event.kind == "PipelineRead":
            text = event.fact.text.replace(  # type: ignore[union-attr]
                "classes: [zero, one, two, three, four, five, six, seven, eight, nine]",
                f"classes: [{names}]",
            )
            fact = type(event.fact)(text)  # type: ignore[call-arg]
            made.events[at] = type(event)(event.seq, event.at, event.actor, fact)
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("b c11")
        await it.press("b", "backspace", "s", ".")
        said = [c for c in made.done if isinstance(c, cmd.GiveLabel)]
        assert [(c.kind, c.value) for c in said] == [("class", 11), ("skip", None)]
        assert any(isinstance(c, cmd.UndoLabel) for c in made.done)
        it.expect_text("backspace undo", ". skip", "V judge guesses")
