"""The app: one worker reads a source and sets what is known, places render it, keys send commands.

Data flows one way. It never imports supervisor, engine or store, and loads nothing heavy before the
first paint.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.reactive import Reactive
from textual.screen import Screen

from scanflow_tui.tui import leaving
from scanflow_tui.tui.doors import Doors
from scanflow_tui.tui.following import Following
from scanflow_tui.tui.moves import Moves
from scanflow_tui.tui.pixels.showing import Showing
from scanflow_tui.tui.present.times import clock
from scanflow_tui.tui.screens.place import Place
from scanflow_tui.tui.terminal import losing, meeting
from scanflow_tui.tui.terminal.asking import AskingDriver
from scanflow_tui.tui.terminal.direct import Direct
from scanflow_tui.tui.terminal.quick_app import QuickApp
from scanflow_tui.tui.theme import THEME, plain_ascii

if TYPE_CHECKING:
    from rich.console import RenderableType

    from scanflow_tui.client.source import Reply, Source, Update
    from scanflow_tui.contract.commands import Command
    from scanflow_tui.tui.known import Known
    from scanflow_tui.tui.pixels.showing import Wish
    from scanflow_tui.tui.terminal.answered import Answered
    from scanflow_tui.tui.transport import Transport


def _actions() -> type:
    # The palette's module is loaded when the palette is first opened.
    from scanflow_tui.tui.widgets.palette import Actions

    return Actions


def _places(stack: Sequence[Screen[Any]]) -> list[Place]:
    return [screen for screen in stack if isinstance(screen, Place)]


class ScanflowApp(QuickApp):
    """``source`` is the session to open, or None for the list; ``start`` the first place.

    ``opens`` makes a source after the first paint. The app's result is the exit code to leave with;
    ``left_running`` says that a run goes on.
    """

    CSS_PATH = "styles.tcss"
    TITLE = "ScanFlow"
    COMMANDS: ClassVar = {_actions}
    # Opened by its action, as every other key's: over a place alone.
    ENABLE_COMMAND_PALETTE = False
    # Not set, but so from the start: a change would read every style sheet a second time.
    theme: Reactive[str] = Reactive(THEME.name, init=False)

    def __init__(
        self,
        source: Source | None,
        sessions_root: Path,
        start: str | None = None,
        *,
        name: str = "",
        opens: Callable[[], Source] | None = None,
        doors: Doors | None = None,
        ascii: bool = False,
        images: Wish = "auto",
        now_s: Callable[[], float] = time.time,
        steady_s: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(driver_class=AskingDriver)
        self.register_theme(THEME)
        self.stylesheet.set_variables(self.get_css_variables())
        self.sessions_root = sessions_root
        self.doors = doors or Doors()
        self.ascii = ascii
        self.set_class(ascii, "-ascii")
        self.now_s = now_s
        self.steady_s = steady_s
        # NO_COLOR asks for no colours, and half-blocks are nothing but colours.
        self.showing = Showing(images, is_plain=ascii or self.no_color)
        self.following = Following(self, source, name, opens)
        self.node: str | None = None
        self.run_number: int | None = None
        self._start = start or ("workflow" if source or opens else "sessions")
        self.moves = Moves(self)
        self.direct = Direct(self)
        self.left_running = False

    @property
    def defect(self) -> Exception | None:
        """The exception that nobody handled and that ended the app."""
        return self._exception

    def _fatal_error(self) -> None:
        """End without the framework's traceback: whoever ran the app keeps it in a file."""
        self.bell()
        self._close_messages_no_wait()

    @property
    def known(self) -> Known:
        """What is known of the open session."""
        return self.following.known

    @property
    def source(self) -> Source | None:
        """The open session's source, for reading bytes."""
        return self.following.source

    @property
    def transport(self) -> Transport | None:
        """The source's cursor, where it has one."""
        return self.following.transport

    def on_answered(self, message: Answered) -> None:
        """Show pictures as the terminal says that it can."""
        meeting.answered(self, message)

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        if not meeting.painted(self, screen, renderable):
            super()._display(screen, renderable)

    def get_default_screen(self) -> Screen[None]:
        """The first place is the app's own screen, so that it is what is painted first."""
        return self.moves.place(self._start)

    def on_mount(self) -> None:
        """The source is opened, and the terminal asked, only after the first paint."""
        if isinstance(self._driver, AskingDriver):
            self._driver.arrive = self.direct.arrive
        losing.listen(self)
        self.call_after_refresh(self.following.begin)
        self.call_after_refresh(lambda: meeting.ask(self))

    def refresh_place(self, update: Update | None) -> None:
        """Render the place on top from what is known."""
        for place in _places(self.screen_stack)[-1:]:
            place.repaint(update)

    async def send(self, command: Command) -> Reply | None:
        """Give a command; None where it was refused, which the footer says."""
        return await self.following.send(command)

    async def confirm(
        self, title: str, body: str, verb: str, *, thing: str = "", keep: str = "cancel"
    ) -> bool:
        """Ask before something starts or is destroyed. Call it from an ``act_`` coroutine."""
        # Text fields and frames that no first paint needs.
        from scanflow_tui.tui.widgets.dialog import Confirm

        dialog = Confirm(title, body, verb, thing=thing, keep=keep)
        answer: bool = await self.push_screen_wait(dialog)
        return answer

    async def action_quit(self) -> None:
        """The framework's own way out is no shorter than ours."""
        leaving.leave(self)

    def current_place(self) -> str:
        """The id of the place on top."""
        return next((place.place for place in _places(self.screen_stack)[-1:]), "")

    def refresh_bars(self) -> None:
        """Top bar and footer of the place on top."""
        if isinstance(self.screen, Place):
            self.screen.paint_bars()

    def say(self, sentence: str, tone: str = "you") -> None:
        """A notice in the footer's row of the place on top."""
        for place in _places(self.screen_stack)[-1:]:
            place.say(sentence, tone)

    def legible(self, text: Text) -> Text:
        """The text in the character set asked for."""
        if self.ascii:
            text = text.copy()
            text.plain = plain_ascii(text.plain)
        return text

    def now_us(self) -> int:
        """Now, or the time at the replay's cursor."""
        state = self.known.state
        if self.transport is not None and state is not None and self.current_place() != "sessions":
            return state.at
        return int(self.now_s() * 1e6)

    def clock_text(self) -> str:
        """The time of day, said to be local."""
        return f"{clock(int(self.now_s() * 1e6))} local"
