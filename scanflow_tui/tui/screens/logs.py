"""Logs: what a step wrote, live, stream by stream, read by offset as it grows."""

from __future__ import annotations

from pathlib import Path

from textual.app import ComposeResult

from scanflow_tui.client.source import Ref, Update
from scanflow_tui.contract.errors import ScanflowError
from scanflow_tui.contract.states import ATTEMPT_ENDED
from scanflow_tui.tui import keys
from scanflow_tui.tui.present.attempts import (
    Named,
    attempts_of,
    first_to_read,
    run_in_view,
    title,
)
from scanflow_tui.tui.present.log import plain_line
from scanflow_tui.tui.present.times import elapsed, size
from scanflow_tui.tui.screens.place import Place
from scanflow_tui.tui.widgets.dialog import Ask
from scanflow_tui.tui.widgets.logview import LogView

READ_BYTES = 256 * 1024
FIRST_BYTES_MAX = 8 * 1024 * 1024
"""Of a longer log the end alone is read; ``S`` saves the whole."""
POLL_S = 0.5


class LogsScreen(Place):
    """One attempt's log; ``[`` and ``]`` lead to the attempts before and after it."""

    place = "logs"

    def __init__(self) -> None:
        super().__init__()
        self.attempt = ""
        self.asked_for: tuple[str | None, int | None] = (None, None)
        self.read_bytes = 0
        self.note = ""
        self.problem = ""
        self.is_read = False
        self.is_reading = False

    def compose_body(self) -> ComposeResult:
        """The log pane."""
        yield LogView()

    def on_mount(self) -> None:
        """Read on while it grows."""
        super().on_mount()
        self.query_one(LogView).focus()
        self.set_interval(POLL_S, self._poll)

    # -- what is shown

    def named(self) -> list[Named]:
        """The attempts of the run in view."""
        return attempts_of(run_in_view(self.known.state, self.scanflow.run_number))

    def current(self) -> Named | None:
        """The attempt in view."""
        found = [named for named in self.named() if named[1].name == self.attempt]
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
            self._poll()

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
        view.border_subtitle = self.note
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
        if self.problem:
            return f"✖ {self.problem}"
        if attempt.state in ATTEMPT_ENDED:
            return "no output" if self.is_read else "⠋ loading…"
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
        self.attempt = named[1].name
        self.read_bytes, self.note, self.problem, self.is_read = 0, "", "", False
        self.query_one(LogView).begin(named[1].claimed_at or named[1].intended_at)
        self._poll()

    def _poll(self) -> None:
        named = self.current()
        if named is None or self.is_reading or not self.is_current:
            return
        vital = self.known.vital(self.attempt)
        ended = named[1].state in ATTEMPT_ENDED
        if (self.is_read and ended) or (
            vital is not None and vital.log_bytes <= self.read_bytes > 0
        ):
            return
        self.is_reading = True
        self.run_worker(self._read_on(self.attempt, ended), group="log")

    async def _read_on(self, attempt: str, ended: bool) -> None:
        try:
            await self._read(attempt)
            self.problem = ""
            if ended and self.attempt == attempt:
                self.is_read = True
        except ScanflowError as error:
            self.problem = error.sentence()
            self.is_read = ended
        finally:
            self.is_reading = False
        if self.attempt != attempt:
            self._poll()
        elif self.is_current:
            self.paint_log()
            self.paint_bars()

    async def _read(self, attempt: str) -> None:
        source = self.scanflow.source
        while source is not None and self.attempt == attempt:
            chunk = await source.read(Ref("log", attempt), self.read_bytes, READ_BYTES)
            if self.attempt != attempt:
                return
            if self.read_bytes == 0 and chunk.size > FIRST_BYTES_MAX:
                self.read_bytes = chunk.size - FIRST_BYTES_MAX
                self.note = f"the first {size(self.read_bytes)} are not shown: S saves all"
                continue
            self.note = chunk.note or self.note
            self.read_bytes += len(chunk.data)
            if chunk.data:
                self.query_one(LogView).feed(chunk.data)
            if not chunk.data or self.read_bytes >= chunk.size:
                return

    # -- actions

    def act_follow(self) -> None:
        """Hold the end in view."""
        self.query_one(LogView).follow()

    async def act_find(self) -> None:
        """Ask for words, go to the first match."""
        view = self.query_one(LogView)
        needle = await self.app.push_screen_wait(Ask("Search the log", value=view.needle))
        if needle is None:
            return
        if needle and not view.search(needle):
            self.say(f"{needle!r} is not in this log")
        elif not needle:
            view.search("")
            view.refresh()
        self.paint_bars()

    def act_next_match(self) -> None:
        """Onwards."""
        self.query_one(LogView).seek(1)

    def act_previous_match(self) -> None:
        """Back."""
        self.query_one(LogView).seek(-1)

    def act_stream(self) -> None:
        """Both, out, ERR."""
        self.say(f"stream: {self.query_one(LogView).next_stream()}")

    def act_time(self) -> None:
        """Since the start, or of the day."""
        view = self.query_one(LogView)
        view.since_start = not view.since_start
        self.say(f"time: {'since start' if view.since_start else 'of the day, local'}")
        view.refresh()

    def act_previous_step(self) -> None:
        """The attempt before."""
        self._turn_step(-1)

    def act_next_step(self) -> None:
        """The attempt after."""
        self._turn_step(1)

    def _turn_step(self, step: int) -> None:
        attempts = self.named()
        names = [attempt.name for _, attempt in attempts]
        at = names.index(self.attempt) if self.attempt in names else -step
        if 0 <= at + step < len(attempts):
            self.choose(attempts[at + step])
            self.repaint()
        else:
            self.say("that was the last log" if step > 0 else "that was the first log")

    def act_copy(self) -> None:
        """The match, or else what is on screen."""
        view = self.query_one(LogView)
        lines = view.on_screen_lines() if view.match is None else [view.lines[view.match]]
        self.app.copy_to_clipboard("\n".join(plain_line(line) for line in lines))
        self.say(f"copied {len(lines)} lines, if this terminal allows it")

    async def act_save(self) -> None:
        """The whole record into a file of the folder that ScanFlow was started in."""
        source, named = self.scanflow.source, self.current()
        if source is None or named is None:
            return
        path = Path(f"{named[0]}-{named[1].number}.log").absolute()
        try:
            chunk = await source.read(Ref("log", self.attempt))
            path.write_bytes(chunk.data)
        except (OSError, ScanflowError) as error:
            self.say(f"✖ not saved: {error}", "bad")
            return
        self.say(
            f"saved {size(len(chunk.data))} to {path}" + (f" ({chunk.note})" * bool(chunk.note))
        )
