"""The Decide screen: evidence, a reason, one question."""

from __future__ import annotations

from dataclasses import replace

from textual import events

from scanflow_tui.contract import commands as cmd
from scanflow_tui.session import events as ev
from tests.driver import drive
from tests.fakes.demo_events import EVIDENCE, demo_events, options
from tests.fakes.people import PeopleSource
from tests.fakes.source import FakeTape


def source(chapter: str = "decide") -> PeopleSource:
    return PeopleSource(demo_events(chapter))


async def test_options_are_shown_with_before_after_and_interval() -> None:
    async with drive(source(), start="decide") as it:
        await it.until("Evidence")
        it.expect_rows("▸ retrain", ".52 → .86 ±.09", ".95 → .95", "~12 s", "fixed 19")
        it.expect_rows("ignore", ".52", "1 in 2 wrong")
        it.expect_text("no-label baseline", "undecided")
        it.expect_no_text("undecided ag…")


async def test_a_decision_needs_a_reason() -> None:
    made = source()
    async with drive(made, start="decide") as it:
        await it.until("Evidence")
        await it.press("s")
        it.expect_footer("a decision needs a reason")
        assert made.sent == []


async def test_the_decision_names_what_starts_and_wants_the_acts_letter() -> None:
    made = source()
    async with drive(made, start="decide") as it:
        await it.until("Evidence")
        await it.press("tab")
        await it.type("stripe noise on camera 2")
        await it.press("enter", "s")
        it.expect_text("Decide: retrain", "Expected time: ~12 s", "evaluate", "stripe noise")
        it.expect_text("CPU", "at most 60 min")
        await it.press("enter")
        assert made.sent == []
        await it.press("s", "s")
        assert made.sent == []
        await it.press("r")
        assert made.done == [
            cmd.Decide(3, "decide", "retrain", "stripe noise on camera 2", EVIDENCE)
        ]
        it.expect_text("✔ decided: retrain (retrain) by")


async def test_each_act_has_its_own_letter() -> None:
    made = source()
    async with drive(made, start="decide") as it:
        await it.until("Evidence")
        await it.press("tab")
        await it.type("no repair is worth it")
        await it.press("enter", "j", "j", "j", "s")
        it.expect_text("Decide: ignore", "Nothing is started")
        await it.press("r")
        assert made.sent == []
        await it.press("i")
        assert [c.option for c in made.done if isinstance(c, cmd.Decide)] == ["ignore"]


async def test_what_will_run_names_run_and_skipped() -> None:
    async with drive(source(), start="decide") as it:
        await it.until("Evidence")
        await it.press("v")
        it.expect_rows("retrain", "run", "1 CPU")
        it.expect_rows("filter", "skipped", "needs decide.action == 'filter'")
        it.expect_rows("approve", "asks you")


async def test_too_few_labels_leave_an_option_choosable_with_a_warning() -> None:
    plan = options()
    first = plan.options[0]
    seen = replace(first.evidence, after=None, why="not measurable yet: 12 more labels")
    plan = replace(plan, options=(replace(first, evidence=seen), *plan.options[1:]))
    made = source()
    made.events.append(
        ev.Event(len(made.events), made.events[-1].at, "agent:plan",
                 ev.OptionsOffered(3, "plan", plan, "f" * 64))
    )  # fmt: skip
    async with drive(made, start="decide") as it:
        await it.until("12 more labels")
        await it.press("tab")
        await it.type("I know")
        await it.press("enter", "s")
        it.expect_text("⚠ not measurable yet: 12 more labels")
        await it.press("r")
        assert [c.evidence for c in made.done if isinstance(c, cmd.Decide)] == ["f" * 64]


async def test_options_that_changed_under_the_dialog_are_not_decided_on() -> None:
    made = source()
    async with drive(made, start="decide") as it:
        await it.until("Evidence")
        await it.press("tab")
        await it.type("because")
        await it.press("enter", "s")
        made.feed(ev.OptionsOffered(3, "plan", options(), "f" * 64))
        await it.settle()
        await it.press("r")
        assert [c.evidence for c in made.sent if isinstance(c, cmd.Decide)] == [EVIDENCE]


async def test_letters_in_the_reason_are_no_commands() -> None:
    made = source()
    async with drive(made, start="decide") as it:
        await it.until("Evidence")
        await it.press("tab")
        await it.type("swapped qos")
        it.expect_place("decide")
        it.expect_text("swapped qos")
        assert made.sent == []


async def test_pasted_text_decides_nothing() -> None:
    made = source()
    async with drive(made, start="decide") as it:
        await it.until("Evidence")
        it.app.screen.query_one("#options").focus()
        it.app.screen.post_message(events.Paste("sr"))
        await it.settle()
        it.expect_footer("pasted text is never a command")
        assert made.sent == []


async def test_a_decided_run_shows_who_when_and_on_what() -> None:
    async with drive(source("evaluated"), start="decide") as it:
        await it.until("decided: retrain")
        it.expect_text("by u1000", f"evidence {EVIDENCE[:12]}")
        await it.press("s")
        it.expect_footer("decided already")


async def test_a_replay_decides_nothing() -> None:
    async with drive(FakeTape(demo_events("decide")), start="decide") as it:
        await it.until("Evidence")
        await it.press("s")
        it.expect_footer("read only: this is a replay")


async def test_without_options_it_says_what_comes_first() -> None:
    async with drive(source("asked"), start="decide") as it:
        await it.until("No options yet. Labels come first: [a] labels.")


async def test_escape_leaves_the_reason_before_the_screen_and_keeps_what_was_written() -> None:
    async with drive(source(), start="decide") as it:
        await it.until("Evidence")
        await it.press("tab")
        await it.type("rain")
        await it.press("escape", "j")
        it.expect_place("decide")
        it.expect_text("rain")
        it.expect_no_text("rainj")
