"""Foreach groups on the Workflow screen: folded at first, unfolded by key and mouse, never lost."""

from __future__ import annotations

from scanflow_tui.contract.commands import Cancel, Retry
from tests.driver import LARGE, drive
from tests.fakes.fan_events import fanned
from tests.fakes.source import FakeSource


async def test_a_large_group_is_folded_at_first_and_says_how_far_it_is() -> None:
    async with drive(FakeSource(fanned())) as it:
        it.expect_text("▸✖ tune ×40]", "12/40✔ 1✖", "2 groups folded")
        it.expect_text("tune ×40 · foreach group", "loss is not a number")
        it.expect_no_text("[✔ tune_2")


async def test_a_small_group_stands_open_and_is_folded_by_its_key() -> None:
    async with drive(FakeSource(fanned(4, n_done=1))) as it:
        it.expect_text("[✔ tune_1]")
        await it.press("F")
        it.expect_text("▸✖ tune ×4]", "1/4✔ 1✖", "1 group folded")
        it.expect_no_text("[✔ tune_1]")


async def test_the_key_unfolds_and_folds_and_the_cursor_stays_with_the_group() -> None:
    async with drive(FakeSource(fanned())) as it:
        await it.press("F")
        it.expect_rows("▸✖ tune_13")
        it.expect_text("tune_13 · step node")
        await it.press("F")
        it.expect_text("▸✖ tune ×40]")


async def test_enter_unfolds_a_group() -> None:
    async with drive(FakeSource(fanned())) as it:
        await it.press("enter")
        it.expect_rows("▸✖ tune_13")


async def test_elsewhere_the_key_folds_and_unfolds_every_group() -> None:
    async with drive(FakeSource(fanned())) as it:
        await it.press("h")
        it.expect_text("load · step node")
        await it.press("F")
        it.expect_no_text("tune ×40", "test ×40", "folded")
        await it.press("F")
        it.expect_text("2 groups folded")


async def test_the_right_button_folds_and_a_second_click_unfolds() -> None:
    async with drive(FakeSource(fanned())) as it:
        await it.pilot.click(offset=_at(it.lines(), "tune ×40"), times=2)
        await it.settle()
        it.expect_rows("▸✖ tune_13")
        await it.pilot.click(offset=_at(it.lines(), "tune_13"), button=3)
        await it.settle()
        it.expect_text("▸✖ tune ×40]")


async def test_a_search_finds_what_is_folded() -> None:
    async with drive(FakeSource(fanned())) as it:
        await it.press("/")
        await it.type("tune_31")
        await it.press("enter")
        await it.until("tune_31 · step node")


async def test_the_log_of_a_folded_group_is_that_of_what_failed() -> None:
    async with drive(FakeSource(fanned())) as it:
        await it.press("o")
        it.expect_text("tune_13, attempt 1")
        await it.press("escape")
        it.expect_text("▸✖ tune ×40]")


async def test_retry_on_a_folded_group_means_what_failed_in_it() -> None:
    source = FakeSource(fanned())
    async with drive(source) as it:
        await it.press("t")
        it.expect_text("Retry tune_13 of run 1?")
        await it.press("r")
        assert source.sent == [Retry(1, "tune_13")]


async def test_cancel_on_a_folded_group_means_what_runs_in_it() -> None:
    source = FakeSource(fanned())
    async with drive(source) as it:
        await it.press("x", "c")
        assert source.sent == [Cancel(1, "tune_14")]


async def test_eighty_nodes_in_groups_fit_a_large_terminal() -> None:
    async with drive(FakeSource(fanned()), size=LARGE) as it:
        it.expect_text("load", "┏ tune ×40", "┌ test ×40", "┌ best")
        it.expect_text("✖ 12 of 40 done, 1 failed", "· all 40 waiting")


async def test_the_words_are_ascii_where_that_was_asked_for() -> None:
    async with drive(FakeSource(fanned()), ascii=True) as it:
        it.expect_text(">x tune x40]", "2 groups folded")
        assert it.text().isascii()


def _at(rows: list[str], words: str) -> tuple[int, int]:
    y = next(at for at, row in enumerate(rows) if words in row and at > 1)
    return rows[y].index(words), y
