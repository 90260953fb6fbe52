"""The app: one worker reads a source and sets what is known, places render it, keys send commands.

Data flows one way. It never imports supervisor, engine or store, and loads nothing heavy before the
first paint.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual.app import App
from textual.screen import Screen

from scanflow_tui.client.source import Reply, Source, Update
from scanflow_tui.contract.commands import Command
from scanflow_tui.contract.errors import ScanflowError
from scanflow_tui.session.events import Event
from scanflow_tui.tui.doors import Doors
from scanflow_tui.tui.known import Known
from scanflow_tui.tui.moves import Moves
from scanflow_tui.tui.present.times import clock
from scanflow_tui.tui.screens.place import Place
from scanflow_tui.tui.theme import THEME, plain_ascii
from scanflow_tui.tui.transport import Playing, Transport
from scanflow_tui.tui.widgets.dialog import Confirm


def _actions() -> type:
    # The palette's module is loaded when the palette is first opened.
    from scanflow_tui.tui.widgets.palette import Actions

    return Actions


class ScanflowApp(App[int]):
    """``source`` is the session to open, or None for the list; ``start`` the first place.

    The app's result is the exit code to leave with.
    """

    CSS_PATH = "styles.tcss"
    TITLE = "ScanFlow"
    COMMANDS: ClassVar = {_actions}
    ENABLE_COMMAND_PALETTE = True

    def __init__(
        self,
        source: Source | None,
        sessions_root: Path,
        start: str | None = None,
        *,
        name: str = "",
        doors: Doors | None = None,
        ascii: bool = False,
        now_s: Callable[[], float] = time.time,
        steady_s: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.register_theme(THEME)
        self.theme = THEME.name
        self.sessions_root = sessions_root
        self.doors = doors or Doors()
        self.ascii = ascii
        self.now_s = now_s
        self.steady_s = steady_s
        self.source = source
        self.known = Known(name=name, writable=source is None or source.writable)
        self.playing = Playing()
        self.last_event: Event | None = None
        self.node: str | None = None
        self.run_number: int | None = None
        self._start = start or ("sessions" if source is None else "workflow")
        self.moves = Moves(self)
        self.left_running = False
        self.leave_code = 0
        self._dirty: Update | None = None

    @property
    def transport(self) -> Transport | None:
        """The source's cursor, where it has one."""
        source = self.source
        if source is None or source.writable or not isinstance(source, Transport):
            return None
        return source

    def get_default_screen(self) -> Screen[None]:
        """The first place is the app's own screen, so that it is what is painted first."""
        return self.moves.place(self._start)

    def on_mount(self) -> None:
        """The source is opened only after the first paint."""
        if self.source is not None:
            self.call_after_refresh(self._begin, self.source)

    def _begin(self, source: Source) -> None:
        self.run_worker(self._follow(source), group="source", exclusive=True)

    async def _follow(self, source: Source) -> None:
        """Read one source to its end; every update is folded already."""
        try:
            state = await source.open()
            self._heard(Update(state, link=self.known.link or "connected"))
            async for update in source.updates():
                self._heard(update)
        except ScanflowError as error:
            self.known.error = error.sentence()
            self.refresh_place()

    def _heard(self, update: Update) -> None:
        self.known.hear(update, self.steady_s())
        if update.state.name:
            self.known.name = update.state.name
        if update.events:
            self.last_event = update.events[-1]
        if self._dirty is None:
            # A burst of updates costs one rendering.
            self.call_later(self.refresh_place)
        self._dirty = update

    def refresh_place(self) -> None:
        """Render the place on top from what is known."""
        update, self._dirty = self._dirty, None
        for screen in reversed(self.screen_stack):
            if isinstance(screen, Place):
                screen.repaint(update)
                break

    async def send(self, command: Command) -> Reply | None:
        """Give a command; None where it was refused, which the footer says."""
        if self.source is None:
            return None
        self.known.unsaved += 1
        self.refresh_bars()
        try:
            return await self.source.send(command)
        except ScanflowError as error:
            self.say(f"✖ {error.sentence()}", "bad")
            return None
        finally:
            self.known.unsaved -= 1
            self.refresh_bars()

    async def confirm(
        self, title: str, body: str, verb: str, *, thing: str = "", keep: str = "cancel"
    ) -> bool:
        """Ask before something starts or is destroyed. Call it from an ``act_`` coroutine."""
        dialog = Confirm(title, body, verb, thing=thing, keep=keep)
        answer: bool = await self.push_screen_wait(dialog)
        return answer

    async def seek(self, seq: int) -> None:
        """Move the replay's cursor."""
        transport = self.transport
        if transport is not None:
            self._heard(Update(await transport.seek(seq)))

    async def take(self, source: Source, name: str) -> None:
        """Let the open source go and follow another."""
        if self.source is not None:
            self.workers.cancel_group(self, "source")
            await self.source.close()
        self.source = source
        self.known = Known(name=name, writable=source.writable)
        self.playing, self.last_event, self.node = Playing(), None, None
        self.run_number = None
        self._begin(source)

    def leave(self) -> None:
        """Leave the app; runs go on without it."""
        known = self.known
        running = known.state is not None and any(
            run.state == "running" for run in known.state.runs.values()
        )
        self.left_running = running and known.writable
        self.exit(self.leave_code)

    def current_place(self) -> str:
        """The id of the place on top."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, Place):
                return screen.place
        return ""

    def refresh_bars(self) -> None:
        """Top bar and footer of the place on top."""
        if isinstance(self.screen, Place):
            self.screen.paint_bars()

    def say(self, sentence: str, tone: str = "you") -> None:
        """A notice in the footer's row of the place on top."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, Place):
                screen.say(sentence, tone)
                break

    def legible(self, text: Text) -> Text:
        """The text in the character set asked for."""
        if self.ascii:
            text = text.copy()
            text.plain = plain_ascii(text.plain)
        return text

    def now_us(self) -> int:
        """Now, or the time at the replay's cursor."""
        state = self.known.state
        if self.transport is not None and state is not None:
            return state.at
        return int(self.now_s() * 1e6)

    def clock_text(self) -> str:
        """The time of day, said to be local."""
        return f"{clock(int(self.now_s() * 1e6))} local"
