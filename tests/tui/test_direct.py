"""The short way of a key: at once where nothing is under way, never before what came earlier."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rich.segment import Segment
from rich.text import Text
from textual import events
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.strip import Strip

from scanflow_tui.tui.fitting import tick
from scanflow_tui.tui.labelling.annotating import FULL
from scanflow_tui.tui.screens.label import LabelScreen
from scanflow_tui.tui.widgets.kept import Kept
from scanflow_tui.tui.widgets.tiles import Tile, Tiles
from tests.driver import LARGE, Driver, drive
from tests.fakes.people import PeopleSource
from tests.tui.test_label import labels, source


def key(char: str) -> events.Key:
    return events.Key(char, char if len(char) == 1 else None)


def screen_of(it: Driver) -> LabelScreen:
    screen = it.app.screen
    assert isinstance(screen, LabelScreen)
    return screen


async def values(it: Driver, made: PeopleSource) -> list[int | None]:
    await it.settle()
    return [value for _, value in labels(made)]


async def test_a_key_is_a_label_before_anything_else_happens() -> None:
    made = source()
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        it.app.direct.arrive(key("3"))
        work = screen_of(it).bench.work
        assert work is not None and work.queue.unsaved == 1
        assert await values(it, made) == [3]
        it.expect_text("3 ✓")


async def test_a_key_overtakes_none_that_goes_the_long_way() -> None:
    made = source()
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        it.app.post_message(key("1"))
        it.app.direct.arrive(key("2"))
        it.app.direct.arrive(key("3"))
        assert await values(it, made) == [1, 2, 3]


async def test_a_digit_behind_a_question_labels_nothing() -> None:
    made = source()
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        for char in "n37":
            it.app.direct.arrive(key(char))
        assert await values(it, made) == []
        it.expect_text("37")


async def test_a_label_is_drawn_once_with_what_came_back() -> None:
    made = source()
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        it.app.direct.still_s = 60.0
        it.app.direct.arrive(key("3"))
        await it.settle()
        assert len(labels(made)) == 1
        it.expect_text("3 …")
        it.app.direct.arrive(key("4"))
        await it.settle()
        it.expect_text("3 ✓", "4 …")


async def test_more_than_may_wait_is_refused_in_words_and_nothing_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("scanflow_tui.tui.labelling.queue.PENDING_MAX", 3)
    made = source()
    made.hold()
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        for char in "12345":
            it.app.direct.arrive(key(char))
        await it.settle()
        it.expect_text("3 not yet saved", FULL)
        await it.press("u")
        it.expect_text(FULL)
        it.expect_no_text("nothing to undo")
        made.release()
        assert await values(it, made) == [1, 2, 3]
        it.app.direct.arrive(key("6"))
        assert await values(it, made) == [1, 2, 3, 6]


class Catching:
    """In place of the app's ``direct``: what was touched, and the cells it would paint."""

    def __init__(self) -> None:
        self.touched: list[tuple[Kept, Region]] = []

    def touch(self, widget: Kept, region: Region) -> bool:
        self.touched.append((widget, region))
        return True


class Page(App[None]):
    """One page of tiles."""

    def __init__(self) -> None:
        super().__init__()
        self.direct = Catching()
        self.tiles = Tiles()

    def compose(self) -> ComposeResult:
        yield self.tiles


def picture(char: str, rows: int = 3) -> tuple[Strip, ...]:
    return tuple(Strip([Segment(char * 6)], 6) for _ in range(rows))


PICTURE = picture("#")
BEFORE = [Tile(str(at), PICTURE, Text("·")) for at in range(6)]


@pytest.mark.parametrize(
    "change",
    [
        lambda old: Tile(old.sample, old.picture, Text("3 …"), focused=True),
        lambda old: Tile(old.sample, old.picture, Text("3 ✓")),
        lambda old: Tile(old.sample, old.picture, old.foot, marked=True),
        lambda old: Tile("x", picture("%"), Text("7? .50")),
        lambda old: Tile("x", picture("%", 2), Text("7? .50"), focused=True),
        lambda old: Tile("x", None, Text("7? .50")),
        lambda old: Tile("x", "unreadable: torn", Text("·"), head="img x"),
    ],
)
async def test_what_is_painted_of_a_tile_is_all_that_differs(
    change: Callable[[Tile], Tile],
) -> None:
    app = Page()
    async with app.run_test(size=(40, 14)) as pilot:
        app.tiles.put(BEFORE, columns=3, width=10, height=6)
        await pilot.pause()
        cells = _cells(app)
        app.direct.touched.clear()
        app.tiles.put_some({1: BEFORE[1]})
        app.tiles.put_some({4: Tile("4", PICTURE, Text("…"), focused=True)})
        app.tiles.put_some({4: change(BEFORE[4])})
        for widget, region in app.direct.touched:
            for x, y, segments in widget.spans(region):
                at = x
                for text, style, _ in segments:
                    for char in text:
                        cells[at, y] = (char, str(style))
                        at += 1
        assert cells == _cells(app)


def _cells(app: Page) -> dict[tuple[int, int], tuple[str, str]]:
    cells = {}
    for y in range(12):
        x = 0
        for text, style, _ in app.tiles.render_line(y):
            for char in text:
                cells[x, y] = (char, str(style))
                x += 1
    return cells


async def test_the_clock_waits_for_the_next_keys_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    async with drive(source(), start="label", size=LARGE) as it:
        await it.until("0 zero")
        screen, painted = screen_of(it), []
        monkeypatch.setattr(screen, "paint_bars", lambda: painted.append("bars"))
        it.app.direct.still_s = 60.0
        it.app.direct.arrive(key("3"))
        painted.clear()
        tick(screen)
        assert not painted
        it.app.direct.still_s = 0.0
        tick(screen)
        assert painted == ["bars"]
