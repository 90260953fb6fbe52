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
