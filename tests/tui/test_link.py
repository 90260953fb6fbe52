"""The link in the top bar: reconnecting, unsaved commands, and what stays usable meanwhile."""

from __future__ import annotations

from scanflow_tui.client.source import Update
from scanflow_tui.session.state import SessionState
from scanflow_tui.tui.known import Known
from scanflow_tui.tui.present.chrome import link_text
from tests.driver import drive
from tests.fakes.demo_events import demo_events, training
from tests.fakes.source import FakeSource


async def test_a_lost_supervisor_is_said_and_keys_still_work() -> None:
    source = FakeSource(demo_events("asked"))
    async with drive(source) as it:
        source.tell(link="reconnecting")
        await it.until("⚠ reconnecting 0 s")
        await it.press("h")
        it.expect_text("check · agent")
        source.tell(link="connected")
        await it.until("saved")


async def test_commands_are_counted_until_they_are_acknowledged() -> None:
    source = FakeSource(training())
    source.hold()
    async with drive(source) as it:
        await it.press("x", "c")
        it.expect_text("1 not yet saved")
        source.release()
        await it.until("· saved")


def test_reconnecting_names_seconds_and_labels() -> None:
    known = Known()
    known.hear(Update(SessionState(), link="reconnecting"), 10.0)
    known.unsaved = 2
    assert link_text(known, 13.2) == ("⚠ reconnecting 3 s · 2 labels not yet saved", "bad")


async def test_leaving_waits_for_what_is_not_saved_and_then_goes_by_itself() -> None:
    source = FakeSource(training())
    source.hold()
    async with drive(source) as it:
        await it.press("x", "c", "q")
        it.expect_text("Not everything is saved yet", "1 thing you said waits")
        assert it.app.return_value is None
        source.release()
        while it.app.return_value is None:
            await it.pilot.pause()
        assert it.app.return_value == 0


async def test_who_stays_loses_nothing() -> None:
    source = FakeSource(training())
    source.hold()
    async with drive(source) as it:
        await it.press("x", "c", "q", "enter")
        it.expect_place("workflow")
        it.expect_text("1 not yet saved")
        source.release()


async def test_what_is_not_saved_is_discarded_by_its_letter_alone() -> None:
    source = FakeSource(training())
    source.hold()
    async with drive(source) as it:
        await it.press("x", "c", "ctrl+q", "d")
        assert it.app.return_value == 0
