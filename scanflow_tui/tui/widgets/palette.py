"""What the palette lists: the place's actions with their keys, other places, nodes, sessions."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from rich.text import Text
from textual import events
from textual.await_complete import AwaitComplete
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.css.query import NoMatches

from scanflow_tui.tui import doing, keys
from scanflow_tui.tui.listing import session_names
from scanflow_tui.tui.screens.place import Place
from scanflow_tui.tui.theme import TONES

if TYPE_CHECKING:
    from scanflow_tui.tui.app import ScanflowApp

Line = tuple[str, str, str, Callable[[], None]]


class Palette(CommandPalette):
    """The framework's, which does not expect that it is gone before it is there."""

    def _on_mount(self, event: events.Mount) -> None:
        if not self.is_current or len(self.app.screen_stack) < 2:
            event.prevent_default()

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """Go, once: what is pressed behind the key that chose or left is no second choice."""
        if not self.is_current or len(self.app.screen_stack) < 2:
            if self._selected_command is not None:
                self._selected_command = DiscoveryHit("", lambda: None)
            return AwaitComplete()
        return super().dismiss(result)

    def _gather_commands(self, search_value: str) -> Any:
        """Look for lines, unless it was left before the last letter came."""
        return super()._gather_commands(search_value) if self.is_current else None

    def _action_command_list(self, action: str) -> None:
        """Move in the list or take of it; one that is empty, or gone, has nothing for a key."""
        with suppress(KeyError, NoMatches):
            super()._action_command_list(action)


class Actions(Provider):
    """Lines are (words, key, why not, what it does)."""

    def lines(self) -> list[Line]:
        """Every line that the place offers now, greyed ones with their reason."""
        place = self.screen
        if not isinstance(place, Place):
            return []
        lines: list[Line] = []
        offered = list(place.actions())
        if place.place != "sessions":
            offered += [action for action in keys.GO if action not in offered]
        for action in sorted(offered, key=lambda action: -action.footer):
            if action.id in ("palette", "speed"):
                continue
            reason = doing.why_not(place, action)
            direct = action not in keys.GO or place.place not in keys.OWN_KEYS
            key = " ".join(keys.shown(k) for k in action.keys[:2])
            lines.append((action.says, key if direct else "", reason, partial(place.act, action)))
        return lines + self._things(place)

    def _things(self, place: Place) -> list[Line]:
        app = cast("ScanflowApp", place.app)
        lines: list[Line] = []
        state = app.known.state
        if state is not None and state.runs:
            run = state.runs[max(state.runs)]
            for node in run.nodes:
                lines.append((f"Node {node}", "", "", partial(app.moves.show_node, node)))
        for name in session_names(app.sessions_root):
            lines.append((f"Session {name}", "", "", partial(app.moves.open_session, name)))
        return lines

    async def discover(self) -> Hits:
        """All of them, before anything is typed."""
        for words, key, reason, act in self.lines():
            yield DiscoveryHit(_display(Text(words), key, reason), act, text=words)

    async def search(self, query: str) -> Hits:
        """Those that match."""
        matcher = self.matcher(query)
        for words, key, reason, act in self.lines():
            score = matcher.match(words)
            if score > 0:
                yield Hit(score, _display(Text(words), key, reason), act, text=words)


def _display(words: Text, key: str, reason: str) -> Text:
    text = Text()
    text.append(f"{key:<9}", TONES["key"])
    text.append(words.plain, TONES["dim" if reason else "plain"])
    if reason:
        text.append(f"  {reason}", TONES["dim"])
    return text
