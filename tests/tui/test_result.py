"""The Result screen: the table, the gate, promote, roll back, discard."""

from __future__ import annotations

from dataclasses import replace

from scanflow_tui.contract import commands as cmd
from scanflow_tui.contract.evidence import Gate, Interval, Table
from scanflow_tui.session import events as ev
from tests.driver import LARGE, drive
from tests.fakes.demo_events import demo_events, table
from tests.fakes.people import PeopleSource, squares
from tests.fakes.source import FakeTape


def source(chapter: str = "evaluated", found: Table | None = None) -> PeopleSource:
    made = PeopleSource(demo_events(chapter), reads=squares())
    if found is not None:
        for at, event in enumerate(made.events):
            if event.kind == "EvaluationMade":
                fact = ev.EvaluationMade(3, "evaluate", found)
                made.events[at] = ev.Event(event.seq, event.at, event.actor, fact)
    return made


async def test_the_table_shows_both_populations_paired() -> None:
    async with drive(source(), start="result") as it:
        await it.until("held-out")
        it.expect_rows("drifted", ".52 ±.03", ".61", ".93 ±.03", "+.41 ±.02", "20", ".08 → .88")
        it.expect_rows("clean", ".95", ".62", ".00 ±.02", "300")
        it.expect_text("the gate lets it pass", "rests on 20 images", "v2 not promoted")


async def test_promote_names_both_versions_and_wants_its_letter() -> None:
    made = source()
    async with drive(made, start="result") as it:
        await it.until("held-out")
        await it.press("P")
        it.expect_text("Promote: version 1 → 2", "⚠ the drifted interval rests on 20 images")
        await it.press("enter")
        assert made.sent == []
        await it.press("P", "P", "p")
        assert made.done == [cmd.Approve(3, "approve", 1)]
        it.expect_text("v2 in production")


async def test_a_refusing_gate_forbids_promotion_and_says_why() -> None:
    gate = Gate(False, ("clean accuracy falls by 3 points",))
    made = source(found=replace(table(), gate=gate))
    async with drive(made, start="result") as it:
        await it.until("the gate refuses: clean accuracy falls by 3 points")
        await it.press("P")
        it.expect_footer("the gate refuses: clean accuracy falls by 3 points")
        assert made.sent == []


async def test_a_gain_that_may_be_none_is_said_in_the_dialog() -> None:
    found = table()
    row = replace(found.rows[0], delta=Interval(0.05, -0.04, 0.14, 20))
    made = source(found=replace(found, rows=(row, *found.rows[1:]), gate=Gate(True)))
    async with drive(made, start="result") as it:
        await it.until("held-out")
        await it.press("P")
        it.expect_text("the gain on drifted may be none", "-.04 to +.14")


async def test_discard_wants_its_letter() -> None:
    made = source()
    async with drive(made, start="result") as it:
        await it.until("held-out")
        await it.press("X", "X")
        assert made.sent == []
        await it.press("d")
        assert made.done == [cmd.Discard(3, "approve")]
        await it.press("P")
        it.expect_footer("does not ask for an approval")


async def test_roll_back_goes_to_the_version_before() -> None:
    made = source("promoted")
    async with drive(made, start="result") as it:
        await it.until("v2 in production")
        await it.press("B")
        it.expect_text("Roll back: version 2 → 1")
        await it.press("b")
        assert made.done == [cmd.RollBack(2, 1)]
        it.expect_text("v2 promoted, replaced")


async def test_nothing_to_roll_back_to_is_said() -> None:
    async with drive(source(), start="result") as it:
        await it.until("held-out")
        await it.press("B")
        it.expect_footer("there is no earlier version")


async def test_images_newly_wrong_come_first() -> None:
    async with drive(source(), start="result", size=LARGE) as it:
        await it.until("newly wrong")
        it.expect_text("✔ 3 now right · ✖ 1 still wrong · ! 1 newly wrong")
        it.expect_rows("! newly wrong", "✖ still wrong", "✔ now right")


async def test_a_small_terminal_shows_table_or_images() -> None:
    async with drive(source(), start="result") as it:
        await it.until("held-out")
        it.expect_no_text("! newly wrong")
        await it.press("enter")
        await it.until("! newly wrong")
        it.expect_no_text("worst class")
        await it.press("enter")
        await it.until("worst class")


async def test_the_confusion_matrix_is_a_key_away() -> None:
    async with drive(source(), start="result", size=LARGE) as it:
        await it.until("held-out")
        await it.press("c")
        it.expect_text("before: true class", "after: true class")


async def test_while_it_runs_the_steps_are_shown() -> None:
    made = source("decide")
    async with drive(made, start="result") as it:
        await it.until("No candidate yet")
        made.feed(ev.DecisionTaken(3, "decide", "retrain", "retrain", "", "e"))
        await it.until("retrain was decided, no evaluation yet")


async def test_a_replay_promotes_nothing() -> None:
    async with drive(FakeTape(demo_events("evaluated")), start="result") as it:
        await it.until("held-out")
        await it.press("P")
        it.expect_footer("read only: this is a replay")
