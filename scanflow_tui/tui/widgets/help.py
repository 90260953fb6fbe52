"""The help page of a place: one page of keys from the table, filtered by ``/``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from scanflow_tui.tui import doing
from scanflow_tui.tui.keys import PLACES, pressed
from scanflow_tui.tui.present.help import help_rows, symbol_rows
from scanflow_tui.tui.widgets.closing import close
from scanflow_tui.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from scanflow_tui.tui.screens.place import Place


class Help(ModalScreen[None]):
    """Over the place it explains."""

    _MOVES = {  # noqa: RUF012
        "up": "up", "k": "up", "down": "down", "j": "down", "g": "first", "G": "last",
        "pageup": "page_up", "pagedown": "page_down", "space": "page_down",
    }  # fmt: skip

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.rows = Rows(f"Help: {PLACES[place.place]}", id="help-rows", cursor=False, wraps=True)
        self.rows.border_subtitle = place.legible(Text("/ filter · esc close")).plain
        self.field = Input(placeholder="filter", id="help-filter", classes="-hidden")

    def compose(self) -> ComposeResult:
        """The rows, and a filter that is hidden until ``/``."""
        with Vertical(classes="page"):
            yield self.rows
            yield self.field

    def on_mount(self) -> None:
        """All keys first."""
        self.fill("")
        self.rows.focus()

    def fill(self, needle: str) -> None:
        """The rows that match."""
        place = self.place
        rows = help_rows(
            place.actions(), place.place, lambda action: doing.why_not(place, action), needle
        )
        rows += symbol_rows(ascii=place.scanflow.ascii)
        self.rows.put([place.legible(row) for row in rows])

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while typing."""
        self.fill(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Back to the rows."""
        self.rows.focus()

    def on_key(self, event: events.Key) -> None:
        """Scroll, filter, close."""
        key = pressed(event)
        field = self.field
        if key == "escape" or (key in ("q", "?") and self.focused is not field):
            event.stop()
            close(self, None)
        elif self.focused is field:
            return
        elif key == "/":
            event.stop()
            event.prevent_default()
            field.remove_class("-hidden")
            field.focus()
        elif key in self._MOVES:
            event.stop()
            event.prevent_default()
            self.rows.move(self._MOVES[key])
