"""What all places share: bars, panes, and keys through the one table. See ``tui/__init__``.

A place holds cursor, scroll and drafts, nothing else; ``present`` functions make what it shows from
``self.known``.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, ClassVar, cast

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, TextArea

from scanflow_tui.client.source import Update
from scanflow_tui.tui import keys
from scanflow_tui.tui.known import Known
from scanflow_tui.tui.present import chrome
from scanflow_tui.tui.theme import TONES
from scanflow_tui.tui.widgets.bars import Bar, Footer
from scanflow_tui.tui.widgets.tape import Tape

if TYPE_CHECKING:
    from scanflow_tui.tui.app import ScanflowApp

DIRECTIONS = frozenset({"up", "down", "left", "right", "first", "last", "page_up", "page_down"})
READ_ONLY = "read only: this is a replay"


class Place(Screen[None]):
    """A place. Subclasses set ``place`` and write ``compose_body``, ``show`` and ``act_*``."""

    place: ClassVar[str] = ""

    @property
    def scanflow(self) -> ScanflowApp:
        """The app, typed."""
        return cast("ScanflowApp", self.app)

    @property
    def known(self) -> Known:
        """What is known of the open session."""
        return self.scanflow.known

    def compose(self) -> ComposeResult:
        """Top bar, the small terminal's line, the place's own panes, tape, footer."""
        yield Bar("topbar")
        yield Bar("small")
        with Container(id="body"):
            yield from self.compose_body()
        yield Tape()
        yield Footer()

    def compose_body(self) -> ComposeResult:
        """The panes: widgets with the class ``pane``."""
        yield from ()

    def show(self, update: Update | None) -> None:
        """Render from ``self.known``; None where something other than an update is the cause."""

    def why_not(self, action: keys.Action) -> str:
        """Why an action does not work now, in a few words; empty where it does."""
        return ""

    def crumbs(self) -> tuple[str, ...]:
        """What stands behind the place's name in the top bar."""
        return ()

    def status(self) -> str:
        """What stands right in the top bar, before the link."""
        return ""

    def took_key(self, key: str) -> bool:
        """A chance before the table is asked (class keys); True where the key was used."""
        return False

    # -- what subclasses need not touch

    def on_mount(self) -> None:
        """First paint comes from what is known already."""
        self.fit()
        self.repaint()
        self.set_interval(1.0, self.paint_bars)

    def on_screen_resume(self) -> None:
        """Back on top: catch up."""
        self.repaint()

    def on_resize(self, event: events.Resize) -> None:
        """Choose the layout for this size."""
        self.fit()
        self.call_after_refresh(self.repaint)

    def fit(self) -> None:
        """``-small`` shows one pane at a time, ``-wide`` has room for a second column."""
        width, height = self.app.size
        small = width < 60 or height < 16
        self.set_class(small, "-small")
        self.set_class(width >= 100 and not small, "-wide")
        self.set_class(self.scanflow.ascii, "-ascii")
        panes = self.panes()
        current = self.focused if self.focused in panes else None
        for pane in panes:
            pane.set_class(pane is (current or panes[0]), "-current")

    def repaint(self, update: Update | None = None) -> None:
        """Body and bars."""
        self.show(update)
        self.paint_bars()

    def paint_bars(self) -> None:
        """Top bar and footer; cheap, so it may be called after every key."""
        if not self.is_current:
            return
        app, width = self.scanflow, self.app.size.width
        crumbs = (self.known.name, keys.PLACES[self.place], *self.crumbs())
        link = chrome.link_text(self.known, app.steady_s())
        text = chrome.topbar(crumbs, self.status(), link, app.clock_text(), width)
        self.query_one("#topbar", Bar).put(self.legible(text))
        small = Text(" small terminal: one pane at a time, tab shows the next", TONES["dim"])
        self.query_one("#small", Bar).put(small)
        self.query_one(Footer).show_keys(self.legible(self.footer_text(width)))
        self.query_one(Tape).paint(width)

    def footer_text(self, width: int) -> Text:
        """The keys that work now."""
        works = [a for a in self.actions() if not app_why_not(self, a)]
        return chrome.footer(chrome.footer_entries(works, self.place), width)

    def actions(self) -> tuple[keys.Action, ...]:
        """Every action whose key holds here."""
        return keys.actions_of(self.place, replay=self.scanflow.transport is not None)

    def legible(self, text: Text) -> Text:
        """The text in the character set asked for."""
        return self.scanflow.legible(text)

    def panes(self) -> list[Widget]:
        """The panes that can be shown, in order."""
        return [pane for pane in self.query(".pane") if not pane.has_class("-off")]

    def on_key(self, event: events.Key) -> None:
        """Every key of a place comes by here, but what a text field took."""
        key = keys.pressed(event)
        self.query_one(Footer).clear()
        if isinstance(self.focused, Input | TextArea) and key not in ("escape", "ctrl+p"):
            return
        replay = self.scanflow.transport is not None
        action = keys.action_of(self.place, key, replay=replay)
        if action not in keys.TRANSPORT and self.took_key(key):
            event.stop()
            event.prevent_default()
        elif action is not None:
            event.stop()
            event.prevent_default()
            self.act(action, key)

    def act(self, action: keys.Action, key: str = "") -> None:
        """Do an action, or say why not. The method is the screen's, else the app's."""
        reason = app_why_not(self, action)
        if reason:
            self.say(reason)
            return
        method = getattr(self, f"act_{action.id}", None) or getattr(
            self.scanflow.moves, f"act_{action.id}", None
        )
        if action in keys.GO and method is None:
            self.scanflow.moves.go(action.id.removeprefix("go_"))
        elif method is None and action.id in DIRECTIONS:
            self.move(action.id)
        elif action in keys.TRANSPORT:
            self.query_one(Tape).act(action.id, key)
        elif method is not None:
            result = method()
            if inspect.isawaitable(result):
                self.run_worker(_awaited(result), exit_on_error=True)
        else:
            self.say(f"{action.label} is not offered here")
        self.paint_bars()

    def move(self, direction: str) -> None:
        """Move in the focused pane."""
        mover = getattr(self.focused, "move", None)
        if mover is not None:
            mover(direction)

    def act_next_pane(self) -> None:
        """Focus the next pane; on a small terminal also show it."""
        self._turn(1)

    def act_previous_pane(self) -> None:
        """Focus the pane before."""
        self._turn(-1)

    def _turn(self, step: int) -> None:
        panes = self.panes()
        if panes:
            now = panes.index(self.focused) if self.focused in panes else -step
            target = panes[(now + step) % len(panes)]
            for pane in panes:
                pane.set_class(pane is target, "-current")
            target.focus()

    def say(self, sentence: str, tone: str = "you") -> None:
        """A notice in the footer's row."""
        text = self.scanflow.legible(Text(sentence)).plain
        self.query_one(Footer).say(text, tone)


def app_why_not(place: Place, action: keys.Action) -> str:
    """Why an action does not work now: what the app forbids, then what the place says."""
    if action.changes and not place.known.writable:
        return READ_ONLY
    return place.scanflow.moves.why_not(action) or place.why_not(action)


async def _awaited(result: object) -> None:
    if inspect.isawaitable(result):
        await result
