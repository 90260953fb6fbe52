"""Many classes on the Label screen: two strokes, the picker, and text that is typed fast."""

from __future__ import annotations

import pytest
from textual import events

from scanflow_tui.contract import commands as cmd
from scanflow_tui.session import events as ev
from scanflow_tui.session.events import Event
from scanflow_tui.tui.present.label_order import arranged
from tests.driver import LARGE, SMALL, Driver, drive
from tests.fakes.demo_events import CLASSES, PIPELINE, demo_events, queue
from tests.fakes.people import PeopleSource, squares

ORDER = arranged(queue(), "typical")


def source(n_classes: int) -> PeopleSource:
    """The demo with so many classes."""
    names = ", ".join(f"breed {at:03}" for at in range(n_classes))
    text = PIPELINE.replace(", ".join(CLASSES), names)
    made = list(demo_events("asked"))
    for at, event in enumerate(made):
        if isinstance(event.fact, ev.PipelineRead):
            made[at] = Event(event.seq, event.at, event.actor, ev.PipelineRead(text))
    return PeopleSource(made, reads=squares())


def labels(of: PeopleSource) -> list[tuple[str, int | None, str]]:
    return [(c.sample, c.value, c.key) for c in of.done if isinstance(c, cmd.GiveLabel)]


async def typed_at_once(it: Driver, text: str) -> None:
    """Keys as a fast terminal sends them: none waits for what the one before did."""
    for char in text:
        it.app.post_message(events.Key("slash" if char == "/" else char, char))
    for _ in range(20):
        await it.pilot.pause()


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_two_strokes_label_among_a_thousand_classes(size: tuple[int, int]) -> None:
    made = source(1000)
    async with drive(made, start="label", size=size) as it:
        await it.until("/ by name")
        await it.press("b")
        it.expect_text("b_ then the second key", "b3 breed 031"[:6], "br")
        await it.press("3")
        assert labels(made) == [(ORDER[0].id, 31, "b3")]


@pytest.mark.parametrize("key", ["escape", "backspace", "right", "!"])
async def test_what_is_no_second_key_takes_the_first_one_back(key: str) -> None:
    made = source(1000)
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("/ by name")
        it.expect_text("backspace undoes")
        await it.press("b", key)
        it.expect_no_text("b_", "bbackspace", "bright")
        await it.press("3", "4")
        assert labels(made) == [(ORDER[0].id, 840 - 28 + 4, "34")]


async def test_the_single_view_shows_the_column_of_the_first_stroke() -> None:
    async with drive(source(120), start="label", size=LARGE) as it:
        await it.until("breed")
        await it.press("enter", "c")
        it.expect_text("c0 breed 020", "c9 breed 029")
        await it.press("escape")
        it.expect_no_text("c9 breed 029")


async def test_a_class_is_found_by_its_name() -> None:
    made = source(1000)
    async with drive(made, start="label") as it:
        await it.until("img")
        await it.press("/")
        await it.type("777")
        it.expect_text("breed 777")
        await it.press("enter")
        assert labels(made) == [(ORDER[0].id, 777, "/")]


async def test_what_is_typed_fast_after_a_question_never_labels() -> None:
    made = source(1000)
    async with drive(made, start="label") as it:
        await it.until("img")
        await typed_at_once(it, "/777")
        await it.until("▸")
        assert labels(made) == []
        await it.press("enter")
        assert labels(made) == [(ORDER[0].id, 777, "/")]


async def test_a_note_that_is_typed_fast_is_whole() -> None:
    made = PeopleSource(demo_events("asked"), reads=squares())
    async with drive(made, start="label") as it:
        await it.until("img")
        await typed_at_once(it, "n123")
        await it.press("enter")
        assert made.done == [cmd.WriteNote(3, "label", ORDER[0].id, "123")]
