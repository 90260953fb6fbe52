"""Looking for words in a log of any length, and for the line that tells why an attempt failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanflow_tui.contract.errors import ScanflowError
from scanflow_tui.contract.logsearch import Search
from scanflow_tui.tui.widgets.dialog import Ask

if TYPE_CHECKING:
    from scanflow_tui.session.state import AttemptView
    from scanflow_tui.tui.screens.logs import LogsScreen, Pane

GROUP = "find"


class LogsFind:
    """Each ``act_<id>`` stands for an action of ``keys``. A new search ends the one under way."""

    def __init__(self, place: LogsScreen) -> None:
        self.place = place

    async def act_find(self) -> None:
        """Ask for words, go to the first match from the view on."""
        pane = self.place.pane
        view = pane.view
        needle = await self.place.app.push_screen_wait(Ask("Search the log", value=view.needle))
        if needle is None:
            return
        view.needle, view.match = needle, None
        view.refresh()
        if needle:
            self._look(pane, 1)
        self.place.paint_bars()

    def act_next_match(self) -> None:
        """Onwards."""
        self._look(self.place.pane, 1)

    def act_previous_match(self) -> None:
        """Back."""
        self._look(self.place.pane, -1)

    def act_failure(self) -> None:
        """The line that tells why the attempt failed."""
        named = self.place.current()
        if named is not None:
            self.go_to_failure(self.place.pane, named[1])

    def go_to_failure(self, pane: Pane, attempt: AttemptView) -> None:
        """The same for any pane; where nothing tells why, its end stays in view."""
        self.place.run_worker(self._failure(pane, attempt), group=GROUP, exclusive=True)

    def _look(self, pane: Pane, step: int) -> None:
        self.place.run_worker(self._find(pane, step), group=GROUP, exclusive=True)

    async def _find(self, pane: Pane, step: int) -> None:
        view = pane.view
        needle, streams = view.needle, view.filter[1]
        search = Search(needle, streams, is_backwards=step < 0)
        match = view.matched()
        start = view.top if view.match is None else view.match
        if step > 0 and view.match is not None:
            start = view.match + 1 if match is None else match.end
        if not await self._go(pane, search, start):
            self.place.say(f"{needle!r} is not in this log")

    async def _go(self, pane: Pane, search: Search, start: int) -> bool:
        """Go to the first match of a search; False where there is none."""
        if pane.feed is None:
            return False
        try:
            n_bytes = 0
            before = start
            async for found in pane.feed.search(search, start):
                if found.offsets:
                    pane.view.show_at(found.offsets[0])
                    self.place.paint_bars()
                    return True
                n_bytes += abs(found.reached - before)
                before = found.reached
                self.place.say(f"searching… {min(n_bytes / max(found.size, 1), 1):.0%}")
        except ScanflowError as error:
            self.place.say(f"✖ {error.sentence()}", "bad")
            return True
        return False

    async def _failure(self, pane: Pane, attempt: AttemptView) -> None:
        if pane.feed is None:
            return
        try:
            size = await pane.feed.size()
        except ScanflowError:
            return  # The pane says why there is no log.
        words = "" if attempt.error is None else attempt.error.what
        for search in _told(words):
            if await self._go(pane, search, size):
                return
        if size:
            self.place.say("nothing in this log tells why: its end is shown")


def _told(words: str) -> list[Search]:
    """What may be the line of a failure: the words of its error, a name of one, the last of ERR."""
    found = []
    if words:
        found.append(Search(words, is_backwards=True))
        found.append(Search(words.partition(":")[0], "stderr", is_backwards=True))
    return [*found, Search("", "stderr", is_backwards=True)]
