"""Logs: following, searching, streams, steps."""

from __future__ import annotations

import re

from scanflow_tui.contract.ids import attempt_name
from tests.driver import drive
from tests.fakes.demo_events import SESSION, T0, demo_events, log_bytes, training
from tests.fakes.source import FakeSource

TRAIN = attempt_name(SESSION, 1, "train", 1)


def source_with_log(n: int = 400) -> FakeSource:
    return FakeSource(training(), reads={("log", TRAIN, ""): log_bytes(n, T0)})


async def test_the_end_is_followed_and_streams_are_told_apart_by_a_word() -> None:
    async with drive(source_with_log(), start="logs") as it:
        await it.until("399 workers")
        it.expect_text("Logs > train", "follow ▼ · 400 lines", "train, attempt 1 · ▶ running")
        it.expect_rows("ERR", "warning: 399 workers")
        it.expect_rows("out", "epoch 132")


async def test_scrolling_up_stops_following_and_new_lines_are_counted() -> None:
    source = source_with_log()
    async with drive(source, start="logs") as it:
        await it.until("399 workers")
        await it.press("k")
        source.reads[("log", TRAIN, "")] = log_bytes(412, T0)
        it.app.screen.poll()
        await it.until("▲ 12 new below")
        it.expect_no_text("411")
        await it.press("G")
        it.expect_text("follow ▼ · 412 lines")


async def test_of_a_long_log_only_what_is_in_view_is_read() -> None:
    source = source_with_log(40_000)
    size = len(source.reads[("log", TRAIN, "")])
    async with drive(source, start="logs") as it:
        await it.until("warning: 39999 workers")
        await it.until("40,000 lines")
        assert min(offset for _, offset in source.asked if offset) > size // 2
        await it.press("g")
        await it.until("epoch 0")
        it.expect_text("▲ · 40,000 lines")


async def test_pages_turn_through_the_whole_log_in_order() -> None:
    async with drive(source_with_log(200), start="logs") as it:
        await it.until("200 lines")
        await it.press("g")
        seen = []
        while "follow" not in it.lines()[0]:
            seen += re.findall(r"\d\d:\d\d\.\d{3}", it.text())
            await it.press("pagedown")
        assert seen == sorted(seen)
        assert len({*seen, *re.findall(r"\d\d:\d\d\.\d{3}", it.text())}) == 200


async def test_search_goes_to_the_match_and_on() -> None:
    async with drive(source_with_log(), start="logs") as it:
        await it.until("399 workers")
        await it.press("/")
        await it.type("14 workers")
        await it.press("enter")
        it.expect_text("warning: 14 workers", "▲")
        await it.press("n")
        it.expect_text("warning: 114 workers")
        await it.press("N")
        it.expect_text("warning: 14 workers")


async def test_one_stream_alone() -> None:
    async with drive(source_with_log(), start="logs") as it:
        await it.until("399 workers")
        await it.press("s", "s")
        it.expect_text("ERR only · follow ▼ · 80 lines")
        it.expect_no_text("out epoch")


async def test_brackets_lead_to_the_log_of_another_step() -> None:
    check = attempt_name(SESSION, 3, "check", 1)
    source = FakeSource(demo_events("promoted"), reads={("log", check, ""): log_bytes(3)})
    async with drive(source, start="logs") as it:
        it.expect_text("evaluate, attempt 1 · ✔ exit 0")
        await it.press("[", "[", "[")
        await it.until("check, attempt 1")


async def test_no_output_yet_says_how_long_it_runs() -> None:
    source = FakeSource(training(), reads={("log", TRAIN, ""): b""})
    async with drive(source, start="logs") as it:
        it.expect_text("no output yet (running")


async def test_escape_sequences_are_shown_as_text() -> None:
    line = b"2025-11-24T08:00:00.000000Z stdout F \x1b[31mred\x07\n"
    source = FakeSource(training(), reads={("log", TRAIN, ""): line})
    async with drive(source, start="logs") as it:
        await it.until("[31mred")
        it.expect_text("\\x1b[31mred\\x07")


async def test_a_missing_log_is_said() -> None:
    async with drive(FakeSource(training()), start="logs") as it:
        await it.until("✖ log sf-")


async def test_letters_faster_than_the_dialog_are_kept() -> None:
    async with drive(source_with_log(), start="logs") as it:
        await it.until("399 workers")
        await it.pilot.press("/", *"14", "space", *"work", "enter")
        await it.until("▲")
        it.expect_text("warning: 14 workers")
