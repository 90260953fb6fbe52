"""Leaving the Label screen and coming back, from another terminal too."""

from __future__ import annotations

from scanflow_tui.contract import commands as cmd
from scanflow_tui.session import events as ev
from scanflow_tui.tui.present.label_order import ORDERS, SAYS, arranged
from scanflow_tui.tui.screens.label import LabelScreen
from tests.driver import LARGE, Driver, drive
from tests.fakes.demo_events import demo_events, queue
from tests.fakes.people import ME, PeopleSource, squares

ORDER = arranged(queue(), "typical")
OFFERED = ORDERS[:-1]
"""Without a second look, for which nothing is disputed."""


def source() -> PeopleSource:
    return PeopleSource(demo_events("asked"), reads=squares())


def elsewhere(left: PeopleSource) -> PeopleSource:
    """The same session, opened on another terminal."""
    return PeopleSource(left.events, reads=left.reads)


def kept(of: PeopleSource) -> list[cmd.KeepPlace]:
    return [command for command in of.done if isinstance(command, cmd.KeepPlace)]


async def left(it: Driver) -> None:
    """Leave the screen, and wait until all is saved."""
    await it.press("escape")
    await it.settle()


def still(it: Driver) -> None:
    """Two looks of the clock while nothing moves."""
    screen = it.app.screen_stack[0]
    assert isinstance(screen, LabelScreen)
    for _ in range(2):
        screen.bench._keep_when_still()


async def test_place_order_view_and_look_come_back_on_another_terminal() -> None:
    made = source()
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        await it.press("O", "down", "down", "enter", "right", "right", "i", "]", "enter")
        it.expect_text("random", "inverted", "zoom 1.5")
        sample = arranged(queue(), "random")
        here = next(e.id for e in sample if f"img {e.id}" in it.text())
        still(it)
        await it.settle()
        assert len(kept(made)) == 1
    async with drive(elsewhere(made), start="label", size=LARGE) as it:
        await it.until(f"img {here}")
        it.expect_text("random", "inverted", "zoom 1.5")


async def test_every_order_is_told_whole_where_it_is_chosen() -> None:
    async with drive(source(), start="label", size=LARGE) as it:
        await it.until("0 zero")
        await it.press("O")
        it.expect_text(*(f"{name}: {said}" for name, said in SAYS.items() if name in OFFERED))


async def test_after_a_label_the_place_follows_without_an_event() -> None:
    made = source()
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        await it.press("right", "right", "right", "3")
        still(it)
        await it.settle()
        assert kept(made) == []
    async with drive(elsewhere(made), start="label", size=LARGE) as it:
        await it.until("1 of 70")
        await it.press("enter")
        it.expect_text(f"img {ORDER[4].id}")


async def test_a_window_where_nobody_does_anything_leaves_what_another_one_kept() -> None:
    made = source()
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        await it.press("right", "right")
        still(it)
        await it.settle()
        (mine,) = kept(made)
        other = ORDER[7].id
        made.feed(
            ev.PlaceKept(
                mine.run, mine.node, other, "typical", True, False, 0, "plain", False, "", "",
                False, False, False,
            ),
            actor=ME,
        )  # fmt: skip
        await it.settle()
        still(it)
        await it.settle()
        assert kept(made) == [mine]
        await it.press("right", "left", "i")
        still(it)
        await it.settle()
        assert len(kept(made)) == 2


async def test_the_draft_of_a_note_is_there_again_until_it_is_given() -> None:
    made = source()
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        await it.press("n")
        await it.type("smudged, perh")
        still(it)
        await it.settle()
        assert [(c.drafted, c.draft) for c in kept(made)] == [(ORDER[0].id, "smudged, perh")]
    there = elsewhere(made)
    async with drive(there, start="label", size=LARGE) as it:
        await it.until("note: (draft) smudged, perh")
        await it.press("n")
        await it.type("aps a 3")
        await it.press("enter")
        it.expect_text("note: smudged, perhaps a 3")
        it.expect_no_text("(draft)")
        assert there.done[-1] == cmd.WriteNote(3, "label", ORDER[0].id, "smudged, perhaps a 3")


