"""Logs: following, searching, streams, steps."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scanflow_tui.contract.ids import attempt_name
from tests.driver import drive
from tests.fakes.demo_events import SESSION, T0, demo_events, failed, log_bytes, training
from tests.fakes.source import FakeSource

STDERR = b"2025-11-24T08:01:00.000000Z stderr F "
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


async def test_a_failed_attempt_opens_at_the_line_that_tells_why() -> None:
    lines = log_bytes(100, T0) + STDERR + b"ValueError: data/train holds no images\n"
    lines += log_bytes(60, T0).replace(b"stderr", b"stdout")
    source = FakeSource(failed(), reads={("log", TRAIN, ""): lines})
    async with drive(source, start="logs") as it:
        await it.until("data/train holds no images")
        it.expect_rows("▸", "ERR ValueError: data/train holds no images")
        it.expect_text("▲ · 161 lines")
        await it.press("G")
        it.expect_no_text("holds no images")
        await it.press("!")
        await it.until("▸")


async def test_logs_stand_side_by_side_and_are_closed_again() -> None:
    check = attempt_name(SESSION, 3, "check", 1)
    plan = attempt_name(SESSION, 3, "plan", 1)
    reads = {("log", check, ""): log_bytes(3), ("log", plan, ""): log_bytes(5)}
    source = FakeSource(demo_events("promoted"), reads=reads)
    async with drive(source, start="logs", size=(120, 30)) as it:
        it.app.node = "plan"
        it.app.screen.repaint()
        await it.until("5 lines")
        await it.press("+")
        await it.until("3 lines")
        it.expect_rows("plan, attempt 1", "check, attempt 1")
        it.expect_text("Logs > check")
        await it.press("tab")
        it.expect_text("Logs > plan")
        await it.press("-")
        it.expect_no_text("plan, attempt 1")
        it.expect_text("check, attempt 1")


async def test_words_filter_the_lines() -> None:
    async with drive(source_with_log(), start="logs") as it:
        await it.until("399 workers")
        await it.press("f")
        await it.type("epoch 13")
        await it.press("enter")
        await it.until("'epoch 13' only · follow ▼ · 10 lines")
        it.expect_no_text("workers")
        await it.press("f")
        await it.press("backspace", "enter")
        it.expect_text("399 workers")


async def test_what_is_in_view_or_gone_to_is_copied() -> None:
    async with drive(source_with_log(), start="logs") as it:
        await it.until("399 workers")
        await it.press("y")
        it.expect_footer("copied 20 lines")
        await it.press("/")
        await it.type("14 workers")
        await it.press("enter", "y")
        it.expect_footer("copied 1 line,")
        assert it.app.clipboard.endswith("ERR warning: 14 workers")


async def test_save_writes_the_whole_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = source_with_log()
    async with drive(source, start="logs") as it:
        await it.until("399 workers")
        await it.press("S")
        await it.until("saved 23 kB to")
    assert (tmp_path / "train-1.log").read_bytes() == source.reads[("log", TRAIN, "")]


async def test_a_search_in_a_filtered_log_finds_only_what_the_filter_shows() -> None:
    async with drive(source_with_log(), start="logs") as it:
        await it.until("399 workers")
        await it.press("f")
        await it.type("epoch")
        await it.press("enter", "/")
        await it.type("4")
        await it.press("enter")
        await it.until("▸")
        it.expect_rows("▸", "epoch")


async def test_a_filter_that_nothing_passes_is_named_and_left_behind() -> None:
    check = attempt_name(SESSION, 3, "check", 1)
    evaluate = attempt_name(SESSION, 3, "evaluate", 1)
    reads = {("log", check, ""): log_bytes(3), ("log", evaluate, ""): log_bytes(5)}
    async with drive(FakeSource(demo_events("promoted"), reads=reads), start="logs") as it:
        await it.until("5 lines")
        await it.press("f")
        await it.type("nowhere")
        await it.press("enter")
        await it.until("no line with 'nowhere': f and s change the filter")
        it.app.node = "check"
        it.app.screen.repaint()
        await it.until("3 lines")
        it.expect_text("out epoch 0")


async def test_a_log_beside_has_the_same_clock() -> None:
    check = attempt_name(SESSION, 3, "check", 1)
    evaluate = attempt_name(SESSION, 3, "evaluate", 1)
    reads = {("log", check, ""): log_bytes(3), ("log", evaluate, ""): log_bytes(5)}
    async with drive(FakeSource(demo_events("promoted"), reads=reads), start="logs") as it:
        await it.until("5 lines")
        await it.press("t", "+")
        await it.settle()
        assert not [row for row in it.lines() if "00:00.0" in row.replace("08:00:00.0", "")]


async def test_a_progress_bar_shows_its_last_state() -> None:
    line = b"2025-11-24T08:00:00.000000Z stderr F \r1 of 9\r5 of 9\r9 of 9\n"
    source = FakeSource(training(), reads={("log", TRAIN, ""): line})
    async with drive(source, start="logs") as it:
        await it.until("ERR \\r×2 9 of 9")
        it.expect_no_text("1 of 9")
