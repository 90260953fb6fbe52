"""Places by id, imported when they are first shown: the first paint waits for one screen alone."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from scanflow_tui.tui.screens.place import Place

SCREENS: dict[str, str] = {
    "sessions": "sessions:SessionsScreen",
    "workflow": "workflow:WorkflowScreen",
    "logs": "logs:LogsScreen",
    "drift": "drift:DriftScreen",
    "label": "label:LabelScreen",
    "decide": "decide:DecideScreen",
    "result": "result:ResultScreen",
}


def make(place: str) -> Place:
    """A new screen for a place. Raises KeyError for an unknown one."""
    module, _, name = SCREENS[place].partition(":")
    kind = getattr(import_module(f"scanflow_tui.tui.screens.{module}"), name)
    return cast("Place", kind())
