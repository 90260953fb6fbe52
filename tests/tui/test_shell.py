"""The shell that all places share."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.screen import ModalScreen

from scanflow_tui.contract.errors import Refused
from scanflow_tui.tui.app import ScanflowApp
from scanflow_tui.tui.screens.place import Place
from scanflow_tui.tui.widgets.closing import close
from scanflow_tui.tui.widgets.help import Help
from tests.driver import drive
from tests.fakes.demo_events import demo_events, failed
from tests.fakes.source import FakeSource

WHY = (
    "/data/copies/of/a/session: this session belongs to /home/ann/sessions/mnist-demo. "
    "A moved or copied session opens read-only (scanflow replay)."
)


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


async def test_escape_on_the_first_screen_stays_and_q_leaves() -> None:
    async with drive(FakeSource(demo_events("asked"))) as it:
        await it.press("escape")
        it.expect_footer("q leaves, runs go on")
        await it.press("q")
    assert it.app.return_value == 0


async def test_a_small_terminal_shows_one_pane_and_says_so() -> None:
    async with drive(FakeSource(demo_events("asked")), size=(56, 14)) as it:
        it.expect_text("one pane at a time", "Graph")
        it.expect_no_text("label · human node")
        await it.press("tab")
        it.expect_text("label · human node")
        it.expect_no_text("Graph")


async def test_the_palette_lists_actions_with_keys_and_reasons() -> None:
    async with drive(FakeSource(demo_events("asked")), size=(120, 40)) as it:
        await it.press("ctrl+p")
        await it.type("try")
        await it.until("only what failed or was made is tried again")
        it.expect_rows("t ", "Try the node again")


async def test_the_palette_leads_to_nodes() -> None:
    async with drive(FakeSource(demo_events("asked"))) as it:
        await it.press("ctrl+p")
        await it.type("node eval")
        await it.until("Node evaluate")
        await it.press("down", "enter")
        await it.until("evaluate · step node")


async def test_ascii_draws_no_box_character() -> None:
    async with drive(FakeSource(demo_events("asked")), ascii=True) as it:
        it.expect_text("+- Graph", "? needs you")
        assert it.text().isascii()


async def test_the_clock_says_that_it_is_local() -> None:
    async with drive(FakeSource(demo_events("asked"))) as it:
        assert it.lines()[0].endswith(" local")


async def test_help_that_is_closed_before_it_stands_is_no_defect() -> None:
    async with drive(FakeSource(demo_events("asked"))) as it:
        place = it.app.screen
        assert isinstance(place, Place)
        it.app.push_screen(Help(place))
        it.app.pop_screen()
        await it.press("?")
        it.expect_text("Help: Workflow", "Move up")


async def test_a_defect_ends_the_app_without_a_traceback_over_the_terminal() -> None:
    def broken() -> None:
        raise RuntimeError("a defect")

    app = ScanflowApp(None, Path())
    with pytest.raises(RuntimeError, match="a defect"):
        async with app.run_test() as pilot:
            app.call_later(broken)
            await pilot.pause()
    assert isinstance(app.defect, RuntimeError)
    assert app.return_code == 1
    assert not app._exit_renderables


async def test_keys_on_their_way_to_a_closed_dialog_close_nothing_else() -> None:
    async with drive(FakeSource(demo_events())) as it:
        await it.press("?")
        dialog = it.app.screen
        assert isinstance(dialog, ModalScreen)
        close(dialog, None)
        close(dialog, None)
        await it.settle()
        it.expect_place("workflow")


async def test_the_line_of_a_small_terminal_is_never_cut() -> None:
    for width in (58, 50, 40):
        async with drive(FakeSource(demo_events("asked")), size=(width, 12)) as it:
            row = it.lines()[1]
            assert row.endswith(("tab shows the next", "next pane"))


async def test_what_is_cut_is_ascii_too_where_that_was_asked_for() -> None:
    async with drive(FakeSource(failed()), ascii=True, size=(70, 24)) as it:
        assert it.lines()[-1].endswith("~")
        await it.press("?")
        assert it.text().isascii()


@pytest.mark.parametrize("place", ["workflow", "logs", "drift", "label", "decide", "result"])
async def test_why_a_session_does_not_open_is_whole_in_every_place(place: str) -> None:
    async with drive(FakeSource(fails=Refused(WHY)), size=(56, 20), start=place) as it:
        it.expect_place(place)
        said = " ".join(line.strip(" │┃").strip() for line in it.lines())
        assert WHY in " ".join(said.split())
