"""A list to choose from: typing narrows it, arrows move, enter takes, escape leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from scanflow_tui.tui.ahead import typed_before
from scanflow_tui.tui.theme import TONES
from scanflow_tui.tui.widgets.closing import close
from scanflow_tui.tui.widgets.lines import Lines

ROWS = 12


class Pick(ModalScreen[int | None]):
    """``rows`` are the choices; ``matching`` gives the indices that fit typed words, best first."""

    DEFAULT_CSS = f"Pick Lines {{ width: 56; height: {ROWS}; }}"

    def __init__(
        self,
        title: str,
        rows: Sequence[str],
        matching: Callable[[str], list[int]] | None = None,
        chosen: int = 0,
    ) -> None:
        super().__init__()
        self.heading = title
        self.choices = rows
        self.matching = matching or self._with_words
        self.found = list(range(len(rows)))
        self.at = chosen
        self.words = Input(placeholder="type to find", id="pick-words", select_on_focus=False)
        self.lines = Lines(id="pick-rows")

    def compose(self) -> ComposeResult:
        """A field and the rows."""
        with Vertical(classes="dialog") as frame:
            frame.border_title = self.heading
            yield self.words
            yield self.lines
            yield Static(Text("\n[enter] take   [↑ ↓] move   [esc] cancel", TONES["dim"]))

    def on_mount(self) -> None:
        """Ready to type; what was typed before it came counts."""
        self.typed_ahead(typed_before(self.app))
        self.words.focus()
        self._draw()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow the list."""
        self.found = self.matching(event.value)
        self.at = 0
        self._draw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter takes the row under the cursor."""
        event.stop()
        if self.found:
            close(self, self.found[self.at])

    def on_key(self, event: events.Key) -> None:
        """Arrows and escape."""
        if event.key == "escape":
            event.stop()
            close(self, None)
        elif event.key in ("up", "down"):
            event.stop()
            event.prevent_default()
            step = -1 if event.key == "up" else 1
            self.at = max(0, min(self.at + step, len(self.found) - 1))
            self._draw()

        elif event.character is not None and event.is_printable:
            event.stop()
            self.typed_ahead(event.character)

    def typed_ahead(self, text: str) -> None:
        """What was typed before the field had the focus."""
        self.words.value += text
        self.words.cursor_position = len(self.words.value)

    def _draw(self) -> None:
        first = max(0, self.at - ROWS + 1)
        rows = []
        for at, choice in enumerate(self.found[first : first + ROWS], first):
            here = at == self.at
            tone = TONES["cursor"] if here else TONES["plain"]
            rows.append(Text(f"{'▸' if here else ' '} {self.choices[choice]}", tone))
        self.lines.put(rows or [Text("nothing fits", TONES["dim"])])

    def _with_words(self, words: str) -> list[int]:
        parts = words.lower().split()
        return [at for at, row in enumerate(self.choices) if all(p in row.lower() for p in parts)]
