"""Keys that come in a burst, faster than any screen: each is for what the ones before it opened."""

from __future__ import annotations

from textual import events
from textual.command import DiscoveryHit

from scanflow_tui.contract.commands import Retry
from scanflow_tui.contract.ids import attempt_name
from scanflow_tui.tui.doors import Doors
from scanflow_tui.tui.widgets.palette import Palette
from tests.driver import Driver, drive
from tests.fakes.demo_events import SESSION, T0, demo_events, failed, log_bytes, training
from tests.fakes.source import FakeSource, FakeTape

TRAIN = attempt_name(SESSION, 1, "train", 1)


async def burst(it: Driver, *keys: str) -> None:
    """All of them before the first is worked off."""
    for key in keys:
        it.app.post_message(events.Key(key, key if len(key) == 1 else None))
    await it.settle()
    await it.settle()


async def test_a_word_to_search_for_is_for_the_search() -> None:
    source = FakeSource(training(), reads={("log", TRAIN, ""): log_bytes(400, T0)})
    async with drive(source, start="logs") as it:
        await it.until("399 workers")
        await burst(it, "/", *"work", "enter")
        it.expect_place("logs")
        await it.until("ERR warning:")
        it.expect_no_text("Search the log")
        assert it.app.screen.view.needle == "work"


async def test_an_answer_is_for_its_question() -> None:
    source = FakeSource(failed())
    async with drive(source) as it:
        await burst(it, "t", "r")
        it.expect_place("workflow")
        assert source.sent == [Retry(1, "train")]


async def test_a_key_behind_that_of_a_place_is_for_that_place() -> None:
    async with drive(FakeSource(demo_events("promoted"))) as it:
        await burst(it, "o", "g")
        it.expect_place("logs")
        await burst(it, "?", "escape", "w", "c")
        it.expect_text("Commands of run 3")


async def test_keys_on_the_way_into_a_replay_are_for_the_replay() -> None:
    doors = Doors(open_replay=lambda name: FakeTape(demo_events()))
    async with drive(FakeSource(demo_events()), doors=doors) as it:
        await burst(it, "r", "p", "w", "comma")
        await it.until("READ ONLY")
        it.expect_place("workflow")


async def test_the_palette_and_a_way_out_in_one_burst() -> None:
    doors = Doors(open_replay=lambda name: FakeTape(demo_events()))
    async with drive(FakeSource(demo_events()), doors=doors) as it:
        await burst(it, "p", "ctrl+p", "escape", "p", "r", "?", "ctrl+p")
        await it.until("READ ONLY")


async def test_keys_for_a_palette_without_lines_or_gone_end_nothing() -> None:
    async with drive(FakeSource(demo_events())) as it:
        await burst(it, "ctrl+p", *"zzzz", "pageup", "pagedown", "escape")
        await burst(it, "ctrl+p", "pageup", "n", "escape", "x", "enter")
        await burst(it, "ctrl+p", *"help", "escape", "escape")
        await burst(it, "ctrl+p")
        palette = it.app.screen
        assert isinstance(palette, Palette)
        await burst(it, "escape")
        palette.dismiss()
        palette._gather_commands("n")
        await it.settle()
        it.expect_place("workflow")


async def test_a_line_of_the_palette_is_taken_once() -> None:
    source = FakeSource(failed())
    async with drive(source) as it:
        await burst(it, "ctrl+p")
        palette = it.app.screen
        assert isinstance(palette, Palette)
        done: list[int] = []
        palette._selected_command = DiscoveryHit("a line", lambda: done.append(1))
        palette._list_visible = False
        palette._select_or_command()
        palette._select_or_command()
        await it.settle()
        await it.settle()
        assert done == [1]
        it.expect_place("workflow")


async def test_a_key_of_the_tape_as_help_opens() -> None:
    async with drive(FakeTape(demo_events())) as it:
        await burst(it, "?", "comma", "space", "<", "escape", "<")
        it.expect_text("READ ONLY")


async def test_a_place_and_a_search_in_it_in_one_burst() -> None:
    source = FakeSource(training(), reads={("log", TRAIN, ""): log_bytes(400, T0)})
    async with drive(source) as it:
        await burst(it, "o", "/", *"work", "enter")
        it.expect_place("logs")
        await it.until("ERR warning:")
        it.expect_no_text("Search the log")
        assert it.app.screen.view.needle == "work"
        await burst(it, "w", "o", "/", *"epoch", "enter")
        assert it.app.screen.view.needle == "epoch"
