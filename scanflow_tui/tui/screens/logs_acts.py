"""What the keys of Logs do: following, searching, streams, other steps, copying and saving."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scanflow_tui.client.source import Ref
from scanflow_tui.contract.errors import ScanflowError
from scanflow_tui.tui.present.log import plain_line
from scanflow_tui.tui.present.times import size
from scanflow_tui.tui.widgets.dialog import Ask
from scanflow_tui.tui.widgets.logview import LogView

if TYPE_CHECKING:
    from scanflow_tui.tui.screens.logs import LogsScreen


class LogsActs:
    """Each ``act_<id>`` stands for an action of ``keys``."""

    def __init__(self, place: LogsScreen) -> None:
        self.place = place

    def act_follow(self) -> None:
        """Hold the end in view."""
        self.place.query_one(LogView).follow()

    async def act_find(self) -> None:
        """Ask for words, go to the first match."""
        view = self.place.query_one(LogView)
        needle = await self.place.app.push_screen_wait(Ask("Search the log", value=view.needle))
        if needle is None:
            return
        if needle and not view.search(needle):
            self.place.say(f"{needle!r} is not in this log")
        elif not needle:
            view.search("")
            view.refresh()
        self.place.paint_bars()

    def act_next_match(self) -> None:
        """Onwards."""
        self.place.query_one(LogView).seek(1)

    def act_previous_match(self) -> None:
        """Back."""
        self.place.query_one(LogView).seek(-1)

    def act_stream(self) -> None:
        """Both, out, ERR."""
        self.place.say(f"stream: {self.place.query_one(LogView).next_stream()}")

    def act_time(self) -> None:
        """Since the start, or of the day."""
        view = self.place.query_one(LogView)
        view.since_start = not view.since_start
        self.place.say(f"time: {'since start' if view.since_start else 'of the day, local'}")
        view.refresh()

    def act_previous_step(self) -> None:
        """The attempt before."""
        self._turn_step(-1)

    def act_next_step(self) -> None:
        """The attempt after."""
        self._turn_step(1)

    def _turn_step(self, step: int) -> None:
        attempts = self.place.named()
        names = [attempt.name for _, attempt in attempts]
        at = names.index(self.place.reader.attempt) if self.place.reader.attempt in names else -step
        if 0 <= at + step < len(attempts):
            self.place.choose(attempts[at + step])
            self.place.repaint()
        else:
            self.place.say("that was the last log" if step > 0 else "that was the first log")

    def act_copy(self) -> None:
        """The match, or else what is on screen."""
        view = self.place.query_one(LogView)
        lines = view.on_screen_lines() if view.match is None else [view.lines[view.match]]
        self.place.app.copy_to_clipboard("\n".join(plain_line(line) for line in lines))
        self.place.say(f"copied {len(lines)} lines, if this terminal allows it")

    async def act_save(self) -> None:
        """The whole record into a file of the folder that ScanFlow was started in."""
        source, named = self.place.scanflow.source, self.place.current()
        if source is None or named is None:
            return
        path = Path(f"{named[0]}-{named[1].number}.log").absolute()
        try:
            chunk = await source.read(Ref("log", self.place.reader.attempt))
            path.write_bytes(chunk.data)
        except (OSError, ScanflowError) as error:
            self.place.say(f"✖ not saved: {error}", "bad")
            return
        self.place.say(
            f"saved {size(len(chunk.data))} to {path}" + (f" ({chunk.note})" * bool(chunk.note))
        )
