"""Judging guesses on the Label screen, and what is recorded of the screen with each label."""

from __future__ import annotations

from scanflow_tui.contract import commands as cmd
from scanflow_tui.session import events as ev
from scanflow_tui.session.events import Event
from scanflow_tui.tui.labelling.witness import picture_digest
from scanflow_tui.tui.present.label_order import arranged, is_hidden
from tests.driver import LARGE, drive
from tests.fakes.demo_events import demo_events, queue, thumbnail
from tests.fakes.people import PeopleSource, squares
from tests.fakes.source import FakeTape

ORDER = arranged(queue(), "typical")
SHOWN = sorted(
    (e for e in ORDER if not is_hidden(e)), key=lambda entry: (entry.guess, -entry.confidence)
)


def source() -> PeopleSource:
    return PeopleSource(demo_events("asked"), reads=squares())


def given(of: PeopleSource) -> list[cmd.GiveLabel]:
    return [command for command in of.done if isinstance(command, cmd.GiveLabel)]


async def test_a_page_asks_of_one_class_and_takes_yes_and_no() -> None:
    made = source()
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        await it.press("v")
        n = sum(entry.guess == 0 for entry in SHOWN)
        it.expect_text(f"Is each of these {min(n, 8)} 0 zero?", "space yes", "- no")
        await it.press("space", "-")
        assert [(c.sample, c.kind, c.value) for c in given(made)] == [
            (SHOWN[0].id, "class", 0),
            (SHOWN[1].id, "rejected", 0),
        ]
        it.expect_text("0 ✓", "not 0 ✓", "1 of 70")


async def test_the_rest_of_a_page_is_accepted_after_it_was_framed() -> None:
    made = source()
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        await it.press("v", "-", "A")
        it.expect_text("╔═")
        await it.press("a")
        n = min(8, sum(entry.guess == 0 for entry in SHOWN))
        assert [c.kind for c in given(made)] == ["rejected"] + ["class"] * (n - 1)
        assert {c.key for c in given(made)[1:]} == {"A a"}
        it.expect_text("1 one?")


async def test_one_image_is_asked_at_a_time_in_the_single_view() -> None:
    made = source()
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        await it.press("enter", "v")
        it.expect_text("Is this 0 zero?")
        await it.press("-", "u")
        it.expect_text(f"img {SHOWN[0].id}", "0 of 70")


async def test_escape_goes_back_to_the_class_keys() -> None:
    async with drive(source(), start="label", size=LARGE) as it:
        await it.until("0 zero")
        await it.press("v", "escape")
        it.expect_no_text("Is each of")
        it.expect_place("label")


async def test_what_was_on_screen_stands_with_the_label() -> None:
    made = source()
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        await it.until("▀")
        await it.press("i", "3")
        label = given(made)[0]
        digest = picture_digest(thumbnail(ORDER[0].id), "inverted", 28, 14, "half")
        assert label.key == "3"
        assert (label.view, label.place, label.look) == ("grid 4x2", 0, "inverted")
        assert (label.way, label.picture) == ("half", digest)


async def test_a_picture_that_never_came_is_recorded_as_not_seen() -> None:
    made = PeopleSource(demo_events("asked"))
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        await it.press("3")
        assert given(made)[0].picture == ""


async def test_a_replay_goes_where_was_labelled_and_says_what_was_on_screen() -> None:
    events = list(demo_events("asked"))
    for number, entry in enumerate((ORDER[9], ORDER[30])):
        given_then = ev.LabelGiven(
            3, "label", entry.id, "rejected", entry.guess, 1800, True, "typical", None,
            "-", "judging, grid 8x3", 9, f"zoom {number + 2}", "sixel", "ab" * 32,
        )  # fmt: skip
        events.append(Event(len(events), events[-1].at + 1, "human:u7", given_then))
    async with drive(FakeTape(events), start="label", size=(160, 40)) as it:
        await it.until("judging, grid 8x3 · sixel · zoom 3 · guess shown · key -")
        it.expect_text(f"{ORDER[30].id} is not class")
        await it.press(",")
        await it.until("judging, grid 8x3 · sixel · zoom 2 · guess shown · key -")
