"""From a key to what it does: whether an action works now, and who does it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.widget import Widget

from scanflow_tui.tui import keys
from scanflow_tui.tui.ahead import ASK

if TYPE_CHECKING:
    from scanflow_tui.tui.screens.place import Place

DIRECTIONS = frozenset({"up", "down", "left", "right", "first", "last", "page_up", "page_down"})
READ_ONLY = "read only: this is a replay"


def replays(place: Place) -> bool:
    """Whether the replay's keys hold in a place: the list of sessions is no part of one."""
    return place.scanflow.transport is not None and place.place != "sessions"


def why_not(place: Place, action: keys.Action) -> str:
    """Why an action does not work now: what the app forbids, then what the place says."""
    if action.changes and not place.known.writable and place.place != "sessions":
        return READ_ONLY
    return place.scanflow.moves.why_not(action) or place.why_not(action)


def working(place: Place) -> list[keys.Action]:
    """What works now in a place, with the keys that reach it."""
    return [action for action in keys.in_force(place.actions()) if not why_not(place, action)]


def do(place: Place, action: keys.Action, key: str) -> None:
    """Do an action, or say why not. Who has ``act_<id>`` does it: place, its doers, the moves."""
    reason = why_not(place, action)
    if reason:
        place.say(reason)
        return
    method = _method(place, f"act_{action.id}")
    if action in keys.TRANSPORT:
        place.scanflow.moves.tape(place, action.id, key)
    elif method is not None:
        result = method()
        if inspect.isawaitable(result):
            if action.id in ASK and place.place not in keys.OWN_KEYS:
                place.ahead.begin()
                place.run_worker(place.ahead.ask(result))
            else:
                place.run_worker(_awaited(result))
    elif action in keys.GO:
        place.scanflow.moves.go(action.id.removeprefix("go_"))
    elif action.id in DIRECTIONS:
        mover = getattr(place.focused, "move", None)
        if mover is not None:
            mover(action.id)
    else:
        place.say(f"{action.label} is not offered here")
    place.paint_bars()


def _method(place: Place, name: str) -> Callable[[], Any] | None:
    for owner in (place, *place.doers, place.scanflow.moves):
        found: Callable[[], Any] | None = getattr(owner, name, None)
        if found is not None:
            return found
    return None


def is_text_field(widget: Widget | None) -> bool:
    """Whether letters belong to the widget."""
    # By name: to load the two only to say no takes 20 ms of the first key's time.
    kinds = type(widget).__mro__
    return any(kind.__name__ in ("Input", "TextArea") for kind in kinds)


async def _awaited(result: object) -> None:
    if inspect.isawaitable(result):
        await result
