"""Every key of the Label screen is on it, or a tab away, and none of them twice."""

from __future__ import annotations

import re

import pytest

from scanflow_tui.tui.screens.label import NO_LEAVE
from tests.driver import Driver, drive
from tests.fakes.demo_events import demo_events
from tests.fakes.people import PeopleSource, squares

SIZES = [(80, 24), (120, 40), (200, 50), (60, 16), (50, 12), (41, 12)]
WORDS = (
    "accept guess", "undo", "skip", "unsure", "not an image", "reject guess", "redo", "note",
    "judge guesses", "single or grid", "finish", "accept page", "class by name", "blind", "order",
    "most like it", "contrast", "invert", "zoom", "back",
)  # fmt: skip
JUDGED = ("yes", "no", "undo", "yes to the page", "class keys", "back")


def named(row: str, words: tuple[str, ...]) -> list[str]:
    """The words that stand behind a key in a row."""
    keys = r"(?:^|[ ·│┃])(?:\[ \]|space|enter|esc|\S) "
    return [word for word in words if re.search(rf"{keys}{re.escape(word)}(?= ?·|  |$)", row)]


def opened(*, upto: str = "asked") -> PeopleSource:
    return PeopleSource(demo_events(upto), reads=squares())


async def turned(it: Driver, words: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """What the lines above name, and what the footer names on all its pages."""
    above = [word for row in it.lines()[1:-1] for word in named(row, words)]
    below: list[str] = []
    while (page := named(it.lines()[-1], words)) and page[0] not in below:
        below += page
        await it.press("tab")
    return above, below


@pytest.mark.parametrize("size", SIZES)
async def test_the_footer_names_what_is_not_named_above(size: tuple[int, int]) -> None:
    async with drive(opened(), start="label", size=size) as it:
        await it.until("0 zero")
        await it.press(*"33333")
        above, below = await turned(it, WORDS)
        assert sorted(above + below) == sorted(WORDS)
        assert ("tab more" in it.lines()[-1]) == (len(below) > len(named(it.lines()[-1], WORDS)))
        assert "? help" in it.lines()[-1]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (50, 12)])
async def test_the_keys_that_answer_a_question_are_named_once(size: tuple[int, int]) -> None:
    async with drive(opened(), start="label", size=size) as it:
        await it.until("0 zero")
        await it.press("v")
        await it.until("space yes")
        above, below = await turned(it, JUDGED)
        assert sorted(above + below) == sorted(JUDGED)


async def test_a_screen_with_one_pane_speaks_of_no_other() -> None:
    async with drive(opened(), start="label", size=(50, 12)) as it:
        await it.until("0 zero")
        it.expect_no_text("pane")
        it.expect_text("Press the class key; u undoes.")


async def test_on_the_smallest_screen_the_sentence_is_whole() -> None:
    async with drive(opened(), start="label", size=(20, 5)) as it:
        await it.until("40x12 cells needed:")
        said = " ".join(" ".join(row.split()) for row in it.lines()[1:-1])
        assert said.strip() == "40x12 cells needed: too small a screen to label on"
        it.expect_no_text("pane", "…\n ?")
        assert it.lines()[-1] == " ? help  ctrl+p all"


async def test_the_key_that_leaves_other_places_says_which_one_leaves_here() -> None:
    made = opened()
    async with drive(made, start="label", size=(120, 40)) as it:
        await it.until("0 zero")
        await it.press("q")
        it.expect_place("label")
        it.expect_text(NO_LEAVE)
        assert it.app.return_value is None
