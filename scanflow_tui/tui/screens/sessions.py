"""Sessions: what lies below the sessions root, and the way into each."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult

from scanflow_tui.contract.errors import ScanflowError
from scanflow_tui.session.index import Entry
from scanflow_tui.tui import keys, listing
from scanflow_tui.tui.present.sessions import EMPTY, ordered, session_detail, session_rows
from scanflow_tui.tui.screens.place import Place
from scanflow_tui.tui.theme import TONES
from scanflow_tui.tui.widgets.bars import Footer
from scanflow_tui.tui.widgets.dialog import Ask, Confirm
from scanflow_tui.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from scanflow_tui.client.source import Update

REFRESH_S = 2.0


class SessionsScreen(Place):
    """The list, and beside it (120 columns) what the chosen one holds."""

    place = "sessions"
    DEFAULT_CSS = """
    SessionsScreen.-wide #body { layout: horizontal; }
    SessionsScreen #session { display: none; width: 44; }
    SessionsScreen.-wide #session { display: block; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.all: list[Entry] | None = None
        self.entries: list[Entry] = []
        self.problem = ""
        self.needle = ""

    def compose_body(self) -> ComposeResult:
        """List and detail."""
        yield Rows("Sessions", id="sessions")
        yield Rows("Session", id="session", cursor=False, wraps=True)

    def on_mount(self) -> None:
        """The list is read after the first paint, and again as long as it is on top."""
        super().on_mount()
        self.query_one("#sessions").focus()
        self.call_after_refresh(self._read)
        self.set_interval(REFRESH_S, self._read)

    def on_screen_resume(self) -> None:
        """What was said of the session that was opened is old."""
        if self.is_made:
            self.query_one(Footer).clear()
        super().on_screen_resume()

    def _read(self) -> None:
        if self.is_current:
            self.run_worker(self._list(), group="list", exclusive=True)

    async def _list(self) -> None:
        root = self.scanflow.sessions_root
        self.all, self.problem = await asyncio.to_thread(listing.sessions, root)
        self.repaint()

    def show(self, update: Update | None) -> None:
        """Rows, or why there are none."""
        rows = self.query_one("#sessions", Rows)
        before = self.chosen()
        self.entries = ordered(self.all or [], self.needle)
        if before is not None:
            names = [entry.name for entry in self.entries]
            rows.chosen = names.index(before.name) if before.name in names else rows.chosen
        width, now_us = rows.size.width, self.scanflow.now_us()
        count = "" if self.all is None else f" ({len(self.entries)})"
        rows.border_title = f"Sessions{count}"
        rows.border_subtitle = f"filter: {self.needle} (esc clears)" if self.needle else ""
        rows.has_cursor = bool(self.entries)
        if self.entries:
            drawn = session_rows(self.entries, now_us, width, ascii=self.scanflow.ascii)
            rows.put([self.legible(row) for row in drawn])
        else:
            rows.put([self.legible(Text(f" {line}", TONES["dim"])) for line in self._empty(width)])
        self._detail()

    def _empty(self, width: int) -> list[str]:
        if self.problem:
            return [f"✖ {self.problem}"]
        if self.all is None:
            return ["⠋ loading…"]
        if self.all:
            return [f"No session matches {self.needle!r}. [esc] clears the filter."]
        if width >= len(EMPTY) + 1:
            return [EMPTY]
        first, _, second = EMPTY.partition("; ")
        return [f"{first};", second]

    def _detail(self) -> None:
        entry, pane = self.chosen(), self.query_one("#session", Rows)
        pane.border_title = "Session" if entry is None else entry.name
        drawn = [] if entry is None else session_detail(entry, self.scanflow.now_us())
        pane.put([self.legible(row) for row in drawn])

    def chosen(self) -> Entry | None:
        """The session under the cursor."""
        at = self.query_one("#sessions", Rows).chosen
        return self.entries[at] if at < len(self.entries) else None

    def on_rows_moved(self) -> None:
        """The detail follows the cursor."""
        self._detail()
        self.paint_bars()

    def why_not(self, action: keys.Action) -> str:
        """What needs a session, or a way that this program offers."""
        doors, entry = self.scanflow.doors, self.chosen()
        if action.id in ("open", "replay", "verify") and entry is None:
            return "no session"
        offered = {"open": doors.open_live, "verify": doors.verify, "new": doors.create}
        if action.id in offered and offered[action.id] is None:
            return "not offered here"
        if action.id == "find" and not self.all:
            return "no session"
        return ""

    # -- actions

    def act_open(self) -> None:
        """Into the session; one that cannot be written opens as its replay."""
        entry = self.chosen()
        if entry is not None:
            self.say(f"opening {entry.name}…", "dim")
            self.scanflow.moves.open_session(entry.name)

    def act_replay(self) -> None:
        """Read only."""
        entry = self.chosen()
        if entry is not None:
            self.say(f"opening the replay of {entry.name}…", "dim")
            self.scanflow.moves.open_replay(entry.name)

    async def act_verify(self) -> None:
        """The chain of hashes, said in a sentence."""
        entry, verify = self.chosen(), self.scanflow.doors.verify
        if entry is None or verify is None:
            return
        self.say(f"verifying {entry.name}…", "dim")
        try:
            self.say(await verify(entry.name), "good")
        except ScanflowError as error:
            self.say(f"✖ {error.sentence()}", "bad")

    async def act_new(self) -> None:
        """A session from pipeline.yaml here, after one question."""
        create = self.scanflow.doors.create
        if create is None:
            return
        question = Confirm("New session", "Start a session from pipeline.yaml here?", "start")
        if not await self.app.push_screen_wait(question):
            return
        try:
            name = await create()
        except ScanflowError as error:
            self.say(f"✖ {error.sentence()}", "bad")
            return
        self.scanflow.moves.open_session(name)

    async def act_find(self) -> None:
        """Filter by name, pipeline or words."""
        needle = await self.app.push_screen_wait(Ask("Filter sessions", value=self.needle))
        if needle is not None:
            self.needle = needle
            self.repaint()

    def act_back(self) -> None:
        """Clear the filter first; then leave."""
        if self.needle:
            self.needle = ""
            self.repaint()
        else:
            self.scanflow.moves.act_back()
