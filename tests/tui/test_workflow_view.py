"""What of the Workflow screen is in view: the cursor always, lists whole, keys that work now."""

from __future__ import annotations

from tests.driver import LARGE, Driver, drive
from tests.fakes.demo_events import demo_events, failed
from tests.fakes.fan_events import fanned
from tests.fakes.source import FakeSource


async def resize(it: Driver, width: int, height: int) -> None:
    await it.pilot.resize_terminal(width, height)
    await it.settle()


async def test_a_pipeline_of_steps_has_no_layer_to_fold() -> None:
    async with drive(FakeSource(fanned(4))) as it:
        await it.press("f")
        it.expect_footer("this pipeline has one layer only")
        it.expect_text("tune_1", "best")


async def test_the_cursor_is_on_screen_in_another_form() -> None:
    async with drive(FakeSource(fanned(40)), size=LARGE) as it:
        await it.press("F", "/")
        await it.type("tune_31")
        await it.press("enter")
        for key in ("+", "+", "-", "-"):
            await it.press(key)
            assert any("tune_31" in row and "tune_31 · step" not in row for row in it.lines())


async def test_the_cursor_is_on_screen_in_another_size() -> None:
    async with drive(FakeSource(fanned(40))) as it:
        await it.press("F")
        await it.press("G")
        it.expect_rows("▸· best")
        for size in ((120, 40), (80, 24), (200, 60), (50, 14)):
            await resize(it, *size)
            it.expect_rows("▸· best")


async def test_a_group_that_no_picture_shows_is_a_list() -> None:
    async with drive(FakeSource(fanned(40)), size=LARGE) as it:
        await it.press("F")
        it.expect_rows("▸✖ tune_13", "← load")


async def test_the_frame_says_what_lies_beside() -> None:
    async with drive(FakeSource(demo_events("asked"))) as it:
        await it.press("+", "+", "g")
        it.expect_text("▶ L ━┛")
        it.expect_no_text("H ◀")
        await it.press("L")
        it.expect_text("H ◀")


async def test_the_conversation_is_as_high_as_it_is_long() -> None:
    async with drive(FakeSource(demo_events("promoted")), size=LARGE) as it:
        await it.press("m")
        shown = it.text()
        n = int(shown.split("Conversation (")[1].split(")")[0])
        assert n > 10
        assert sum("run 3" in row or "run 1" in row or "run 2" in row for row in it.lines()) >= n


async def test_a_list_names_its_own_keys_and_leaves_the_graph_alone() -> None:
    async with drive(FakeSource(failed())) as it:
        await it.press("c")
        it.expect_footer("enter open", "y copy", "esc back")
        assert "fold" not in it.lines()[-1]
        await it.press("f")
        it.expect_footer("the graph is not shown")


async def test_the_detail_follows_the_command_log() -> None:
    async with drive(FakeSource(fanned())) as it:
        await it.press("c", "g")
        it.expect_text("load · step node")
        await it.press("j")
        it.expect_text("tune ×40 · foreach group")


async def test_long_sentences_go_on_in_the_next_line() -> None:
    async with drive(FakeSource(demo_events("asked"))) as it:
        await it.press("?")
        shown = " ".join(row.strip("┃│ ") for row in it.lines())
        assert "…" not in shown.split("Help:")[1].split("/ filter")[0]


async def test_what_is_cut_says_so() -> None:
    async with drive(FakeSource(demo_events("promoted"))) as it:
        await it.press("m")
        it.expect_rows("check → plan", "images fl…")


async def test_a_skipped_node_does_not_say_that_it_runs() -> None:
    async with drive(FakeSource(demo_events("promoted"))) as it:
        await it.press("/")
        await it.type("filter")
        await it.press("enter")
        it.expect_text("skipped · ")
        it.expect_no_text("skipped · run:")


async def test_a_list_is_shown_on_a_small_terminal_whatever_pane_was() -> None:
    async with drive(FakeSource(failed()), size=(50, 12)) as it:
        await it.press("tab")
        it.expect_text("train · step node")
        await it.press("c")
        it.expect_text("Commands of run 1")
        await it.press("escape")
        it.expect_text("Graph · run 1")
