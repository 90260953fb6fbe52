"""The Drift screen: one batch at a time, numbers beside flagged images."""

from __future__ import annotations

from dataclasses import replace

from scanflow_tui.session import events as ev
from tests.driver import LARGE, drive
from tests.fakes.demo_events import demo_events, finding
from tests.fakes.people import PeopleSource, squares


def source(chapter: str = "asked") -> PeopleSource:
    return PeopleSource(demo_events(chapter), reads=squares())


async def test_a_drift_shows_verdict_histogram_and_flagged_images() -> None:
    async with drive(source(), start="drift") as it:
        await it.until("drift")
        it.expect_text("p-value .0003", "alarm limit .01", "held-out", "flagged 132/200")
        it.expect_rows("batches", "1 ✔", "[2 ⚠]")
        it.expect_text("█")


async def test_brackets_go_to_the_batch_before_and_back() -> None:
    async with drive(source(), start="drift") as it:
        await it.until("batch b0002")
        await it.press("[")
        it.expect_text("nothing unusual: 2 of 200", "no alarm")
        await it.press("[")
        it.expect_footer("no batch before this one")
        await it.press("]")
        it.expect_text("Scores: batch b0002")


async def test_a_wide_terminal_shows_classes_and_p_values_too() -> None:
    async with drive(source(), start="drift", size=LARGE) as it:
        await it.until("predicted class")
        it.expect_text("p-values: even where nothing changed", "7 seven")


async def test_limits_and_a_clean_batch_can_be_shown_beside() -> None:
    async with drive(source(), start="drift", size=(120, 60)) as it:
        await it.until("predicted class")
        await it.press("i")
        it.expect_text("statistic mean log p", "slices: join")
        await it.press("c")
        it.expect_text("for comparison, batch b0001")


async def test_flagged_images_are_turned_page_by_page() -> None:
    async with drive(source(), start="drift") as it:
        await it.until("1 of 34")
        await it.press("right")
        it.expect_text("2 of 34")
        await it.press("left")
        it.expect_text("1 of 34")


async def test_a_leads_to_labels() -> None:
    async with drive(source(), start="drift") as it:
        await it.until("batch b0002")
        await it.press("a")
        it.expect_place("label")


async def test_too_few_samples_are_no_verdict() -> None:
    made = source("clean")
    seen = replace(finding(drift=False), verdict="too_few", p=None, n=6, sentence="")
    made.events.append(
        ev.Event(len(made.events), made.events[-1].at, "agent:check",
                 ev.CheckFound(2, "check", "b0001", seen, (), {}))
    )  # fmt: skip
    async with drive(made, start="drift") as it:
        await it.until("too few")
        it.expect_text("Batch b0001 has 6 samples: too few for a verdict.")
        it.expect_no_text("p-value ", "Nothing unusual")


async def test_no_batch_says_so() -> None:
    async with drive(source("trained"), start="drift") as it:
        await it.until("No batch yet.")
        it.expect_text("scanflow add-batch")
