"""The framework's key parser, but that an escape and a letter or digit behind it are two keys.

They come in one piece where the loop or the line was busy, in two from fast fingers. As one key
with alt they would mean nothing here, but for two that go from word to word in a field.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from textual._xterm_parser import XTermParser

from scanflow_tui.images.replies import PASTE_BEGINS

if TYPE_CHECKING:
    from textual.message import Message

_OF_NO_SEQUENCE = r"[^\x00-\x1f\x7f\[OPX\]_^\\bf]"
_ESCAPED = re.compile(rf"(?<=\x1b)(?={_OF_NO_SEQUENCE}|O\Z)")
_BEHIND = re.compile(_OF_NO_SEQUENCE)


class KeyParser(XTermParser):
    """``keys`` of a text that was read; ``tick`` for what the time that went by makes of it."""

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._ends_escaped = False
        """Whether the last that came was an escape."""

    @property
    def is_waiting(self) -> bool:
        """Whether what comes next, or nothing, decides what the last was."""
        return self._timeout_time is not None

    def keys(self, text: str) -> Iterator[Message]:
        """What a text says."""
        if self.is_waiting and self._ends_escaped and _BEHIND.match(text):
            yield from self._given_up()
        pieces = [text] if PASTE_BEGINS in text else _ESCAPED.split(text)
        for piece in pieces[:-1]:
            yield from self.feed(piece)
            yield from self._given_up()
        # An empty text would mean the end to the framework's parser.
        if pieces[-1]:
            yield from self.feed(pieces[-1])
            self._ends_escaped = pieces[-1].endswith("\x1b")
        yield from self.tick()

    def _given_up(self) -> Iterator[Message]:
        """What it is if nothing more comes."""
        if self.is_waiting:
            self._timeout_time = 0.0
        yield from self.tick()
