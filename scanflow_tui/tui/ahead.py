"""Keys that come between a key and what it opens: they are for that, never for the place below it.

A question, or a session, is on its way for a moment; what is typed meanwhile is held, and handed on
in order once it is there. Nothing looks again and again whether it is.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from textual import events

from scanflow_tui.tui.keys import pressed

if TYPE_CHECKING:
    from textual.app import App
    from textual.screen import Screen

    from scanflow_tui.tui.screens.place import Place

ASK = frozenset(
    {"find", "filter", "cancel", "retry", "resume", "new"}
    | {"promote", "discard", "roll_back", "decide"}
)
"""Actions that put a question: what is typed behind their key is an answer."""

FRAMES_MAX = 20
"""A question whose field has no focus after so many frames gets its keys all the same."""


class Ahead:
    """One for each place. ``took`` is asked about every key before the place looks at it.

    With ``text_only`` a question gets text for its field alone, and no key that could confirm it;
    what comes after a key that prints nothing is dropped, until the question was answered.
    """

    def __init__(self, place: Place, *, text_only: bool = False) -> None:
        self._place = place
        self._text_only = text_only
        self._is_asked = False
        self._held: list[events.Key] = []
        self._text = ""
        self._is_whole = True

    @property
    def is_open(self) -> bool:
        """Whether a question or a session is on its way, so that keys are for it."""
        return self._is_asked or self._place.scanflow.moves.entering is not None

    def took(self, event: events.Key) -> bool:
        """Whether a key is not for this place: another is on top, or on its way."""
        app = self._place.scanflow
        if app.moves.entering is not None:
            app.moves.entering.append(event)
        elif self._is_asked and self._text_only:
            self._take_text(pressed(event))
        elif app.screen is not self._place:
            # Not ``is_current``, which a place is below a dialog, and below what has no style yet.
            pass_on(app, [event])
        elif self._is_asked:
            self._held.append(event)
        else:
            return False
        return True

    async def ask(self, question: Awaitable[object]) -> None:
        """Put a question; keys wait until it is there, or is not put at all."""
        self.begin()
        try:
            await question
        finally:
            self.end()

    def begin(self) -> None:
        """A question is on its way: what is typed from here on is for it."""
        self._is_asked, self._is_whole, self._text = True, True, ""

    def end(self) -> None:
        """It was answered, or never came: keys are the place's again."""
        self._is_asked, self._text = False, ""
        held, self._held = self._held, []
        pass_on(self._place.app, held)

    def covered(self) -> None:
        """Another screen came on top of the place: once it stands, it gets what was held."""
        if self._is_asked and not self._text_only:
            self._look(self._place.app.screen, FRAMES_MAX)

    def text(self) -> str:
        """What was typed for the question's field and nobody has taken."""
        text, self._text = self._text, ""
        return text

    def _take_text(self, key: str) -> None:
        char = " " if key == "space" else key
        self._is_whole = self._is_whole and len(char) == 1
        if not self._is_whole:
            return
        self._text += char
        app = self._place.app
        take = getattr(app.screen, "typed_ahead", None)
        if app.screen is not self._place and take is not None:
            take(self.text())

    def _look(self, top: Screen[Any], n_frames: int) -> None:
        # A text field takes letters once it has the focus.
        if n_frames and top.focused is None and (not top.is_mounted or top.focus_chain):
            top.call_after_refresh(self._look, top, n_frames - 1)
            return
        held, self._held, self._is_asked = self._held, [], False
        pass_on(self._place.app, held)


def covered(place: Place) -> None:
    """Another screen came on top of a place."""
    if place.is_made:
        place.ahead.covered()


def pass_on(app: App[Any], held: list[events.Key]) -> None:
    """Type these keys again: whoever is on top gets them; nobody, where the app ends."""
    if app._exit:
        return
    for event in held:
        app.post_message(events.Key(event.key, event.character))


def typed_before(app: App[Any]) -> str:
    """What was typed for the field of the question that has just come on top."""
    for screen in app.screen_stack[-2:-1]:
        ahead = getattr(screen, "ahead", None)
        if isinstance(ahead, Ahead):
            return ahead.text()
    return ""
