"""What the keys of Logs do: following, filtering, other steps, panes, copying and saving."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scanflow_tui.contract.errors import ScanflowError
from scanflow_tui.contract.logsearch import STREAMS
from scanflow_tui.tui.present.log import plain_line
from scanflow_tui.tui.present.logtitle import STREAM_WORDS
from scanflow_tui.tui.present.times import size
from scanflow_tui.tui.widgets.dialog import Ask

if TYPE_CHECKING:
    from scanflow_tui.tui.screens.logs import LogsScreen


class LogsActs:
    """Each ``act_<id>`` stands for an action of ``keys``."""

    def __init__(self, place: LogsScreen) -> None:
        self.place = place

    def act_follow(self) -> None:
        """Hold the end in view."""
        self.place.view.follow()

    def act_stream(self) -> None:
        """Both, out, ERR."""
        view = self.place.view
        needle, streams = view.filter
        after = STREAMS[(STREAMS.index(streams) + 1) % len(STREAMS)]
        view.sift(needle, after)
        self.place.say(f"stream: {STREAM_WORDS[after]}")

    async def act_filter(self) -> None:
        """Ask for words; only the lines with them stay."""
        view = self.place.view
        needle, streams = view.filter
        words = await self.place.app.push_screen_wait(
            Ask("Show only lines with", value=needle, hint="empty: every line")
        )
        if words is not None:
            view.sift(words, streams)
            self.place.paint_bars()

    def act_time(self) -> None:
        """Since the start, or of the day."""
        view = self.place.view
        since_start = not view.since_start
        for pane in self.place.panes:
            pane.view.since_start = since_start
            pane.view.refresh()
        self.place.say(f"time: {'since start' if since_start else 'of the day, local'}")

    def act_previous_step(self) -> None:
        """The attempt before."""
        self._turn_step(-1)

    def act_next_step(self) -> None:
        """The attempt after."""
        self._turn_step(1)

    def _turn_step(self, step: int) -> None:
        attempts = self.place.named()
        names = [attempt.name for _, attempt in attempts]
        shown = self.place.pane.attempt
        at = names.index(shown) if shown in names else -step
        if 0 <= at + step < len(attempts):
            self.place.choose(attempts[at + step])
            self.place.repaint()
        else:
            self.place.say("that was the last log" if step > 0 else "that was the first log")

    def act_beside(self) -> None:
        """One more log, of an attempt that is not shown yet: the nearest before this one."""
        attempts = self.place.named()
        shown = {pane.attempt for pane in self.place.panes}
        names = [attempt.name for _, attempt in attempts]
        here = self.place.pane.attempt
        at = names.index(here) if here in names else 0
        order = [*range(at - 1, -1, -1), *range(at + 1, len(attempts))]
        rest = [attempts[index] for index in order if names[index] not in shown]
        if rest:
            self.place.beside(rest[0])
        else:
            self.place.say("every log of this run is shown")

    def act_alone(self) -> None:
        """One log less."""
        self.place.alone()

    def act_copy(self) -> None:
        """The match, or else what is on screen."""
        view = self.place.view
        match = view.matched()
        rows = view.rows_in_view() if match is None else [match]
        self.place.app.copy_to_clipboard("\n".join(plain_line(row) for row in rows))
        what = "1 line" if len(rows) == 1 else f"{len(rows)} lines"
        self.place.say(f"copied {what}, if this terminal allows it")

    async def act_save(self) -> None:
        """The whole record into a file of the folder that ScanFlow was started in."""
        pane, named = self.place.pane, self.place.current()
        feed = pane.feed
        if feed is None or named is None:
            return
        if pane.saving:
            self.place.say(f"it is being saved: {pane.saving}")
            return
        path = Path(f"{named[0]}-{named[1].number}.log").absolute()
        n_bytes = 0
        try:
            with path.open("wb") as file:
                async for data, whole in feed.pieces():
                    file.write(data)
                    n_bytes += len(data)
                    # In the frame: it may take long, and the footer's keys work meanwhile.
                    pane.saving = f"saving {size(n_bytes)} of {size(whole)}"
                    pane.view.border_subtitle = pane.saving
        except (OSError, ScanflowError) as error:
            self.place.say(f"✖ not saved: {error}", "bad")
            return
        finally:
            pane.saving = ""
            self.place.paint_logs()
        note = f" ({feed.note})" if feed.note else ""
        self.place.say(f"saved {size(n_bytes)} to {path}{note}")