async def test_a_draft_that_is_erased_is_gone_on_another_terminal_too() -> None:
    made = source()
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        await it.press("n")
        await it.type("ab")
        await it.press("escape")
        it.expect_text("note: (draft) ab")
    there = elsewhere(made)
    async with drive(there, start="label", size=LARGE) as it:
        await it.until("note: (draft) ab")
        await it.press("n", "backspace", "backspace")
        it.expect_text("[esc] keep a draft")
        await it.press("escape")
        it.expect_no_text("draft")
        assert [(c.drafted, c.draft) for c in kept(there)] == [(ORDER[0].id, "")]
    async with drive(elsewhere(there), start="label", size=LARGE) as it:
        await it.until("0 of 70")
        it.expect_text("note: —")


async def test_what_was_typed_and_erased_leaves_no_draft() -> None:
    made = source()
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        await it.press("n", "a", "enter", "n", "b", "backspace", "escape")
        it.expect_text("note: a")
        it.expect_no_text("draft")


async def test_escape_keeps_the_draft_and_gives_no_note() -> None:
    made = source()
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        await it.press("n")
        await it.type("blot")
        await it.press("escape")
        it.expect_text("note: (draft) blot")
        assert [type(command) for command in made.done] == [cmd.KeepPlace]


async def test_labelling_that_was_finished_goes_on_after_a_question() -> None:
    made = source()
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        await it.press("3", "F", "f")
        it.expect_text("Nothing to label", "[R] labels on")
        await it.press("R", "enter")
        it.expect_text("Nothing to label")
        await it.press("R", "o")
        await it.until("1 of 70")
        await it.press("4")
        it.expect_text("2 of 70")


async def test_what_was_decided_on_stays_finished() -> None:
    made = PeopleSource(demo_events("evaluated"), reads=squares())
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("Nothing to label")
        it.expect_no_text("[R]")
        await it.press("R")
        it.expect_footer("a decision was taken on these labels")


async def test_judging_and_what_stands_beside_an_image_come_back_on_another_terminal() -> None:
    made = source()
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        await it.press("v", "right", "right", "enter")
        screen = it.app.screen
        assert isinstance(screen, LabelScreen) and screen.bench.work is not None
        work = screen.bench.work
        assert work.asked is not None
        work.near = work.filtered = True
        here = work.entry.id
        still(it)
        await it.settle()
        (place,) = kept(made)
        assert (place.judging, place.near, place.filtered) == (True, True, True)
    async with drive(elsewhere(made), start="label", size=LARGE) as it:
        await it.until(f"img {here}")
        screen = it.app.screen
        assert isinstance(screen, LabelScreen) and screen.bench.work is not None
        work = screen.bench.work
        assert work.asked is not None and work.near and work.filtered
        still(it)
        await it.settle()
        await it.press("-", "escape", "v")
        assert here not in {entry.id for entry in work.entries}


async def test_once_all_guesses_were_judged_elsewhere_the_queue_comes_back() -> None:
    made = source()
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        await it.press("v")
        still(it)
        await it.settle()
        screen = it.app.screen
        assert isinstance(screen, LabelScreen) and screen.bench.work is not None
        asked = screen.bench.work.entries
        made.feed(
            *(ev.LabelGiven(3, "label", e.id, "class", 1, 1, True, "typical") for e in asked),
            actor=ME,
        )
        await it.settle()
    async with drive(elsewhere(made), start="label", size=LARGE) as it:
        await it.until(f"{len(asked)} of 70")
        screen = it.app.screen
        assert isinstance(screen, LabelScreen) and screen.bench.work is not None
        assert screen.bench.work.asked is None


async def test_two_escapes_with_a_label_between_them_do_not_leave() -> None:
    made = source()
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        await it.press("escape")
        it.expect_footer("esc once more leaves")
        await it.press("3", "escape")
        it.expect_footer("esc once more leaves")
        it.expect_text("1 of 70")
