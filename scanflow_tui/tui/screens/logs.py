"""Logs: what a step wrote, live, stream by stream, read by offset as it grows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult

from scanflow_tui.contract.states import ATTEMPT_ENDED
from scanflow_tui.tui import keys
from scanflow_tui.tui.logreading import LogReader
from scanflow_tui.tui.present.attempts import (
    Named,
    attempts_of,
    first_to_read,
    run_in_view,
    title,
)
from scanflow_tui.tui.present.times import elapsed
from scanflow_tui.tui.screens.logs_acts import LogsActs
from scanflow_tui.tui.screens.place import Place
from scanflow_tui.tui.widgets.logview import LogView

if TYPE_CHECKING:
    from scanflow_tui.client.source import Update

POLL_S = 0.5


class LogsScreen(Place):
    """One attempt's log; ``[`` and ``]`` lead to the attempts before and after it."""

    place = "logs"

    def __init__(self) -> None:
        super().__init__()
        self.reader = LogReader("")
        self.doers = (LogsActs(self),)
        self.asked_for: tuple[str | None, int | None] = (None, None)

    def compose_body(self) -> ComposeResult:
        """The log pane."""
        yield LogView()

    def on_mount(self) -> None:
        """Read on while it grows."""
        super().on_mount()
        self.query_one(LogView).focus()
        self.set_interval(POLL_S, self.poll)

    # -- what is shown

    def named(self) -> list[Named]:
        """The attempts of the run in view."""
        return attempts_of(run_in_view(self.known.state, self.scanflow.run_number))

    def current(self) -> Named | None:
        """The attempt in view."""
        found = [named for named in self.named() if named[1].name == self.reader.attempt]
        return found[0] if found else None

    def show(self, update: Update | None) -> None:
        """Title and lines; another attempt only where another node was asked for."""
        attempts = self.named()
        wanted = (self.scanflow.node, self.scanflow.run_number)
        if attempts and (self.current() is None or wanted != self.asked_for):
            self.asked_for = wanted
            self.choose(attempts[first_to_read(attempts, self.scanflow.node)])
        self.paint_log()
        if update is not None:
            self.poll()

    def paint_log(self) -> None:
        """Title, notes and what an empty log says."""
        view, named = self.query_one(LogView), self.current()
        if named is None:
            view.border_title = "Log"
            view.empty = self._nothing()
            view.refresh()
            return
        plain = self.scanflow.ascii
        view.border_title = title(named, self.scanflow.now_us(), ascii=plain)
        view.border_subtitle = self.reader.note
        view.empty = self._no_lines(named)
        view.refresh()

    def _nothing(self) -> str:
        if self.known.error:
            return f"✖ {self.known.error}"
        if self.known.state is None:
            return "⠋ loading…"
        return "No step has run yet. [w] shows the workflow."

    def _no_lines(self, named: Named) -> str:
        attempt = named[1]
        if self.reader.note and not self.reader.problem:
            return self.reader.note
        if self.reader.problem:
            return f"✖ {self.reader.problem}"
        if attempt.state in ATTEMPT_ENDED:
            return "no output" if self.reader.is_read else "⠋ loading…"
        since = attempt.claimed_at or attempt.intended_at
        return f"no output yet (running {elapsed((self.scanflow.now_us() - since) / 1e6)})"

    def crumbs(self) -> tuple[str, ...]:
        """The node."""
        named = self.current()
        return () if named is None else (named[0],)

    def status(self) -> str:
        """Following or not, and how many lines there are."""
        view = self.query_one(LogView)
        stream = "" if view.lines.stream == "both" else f"{view.lines.stream} only · "
        if view.following:
            return f"{stream}follow ▼ · {len(view.lines):,} lines"
        below = f"▲ {view.missed:,} new below" if view.missed else "▲"
        return f"{stream}{below} · {len(view.lines):,} lines"

    def why_not(self, action: keys.Action) -> str:
        """Searching again needs a search."""
        if action.id in ("next_match", "previous_match") and not self.query_one(LogView).needle:
            return "search with / first"
        if action.id in ("previous_step", "next_step") and len(self.named()) < 2:
            return "the only log of this run"
        if action.id in ("follow",) and self.query_one(LogView).following:
            return "following"
        if action.id in ("find", "stream", "copy", "save", "time") and self.current() is None:
            return "no log"
        return ""

    def on_log_view_scrolled(self) -> None:
        """The bars say whether the end is followed."""
        self.paint_bars()

    # -- reading

    def choose(self, named: Named) -> None:
        """Show another attempt's log from its start."""
        self.reader = LogReader(named[1].name)
        self.query_one(LogView).begin(named[1].claimed_at or named[1].intended_at)
        self.poll()

    def poll(self) -> None:
        """Read on, where there may be more."""
        named = self.current()
        if named is None or not self.is_current:
            return
        ended = named[1].state in ATTEMPT_ENDED
        vital = self.known.vital(self.reader.attempt)
        if self.reader.wants(None if vital is None else vital.log_bytes, ended=ended):
            self.reader.is_reading = True
            self.run_worker(self._read_on(self.reader, ended), group="log")

    async def _read_on(self, reader: LogReader, ended: bool) -> None:
        source, view = self.scanflow.source, self.query_one(LogView)
        if source is not None:
            async for data in reader.read(source, ended=ended):
                if reader is not self.reader:
                    break
                view.feed(data)
        reader.is_reading = False
        if reader is not self.reader:
            self.poll()
        elif self.is_current:
            self.paint_log()
            self.paint_bars()
