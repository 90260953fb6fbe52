"""A small language for tests of screens: press, focus, expect. What it asserts is what is shown.

async with drive(FakeSource(demo_events())) as it:
    await it.press("o")
    it.expect_text("Logs")
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from scanflow_tui.client.source import Source
from scanflow_tui.tui.app import ScanflowApp
from scanflow_tui.tui.doors import Doors
from scanflow_tui.tui.labelling.annotating import Annotating
from scanflow_tui.tui.screens.label import LabelScreen

SMALL = (80, 24)
LARGE = (120, 40)
SETTLE_ROUNDS = 100
STILL_ROUNDS = 2
ROUND_S = 0.005
ENDING = ("seek", "list", "enter")
NOW_S = 1_763_971_200.0 + 600


class Driver:
    """One running app and its keyboard."""

    def __init__(self, app: ScanflowApp, pilot: Pilot[int]) -> None:
        self.app = app
        self.pilot = pilot

    async def press(self, *keys: str) -> None:
        """Keys by Textual's names or characters; waits until they were worked off."""
        await self.pilot.press(*keys)
        await self.settle()

    async def type(self, text: str) -> None:
        """Characters into a text field."""
        await self.press(*("space" if char == " " else char for char in text))

    async def settle(self) -> None:
        """Until every message was handled and the screen stands still, threads' words included."""
        for _ in range(3):
            await self.pilot.pause()
        shown, still = self.text(), 0
        for _ in range(SETTLE_ROUNDS):
            if still >= STILL_ROUNDS and not self._reads():
                return
            await self.pilot.pause(ROUND_S)
            now = self.text()
            still = still + 1 if now == shown else 0
            shown = now

    def _reads(self) -> bool:
        """Whether a worker that ends by itself is still at it; the one that follows never ends."""
        return any(worker.is_running and worker.group in ENDING for worker in self.app.workers)

    async def until(self, text: str, rounds: int = 200) -> None:
        """Wait until the screen shows a text."""
        for _ in range(rounds):
            if text in self.text():
                return
            await self.pilot.pause()
        self.expect_text(text)

    async def focus(self, selector: str) -> None:
        """Focus a widget."""
        self.app.screen.query_one(selector).focus()
        await self.pilot.pause()

    def lines(self) -> list[str]:
        """The rows of the screen as text."""
        width, height = self.app.size
        rows = []
        for strip in self.app.screen._compositor.render_strips():
            rows.append(strip.text[:width].rstrip())
        return rows[:height]

    def text(self) -> str:
        """The whole screen."""
        return "\n".join(self.lines())

    def expect_text(self, *texts: str) -> None:
        """All of these are shown."""
        shown = self.text()
        for text in texts:
            assert text in shown, f"{text!r} is not shown in\n{shown}"

    def expect_no_text(self, *texts: str) -> None:
        """None of these is shown."""
        shown = self.text()
        for text in texts:
            assert text not in shown, f"{text!r} is shown in\n{shown}"

    def expect_rows(self, *parts: str) -> None:
        """One row holds all of these."""
        shown = self.lines()
        assert any(all(part in row for part in parts) for row in shown), (
            f"no row has {parts} in\n" + "\n".join(shown)
        )

    def expect_footer(self, *parts: str) -> None:
        """The last row holds these."""
        last = self.lines()[-1]
        for part in parts:
            assert part in last, f"{part!r} is not in the footer {last!r}"

    def expect_place(self, place: str) -> None:
        """This place is on top."""
        assert self.app.current_place() == place


@asynccontextmanager
async def drive(
    source: Source | None = None,
    *,
    size: tuple[int, int] = SMALL,
    root: Path = Path("/nonexistent"),
    start: str | None = None,
    doors: Doors | None = None,
    ascii: bool = False,
    now_s: float = NOW_S,
) -> AsyncIterator[Driver]:
    """The app over a source, headless, with a clock that stands still."""
    app = ScanflowApp(
        source,
        root,
        start,
        doors=doors,
        ascii=ascii,
        now_s=lambda: now_s,
        steady_s=lambda: 0.0,
    )
    app.direct.still_s = 0.0
    async with app.run_test(size=size) as pilot:
        driver = Driver(app, pilot)
        await driver.settle()
        yield driver


def work_of(it: Driver) -> Annotating:
    """What the annotator on the Label screen works at."""
    screen = it.app.screen
    assert isinstance(screen, LabelScreen)
    work = screen.bench.open_work
    assert work is not None
    return work
