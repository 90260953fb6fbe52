"""Keys that were typed faster than the screen came that they are for: passed on to it, in order."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from textual import events

from scanflow_tui.tui.keys import pressed

if TYPE_CHECKING:
    from textual.app import App
    from textual.worker import Worker

    from scanflow_tui.tui.screens.place import Place

ASK = frozenset(
    {"find", "filter", "cancel", "retry", "resume", "new"}
    | {"promote", "discard", "roll_back", "decide"}
)
"""Actions that put a question: what is typed behind their key is an answer."""
STEP_S = 0.005
STEPS_MAX = 200
FOCUS_STEPS = 20


class Typed:
    """One for each place. ``took`` is asked about every key before the place looks at it."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._held: list[events.Key] = []
        self._asks = False

    @property
    def is_waiting(self) -> bool:
        """Whether a question or a session is on its way that keys are for."""
        return self._asks or self._place.scanflow.moves.entering is not None

    def took(self, event: events.Key) -> bool:
        """Whether a key is not for this place: another is on top, or on its way."""
        app = self._place.scanflow
        if app.moves.entering is not None:
            app.moves.entering.append(event)
        elif app.screen is not self._place:
            # Not ``is_current``, which a place is below a dialog, and below what has no style yet.
            ahead = getattr(self._place, "ahead", None)
            if ahead is None or not ahead.hold(pressed(event)):
                pass_on(app, [event])
        elif self._asks:
            self._held.append(event)
        else:
            return False
        return True

    def begin(self, asking: Worker[None]) -> None:
        """A question is on its way; keys wait until it is there, or is not put at all."""
        self._asks = True
        self._place.run_worker(self._hand_over(asking))

    async def _hand_over(self, asking: Worker[None]) -> None:
        try:
            for step in range(STEPS_MAX):
                top = self._place.app.screen
                is_there = top is not self._place and top.is_mounted
                # A text field takes letters once it has the focus.
                takes = top.focused is not None or step > FOCUS_STEPS or not top.focus_chain
                if asking.is_finished or (is_there and takes):
                    break
                await asyncio.sleep(STEP_S)
        finally:
            self._asks = False
            held, self._held = self._held, []
            pass_on(self._place.app, held)


def pass_on(app: App[Any], held: list[events.Key]) -> None:
    """Type these keys again: whoever is on top gets them; nobody, where the app ends."""
    if app._exit:
        return
    for event in held:
        app.post_message(events.Key(event.key, event.character))
