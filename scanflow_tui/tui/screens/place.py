"""What all places share: bars, panes, and keys through the one table. See ``tui/__init__``.

A place holds cursor, scroll and drafts, nothing else; ``present`` functions make what it shows from
``self.known``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.geometry import Size
from textual.screen import Screen

from scanflow_tui.tui import doing, fitting, keys
from scanflow_tui.tui.ahead import Ahead, covered
from scanflow_tui.tui.doing import READ_ONLY
from scanflow_tui.tui.known import Known
from scanflow_tui.tui.present import chrome
from scanflow_tui.tui.theme import TONES
from scanflow_tui.tui.widgets.bars import Bar, Footer
from scanflow_tui.tui.widgets.tape import Tape

if TYPE_CHECKING:
    from collections.abc import Callable

    from scanflow_tui.client.source import Update
    from scanflow_tui.tui.app import ScanflowApp

__all__ = ["READ_ONLY", "Place"]

LEAVE = "leave, runs go on"


class Place(Screen[None]):
    """A place. Subclasses set ``place`` and write ``compose_body``, ``show`` and ``act_*``."""

    place: ClassVar[str] = ""
    sizes: tuple[Size, ...] = ()
    doers: tuple[object, ...] = ()
    """Objects that have ``act_<id>`` methods of this place beside it."""

    quick: ClassVar[bool] = False
    """Whether its keys may take the short way: see ``tui/terminal/direct``."""

    text_only: ClassVar[bool] = False
    """Whether what is typed ahead of a question is text for its field alone."""

    is_made = False
    """Whether its widgets are there: a place is on top a moment before they are, and it is about
    for a moment after it was left for good."""
    _waiting: tuple[str, str] | None = None
    hears: Callable[[Update], bool] | None = None
    """Asked first about an update: whether it was taken in, and is drawn with what comes next."""

    before_bars: Callable[[], None] | None = None
    """Called before the bars are painted, for what has to agree with them."""

    is_typing: Callable[[], bool] | None = None
    """Whether keys come so close together that the next one's frame is soon there."""

    keeps: Callable[[], object] | None = None
    """Keeps where one is, and what is half done."""

    on_screen_suspend = covered

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
        self.is_made = True
        self.ahead = Ahead(self, text_only=self.text_only)
        self._bars = (
            self.query_one("#topbar", Bar),
            self.query_one("#small", Bar),
            self.query_one(Footer),
            self.query_one(Tape),
        )
        self._said: tuple[object, ...] = ()
        fitting.fit(self)
        self.repaint()
        if self._waiting is not None:
            self.say(*self._waiting)
        self.set_interval(1.0, lambda: fitting.tick(self))

    def on_screen_resume(self) -> None:
        """Back on top: catch up."""
        self.repaint()

    def on_resize(self, event: events.Resize) -> None:
        """Choose the layout for this size."""
        fitting.fit(self)
        self.call_after_refresh(self.repaint)

    def repaint(self, update: Update | None = None) -> None:
        """Body and bars; the body once more where panes got another size by it."""
        if not fitting.stands(self):
            return
        self.show(update)
        self.paint_bars()
        self.call_after_refresh(fitting.settle, self)

    def paint_bars(self) -> None:
        """Top bar and footer; cheap, so it may be called after every key."""
        if not (fitting.stands(self) and self.is_current):
            return
        if self.before_bars is not None:
            self.before_bars()
        app, width = self.scanflow, self.app.size.width
        crumbs = (self.known.name, keys.PLACES[self.place], *self.crumbs())
        if self.place == "sessions":
            crumbs = (keys.PLACES[self.place],)
        link = chrome.link_text(self.known, app.steady_s())
        if self.place == "sessions" and not self.known.writable:
            link = ("", "dim")
        said = (crumbs, self.status(), link, app.clock_text(), width)
        topbar, small, footer, tape = self._bars
        if said != self._said:
            self._said = said
            topbar.put(self.legible(chrome.topbar(*said)))
            small.put(Text(chrome.small_text(width), TONES["dim"]))
        footer.show_keys(self.legible(self.footer_text(width)))
        tape.paint(width)

    def footer_text(self, width: int) -> Text:
        """The keys that work now."""
        works = doing.working(self)
        entries = chrome.footer_entries(works, self.place)
        if len(self.app.screen_stack) == 1:
            entries = [("q", LEAVE) if word == "back" else (key, word) for key, word in entries]
        return chrome.footer(entries, width)

    def actions(self) -> tuple[keys.Action, ...]:
        """Every action whose key holds here."""
        return keys.actions_of(self.place, replay=doing.replays(self))

    def legible(self, text: Text) -> Text:
        """The text in the character set asked for."""
        return self.scanflow.legible(text)

    def on_key(self, event: events.Key) -> None:
        """Every key of a place comes by here, but what a text field took."""
        if not self.is_made or self.ahead.took(event):
            event.stop()
            event.prevent_default()
            return
        key = keys.pressed(event)
        self._bars[2].clear()
        if key not in ("escape", "ctrl+p") and doing.is_text_field(self.focused):
            return
        action = keys.action_of(self.place, key, replay=doing.replays(self))
        if action not in keys.TRANSPORT and self.took_key(key):
            event.stop()
            event.prevent_default()
        elif action is not None:
            event.stop()
            event.prevent_default()
            self.act(action, key)

    def act(self, action: keys.Action, key: str = "") -> None:
        """Do an action, or say why not."""
        doing.do(self, action, key)

    def say(self, sentence: str, tone: str = "you") -> None:
        """A notice in the footer's row; it waits for a place that is on its way."""
        if not self.is_made:
            self._waiting = (sentence, tone)
            return
        text = self.scanflow.legible(Text(sentence)).plain
        self.query_one(Footer).say(text, tone)
