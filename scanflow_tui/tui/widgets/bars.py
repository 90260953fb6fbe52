"""The one-line bars: top bar, footer with notices, and the line for small terminals."""

from __future__ import annotations

from rich.text import Text
from textual.geometry import Region
from textual.strip import Strip

from scanflow_tui.tui.theme import TONES
from scanflow_tui.tui.widgets.kept import Kept
from scanflow_tui.tui.widgets.lines import looks_like, spelled, strip_of


class Bar(Kept):
    """One row of text; repaints only when the text changed."""

    DEFAULT_CSS = "Bar { height: 1; width: 1fr; }"

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._text = Text("")

    def put(self, text: Text) -> None:
        """Show this text."""
        if text is not self._text and not looks_like(text, self._text):
            self._text = text
            self.changed(Region(0, 0, self.wide, 1))

    def render_line(self, y: int) -> Strip:
        """The text, cut at the edge."""
        width = self.wide
        text = self._text
        if text.cell_len > width:
            text = spelled(text)
            text.truncate(width, overflow="ellipsis")
            if self.app.has_class("-ascii"):
                text.plain = text.plain.replace("…", "~")
        return strip_of(text, width, self.base, self.app.console)


class Footer(Bar):
    """The last row: keys that work now, or a notice until the next key or four seconds."""

    def __init__(self) -> None:
        super().__init__("footer")
        self._keys = Text("")
        self.notice = ""

    def show_keys(self, text: Text) -> None:
        """The keys that work now; a notice stays in front of them."""
        self._keys = text
        if not self.notice:
            self.put(text)

    def say(self, sentence: str, tone: str = "you") -> None:
        """A notice in place of the keys: it never covers what is worked on."""
        self.notice = sentence
        self.put(Text(f" {sentence}", TONES[tone], no_wrap=True, overflow="ellipsis", end=""))
        self.set_timer(4.0, lambda: self.clear(sentence))

    def clear(self, sentence: str = "") -> None:
        """Take the notice away (that one, if named)."""
        if self.notice and sentence in ("", self.notice):
            self.notice = ""
            self.put(self._keys)
