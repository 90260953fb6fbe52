"""The shell that all places share."""

from __future__ import annotations

from tests.driver import drive
from tests.fakes.demo_events import demo_events
from tests.fakes.source import FakeSource


async def test_the_first_frame_has_header_and_pane_before_the_snapshot() -> None:
    async with drive(FakeSource(demo_events("asked"))) as it:
        it.expect_text("ScanFlow > mnist-demo > Workflow", "Graph")
        it.expect_text("needs you")


async def test_help_lists_the_keys_of_the_place() -> None:
    async with drive(FakeSource(demo_events("asked"))) as it:
        await it.press("?")
        it.expect_text("Help: Workflow", "Move up")
        await it.press("escape")
        it.expect_no_text("Help: Workflow")


async def test_a_letter_leads_to_another_place_and_back_again() -> None:
    async with drive(FakeSource(demo_events("asked"))) as it:
        await it.press("o")
        it.expect_place("logs")
        await it.press("q")
        it.expect_place("workflow")
