"""Questions over a screen. What starts or destroys something is confirmed by the act's small first
letter, never by enter and never by the key that opened it: enter and escape stand on cancel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from rich.text import Text
from textual import events
from textual.app import App, ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from scanflow_tui.tui.ahead import typed_before
from scanflow_tui.tui.keys import pressed
from scanflow_tui.tui.theme import TONES
from scanflow_tui.tui.widgets.closing import close

if TYPE_CHECKING:
    from scanflow_tui.tui.app import ScanflowApp


class Confirm(ModalScreen[bool]):
    """``verb`` is the act (its first letter confirms), ``thing`` what it is done to.

    ``keep`` is what the safe answer is called, ``letter`` another one than the first.
    """

    def __init__(
        self,
        title: str,
        body: str,
        verb: str,
        *,
        thing: str = "",
        keep: str = "cancel",
        letter: str = "",
    ) -> None:
        super().__init__()
        self.question = title
        self.body = body
        self.verb = verb
        self.thing = thing
        self.keep = keep
        self.letter = letter or verb[0].lower()

    def compose(self) -> ComposeResult:
        """A frame with the sentence and the two answers."""
        with Vertical(classes="dialog") as frame:
            frame.border_title = _legible(self.app, Text(self.question)).plain
            body = _legible(self.app, Text(self.body, TONES["plain"]))
            yield Static(body, id="dialog-body")
            yield Static(_legible(self.app, self._answers()), id="dialog-answers")

    def _answers(self) -> Text:
        act = f"{self.verb} {self.thing}".strip()
        text = Text("\n")
        text.append(f"[{self.letter}]", TONES["key"])
        text.append(f" {act}     ", TONES["you"])
        text.append("▸ [enter]", TONES["key"])
        text.append(f" {self.keep}", TONES["strong"])
        return text

    def on_key(self, event: events.Key) -> None:
        """The letter does it; enter, escape and q do not; other keys do nothing."""
        event.stop()
        event.prevent_default()
        key = pressed(event)
        if key == self.letter:
            close(self, True)
        elif key in ("enter", "escape", "q"):
            close(self, False)


class Which(ModalScreen[str]):
    """One of several acts by its letter; enter and escape stand on none of them: ``""``."""

    def __init__(
        self, title: str, body: str, answers: Mapping[str, str], *, keep: str = "cancel"
    ) -> None:
        super().__init__()
        self.question = title
        self.body = body
        self.answers = dict(answers)
        self.keep = keep

    def compose(self) -> ComposeResult:
        """A frame with the sentence and a line an answer."""
        text = Text("\n")
        for letter, act in self.answers.items():
            text.append(f"[{letter}]", TONES["key"])
            text.append(f" {act}\n", TONES["you"])
        text.append("▸ [enter]", TONES["key"])
        text.append(f" {self.keep}", TONES["strong"])
        with Vertical(classes="dialog") as frame:
            frame.border_title = _legible(self.app, Text(self.question)).plain
            body = _legible(self.app, Text(self.body, TONES["plain"]))
            yield Static(body, id="dialog-body")
            yield Static(_legible(self.app, text), id="dialog-answers")

    def on_key(self, event: events.Key) -> None:
        """A letter does its act; enter, escape and q none; other keys do nothing."""
        event.stop()
        event.prevent_default()
        key = pressed(event)
        if key in self.answers:
            close(self, key)
        elif key in ("enter", "escape", "q"):
            close(self, "")


class Tell(ModalScreen[None]):
    """Something to read: closed by enter, escape or q; scrolled where it is long."""

    def __init__(self, title: str, text: Text) -> None:
        super().__init__()
        self.heading = title
        self.text = text

    def compose(self) -> ComposeResult:
        """A frame with the text."""
        with Vertical(classes="dialog") as frame:
            frame.border_title = self.heading
            with VerticalScroll(id="tell"):
                yield Static(_legible(self.app, self.text))
            yield Static(Text("\n[esc] close", TONES["dim"]))

    def on_mount(self) -> None:
        """As tall as the text, but for what the frame needs."""
        room = max(self.app.size.height * 9 // 10 - 7, 3)
        self.query_one("#tell").styles.max_height = room

    def on_key(self, event: events.Key) -> None:
        """Close, or scroll."""
        key, page = pressed(event), self.query_one("#tell")
        if key in ("enter", "escape", "q"):
            event.stop()
            close(self, None)
        elif key in ("j", "k"):
            page.scroll_relative(y=1 if key == "j" else -1, animate=False)
        elif key in ("g", "G"):
            page.scroll_to(y=0 if key == "g" else page.max_scroll_y, animate=False)


class Ask(ModalScreen[str | None]):
    """One line of text; enter gives it, escape gives None. ``changed`` hears it as it is typed.

    What is typed takes the place of ``value`` if it ``replaces``, else it goes on with it; it is
    kept, too, before the field has the focus.
    """

    def __init__(
        self,
        title: str,
        *,
        value: str = "",
        hint: str = "",
        answers: str = "[enter] ok   [esc] cancel",
        replaces: bool = True,
        changed: Callable[[str], None] = lambda text: None,
    ) -> None:
        super().__init__()
        self.heading = title
        self.changed = changed
        self.value = value
        self.hint = hint
        self.answers = answers
        self.has_changed = False
        self.ahead = "" if replaces else value

    def compose(self) -> ComposeResult:
        """A frame with a text field."""
        with Vertical(classes="dialog") as frame:
            frame.border_title = self.heading
            text, selects = self.ahead or self.value, not self.ahead
            yield Input(text, placeholder=self.hint, id="ask", select_on_focus=selects)
            yield Static(Text(self.answers, TONES["dim"]))

    def on_mount(self) -> None:
        """Take what was typed before the question came."""
        self.typed_ahead(typed_before(self.app))

    def on_input_changed(self, event: Input.Changed) -> None:
        """What is typed so far."""
        event.stop()
        self.has_changed = self.has_changed or event.value != self.value
        if self.has_changed:
            self.changed(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter."""
        event.stop()
        close(self, event.value)

    def on_key(self, event: events.Key) -> None:
        """Escape; and letters that were faster than the field."""
        if event.key == "escape":
            event.stop()
            close(self, None)
        elif event.character is not None and event.is_printable:
            event.stop()
            self.typed_ahead(event.character)

    def typed_ahead(self, text: str) -> None:
        """What was typed before the field had the focus."""
        if not text:
            return
        self.ahead += text
        for field in self.query(Input):
            field.select_on_focus = False
            field.value = self.ahead
            field.cursor_position = len(self.ahead)


def _legible(app: App[Any], text: Text) -> Text:
    return cast("ScanflowApp", app).legible(text)
