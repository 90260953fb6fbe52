"""The log of an attempt, live."""

from __future__ import annotations

from textual.app import ComposeResult

from scanflow_tui.tui.screens.place import Place
from scanflow_tui.tui.widgets.rows import Rows


class LogsScreen(Place):
    """One attempt's lines."""

    place = "logs"

    def compose_body(self) -> ComposeResult:
        """The lines."""
        yield Rows("Log", id="log")
