"""Logs: what steps wrote, live, several side by side, read by offset and only where looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult

from scanflow_tui.contract.states import ATTEMPT_ENDED, BAD
from scanflow_tui.tui import fitting, keys
from scanflow_tui.tui.present import logtitle
from scanflow_tui.tui.present.attempts import (
    Named,
    attempts_of,
    first_to_read,
    run_in_view,
    title,
)
from scanflow_tui.tui.screens.logs_acts import LogsActs
from scanflow_tui.tui.screens.logs_find import LogsFind
from scanflow_tui.tui.screens.place import Place
from scanflow_tui.tui.widgets.logview import LogView

if TYPE_CHECKING:
    from textual.worker import Worker

    from scanflow_tui.client.source import Update
    from scanflow_tui.tui.logfeed import LogFeed

POLL_S = 0.5
BESIDE_MAX = 4
BESIDE_COLUMNS_MIN = 36
NEEDS_LOG = ("find", "filter", "stream", "copy", "save", "time")
JUDGED = frozenset(
    {*NEEDS_LOG, "next_match", "previous_match", "previous_step", "next_step"}
    | {"follow", "failure", "beside", "alone"}
)
"""The actions that do not work always: the footer asks about all, and often."""


@dataclass(slots=True, eq=False)
class Pane:
    """A view, the attempt that it shows, and who reads for it."""

    view: LogView
    attempt: str = ""
    feed: LogFeed | None = None
    saving: str = ""
    worker: Worker[None] | None = None


class LogsScreen(Place):
    """One attempt's log a pane; ``[`` and ``]`` lead to the attempts before and after it."""

    place = "logs"
    DEFAULT_CSS = "LogsScreen #body { layout: horizontal; }"

    def __init__(self) -> None:
        super().__init__()
        self.panes = [Pane(LogView())]
        self.finder = LogsFind(self)
        self.doers = (LogsActs(self), self.finder)
        self.asked_for: tuple[str | None, int | None] = (None, None)

    def compose_body(self) -> ComposeResult:
        """The log panes."""
        for pane in self.panes:
            yield pane.view

    def on_mount(self) -> None:
        """Read on while it grows."""
        super().on_mount()
        self.panes[0].view.focus()
        self.set_interval(POLL_S, self.poll)

    # -- what is shown

    @property
    def pane(self) -> Pane:
        """The pane with the focus, else the first."""
        return next((pane for pane in self.panes if pane.view.has_focus), self.panes[0])

    @property
    def view(self) -> LogView:
        """The view with the focus."""
        return self.pane.view

    def named(self) -> list[Named]:
        """The attempts of the run in view."""
        return attempts_of(run_in_view(self.known.state, self.scanflow.run_number))

    def current(self, pane: Pane | None = None) -> Named | None:
        """The attempt in a pane, by default the one with the focus."""
        wanted = (pane or self.pane).attempt
        found = [named for named in self.named() if named[1].name == wanted]
        return found[0] if found else None

    def show(self, update: Update | None) -> None:
        """Title and lines; another attempt only where another node was asked for."""
        attempts = self.named()
        wanted = (self.scanflow.node, self.scanflow.run_number)
        if attempts and (self.current() is None or wanted != self.asked_for):
            self.asked_for = wanted
            self.view.sift("", "both")
            self.choose(attempts[first_to_read(attempts, self.scanflow.node)])
        self.paint_logs()
        if update is not None:
            self.poll()

    def paint_logs(self) -> None:
        """Titles, notes and what an empty log says."""
        for pane in self.panes:
            view, named = pane.view, self.current(pane)
            view.ascii = self.scanflow.ascii
            if named is None or pane.feed is None:
                view.border_title = "Log"
                view.empty = self.legible(Text(logtitle.nothing(self.known))).plain
            else:
                now_us = self.scanflow.now_us()
                heading = title(named, now_us, ascii=self.scanflow.ascii)
                view.border_title = self.legible(Text(heading)).plain
                view.border_subtitle = pane.saving or pane.feed.note
                empty = logtitle.no_lines(named[1], now_us, view.filter, pane.feed)
                view.empty = self.legible(Text(empty)).plain
            view.refresh()

    def crumbs(self) -> tuple[str, ...]:
        """The node."""
        named = self.current()
        return () if named is None else (named[0],)

    def status(self) -> str:
        """Following or not, and how many lines there are."""
        return logtitle.status(self.view)

    def why_not(self, action: keys.Action) -> str:
        """Searching again needs a search, a failure one that failed."""
        if action.id not in JUDGED:
            return ""
        named, view = self.current(), self.view
        if action.id in ("next_match", "previous_match") and not view.needle:
            return "search with / first"
        if action.id in ("previous_step", "next_step") and len(self.named()) < 2:
            return "the only log of this run"
        if action.id == "follow" and view.following:
            return "following"
        if action.id == "failure" and (named is None or named[1].state not in BAD):
            return "this attempt did not fail"
        if action.id == "beside" and self.app.size.width // BESIDE_COLUMNS_MIN <= len(self.panes):
            return "the terminal is too narrow for one more"
        if action.id == "alone" and len(self.panes) < 2:
            return "one log is shown"
        if action.id in NEEDS_LOG and named is None:
            return "no log"
        return ""

    def on_log_view_scrolled(self) -> None:
        """The bars say whether the end is followed."""
        self.paint_bars()

    def on_descendant_focus(self) -> None:
        """The bars speak of the pane with the focus."""
        self.paint_bars()

    # -- reading

    def choose(self, named: Named, pane: Pane | None = None) -> None:
        """Show another attempt's log: its end, or the line that tells why it failed."""
        # The protocol's module needs the events: after the first paint only.
        from scanflow_tui.tui.logfeed import LogFeed

        pane, source = pane or self.pane, self.scanflow.source
        if pane.worker is not None:
            pane.worker.cancel()
        if source is None:
            return
        pane.attempt = named[1].name
        pane.view.begin(named[1].claimed_at or named[1].intended_at)
        pane.feed = LogFeed(source, pane.attempt, pane.view, self._read)
        pane.worker = self.run_worker(pane.feed.run(), group="log")
        if named[1].state in BAD and named[1].state != "cancelled":
            self.finder.go_to_failure(pane, named[1])
        self.poll()

    def beside(self, named: Named) -> None:
        """Show one more attempt's log beside the others, and go to it."""
        pane = Pane(LogView())
        pane.view.since_start = self.view.since_start
        self.panes.append(pane)
        self.query_one("#body").mount(pane.view)
        pane.view.focus()
        self.choose(named, pane)
        fitting.fit(self)
        self.call_after_refresh(self.repaint)

    def alone(self) -> None:
        """Close the pane with the focus."""
        pane = self.pane
        if len(self.panes) < 2:
            return
        self.panes.remove(pane)
        if pane.worker is not None:
            pane.worker.cancel()
        pane.view.remove()
        self.panes[-1].view.focus()
        self.call_after_refresh(self.repaint)

    def poll(self) -> None:
        """Ask where there may be more."""
        if not self.is_current:
            return
        for pane in self.panes:
            named, feed = self.current(pane), pane.feed
            if named is None or feed is None:
                continue
            ended = named[1].state in ATTEMPT_ENDED
            vital = self.known.vital(pane.attempt)
            if feed.wants(None if vital is None else vital.log_bytes, ended=ended):
                feed.look(ended=ended)

    def _read(self) -> None:
        if self.is_current:
            self.paint_logs()
            self.paint_bars()
