"""Going from place to place, and the actions that are the same everywhere.

The stack of screens is the way back: a place that lies on it already is returned to, not doubled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanflow_tui.contract.errors import ScanflowError
from scanflow_tui.tui import fitting, keys, leaving, screens, stack
from scanflow_tui.tui.ahead import pass_on
from scanflow_tui.tui.screens.place import Place
from scanflow_tui.tui.terminal import meeting

if TYPE_CHECKING:
    from textual import events

    from scanflow_tui.client.source import Source
    from scanflow_tui.tui.app import ScanflowApp


class Moves:
    """``act_<id>`` methods stand for the actions of ``keys`` that no screen does by itself."""

    def __init__(self, app: ScanflowApp) -> None:
        self.app = app
        self._places: dict[str, Place] = {}
        self._is_leaving = False
        self.entering: list[events.Key] | None = None
        """What is typed on the way into a session; None where nobody is on one."""

    def place(self, name: str) -> Place:
        """The screen of a place; it keeps cursor, scroll and drafts after it was left."""
        if name not in self._places:
            made = screens.make(name)
            self.app.install_screen(made, name)
            self._places[name] = made
        return self._places[name]

    def go(self, name: str) -> None:
        """Show a place."""
        target = self.place(name)
        if target not in self.app.screen_stack:
            self.app.push_screen(target)
            return
        while self.app.screen is not target:
            stack.pop(self.app)

    async def enter(self, source: Source, name: str, place: str = "workflow") -> None:
        """Leave the open session, if any, and show another one."""
        await stack.top_is_there(self.app)
        self.go_root()
        for kept, gone in self._places.items():
            # Nothing that is still on its way to them finds their widgets.
            gone.is_made = gone.is_made and kept == "sessions"
        if self.app.current_place() != "sessions":
            # The first screen was one of the session left: the way back ends at the list instead.
            # Textual gives its default screen no result callback, and wants one to switch.
            self.app.screen._push_result_callback(self.app, None)
            await self.app.switch_screen(self.place("sessions"))
        for left in [left for left in self._places if left != "sessions"]:
            screen = self._places.pop(left)
            self.app.uninstall_screen(screen)
            if not screen.is_running or screen in self.app.screen_stack:
                continue
            await screen.remove()
        self.app.node, self.app.run_number = None, None
        await self.app.following.take(source, name)
        self.go("workflow")
        if place != "workflow":
            self.go(place)

    def go_root(self) -> None:
        """Back to the first screen of the stack."""
        while len(self.app.screen_stack) > 1:
            stack.pop(self.app)

    def show_node(self, node: str) -> None:
        """Go to a node of the workflow."""
        self.app.node = node
        self.go("workflow")

    def open_session(self, name: str) -> None:
        """Open a session of the list, live."""
        door = self.app.doors.open_live
        if door is None:
            self.app.say("sessions cannot be opened from here")
            return
        self._open(door(name), name)

    def open_replay(self, name: str, place: str = "workflow") -> None:
        """Open a session of the list, read only; or the open one, in the place one is at."""
        door = self.app.doors.open_replay
        if door is None:
            self.app.say("no replay from here: scanflow replay NAME shows it")
            return
        self._open(door(name), name, place)

    def _open(self, source: Source, name: str, place: str = "workflow") -> None:
        if self.entering is not None:
            return
        self.entering = []
        self.app.run_worker(self._entered(source, name, place), group="enter", exclusive=True)

    async def _entered(self, source: Source, name: str, place: str) -> None:
        try:
            if await leaving.all_saved(self.app):
                await self.enter(source, name, place)
            else:
                await source.close()
        except ScanflowError as error:
            self.app.say(f"✖ {error.sentence()}", "bad")
        finally:
            # What was typed meanwhile is for the place that came.
            typed, self.entering = self.entering or [], None
            pass_on(self.app, typed)

    def why_not(self, action: keys.Action) -> str:
        """What the app forbids now, whatever the place says."""
        app = self.app
        if action.id == "replay" and (app.doors.open_replay is None or app.transport is not None):
            if app.doors.open_replay is None:
                return "not from here"
            return "" if app.current_place() == "sessions" else "this is a replay"
        if action in keys.GO and action.id.removeprefix("go_") == app.current_place():
            return "you are here"
        if action.changes and app.known.state is None:
            return "loading"
        return ""

    def tape(self, place: Place, action: str, key: str) -> None:
        """One of the replay transport's actions."""
        from scanflow_tui.tui.widgets.tape import Tape

        place.query_one(Tape).act(action, key)

    def act_next_pane(self) -> None:
        """Focus the next pane."""
        if isinstance(self.app.screen, Place):
            fitting.turn(self.app.screen, 1)

    def act_previous_pane(self) -> None:
        """Focus the pane before."""
        if isinstance(self.app.screen, Place):
            fitting.turn(self.app.screen, -1)

    def act_help(self) -> None:
        """The keys of the place on top."""
        from scanflow_tui.tui.widgets.help import Help

        screen = self.app.screen
        if isinstance(screen, Place):
            self.app.push_screen(Help(screen))

    def act_palette(self) -> None:
        """Every action by its name."""
        from scanflow_tui.tui.widgets.palette import Palette

        self.app.push_screen(Palette())

    def act_redraw(self) -> None:
        """Paint all again: something else wrote to the terminal, or a window lay over it."""
        meeting.redraw(self.app)

    def act_back(self) -> None:
        """Back to the place before."""
        if len(self.app.screen_stack) > 1:
            self.app.pop_screen()
        elif self._is_leaving:
            leaving.leave(self.app)
        else:
            self.app.say("this is the first screen: q leaves, runs go on")

    def act_leave(self) -> None:
        """Back, whatever the place means by it; from the first screen, out: runs go on."""
        screen = self.app.screen
        self._is_leaving = True
        if isinstance(screen, Place):
            screen.act(keys.by_id("back"))
        self._is_leaving = False

    def act_replay(self) -> None:
        """The open session's replay."""
        self.open_replay(self.app.known.name, self.app.current_place())
