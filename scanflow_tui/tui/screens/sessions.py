"""Sessions: what lies below the sessions root, and the way into each."""

from __future__ import annotations

from textual.app import ComposeResult

from scanflow_tui.client.source import Update
from scanflow_tui.tui.screens.place import Place
from scanflow_tui.tui.widgets.rows import Rows


class SessionsScreen(Place):
    """The list, and beside it what the chosen one holds."""

    place = "sessions"

    def compose_body(self) -> ComposeResult:
        """One list."""
        yield Rows("Sessions", id="sessions")

    def show(self, update: Update | None) -> None:
        """Not read yet."""
