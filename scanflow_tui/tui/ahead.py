"""Keys that come between a question's key and the question: they belong to its text, never to the
task below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.app import App
    from textual.screen import Screen


class Ahead:
    """``begin`` when a question is on its way, ``hold`` each key, ``end`` when it was answered."""

    def __init__(self, screen: Screen[None]) -> None:
        self._screen = screen
        self._text: str | None = None
        self._is_whole = True

    def begin(self) -> None:
        """A question comes; what is typed from here on is for it."""
        self._text, self._is_whole = "", True

    @property
    def is_open(self) -> bool:
        """Whether a question is on its way, or there."""
        return self._text is not None

    def hold(self, key: str) -> bool:
        """Whether a key was kept; after one that prints nothing the others are dropped."""
        if self._text is None:
            return False
        char = " " if key == "space" else key
        self._is_whole = self._is_whole and len(char) == 1
        if self._is_whole:
            self._text += char
            if not self._screen.is_current:
                hand_over(self._screen.app, self.take())
        return True

    def take(self) -> str:
        """What was typed and nobody has taken."""
        text, self._text = self._text or "", None if self._text is None else ""
        return text

    def end(self) -> None:
        """Keys are the task's again."""
        self._text = None


def hand_over(app: App[Any], text: str) -> None:
    """Give text to the question on top, if it takes any."""
    take = getattr(app.screen, "typed_ahead", None)
    if take is not None and text:
        take(text)


def typed_before(app: App[Any]) -> str:
    """What was typed for the question that has just come on top."""
    for screen in app.screen_stack[-2:-1]:
        ahead = getattr(screen, "ahead", None)
        if isinstance(ahead, Ahead):
            return ahead.take()
    return ""
