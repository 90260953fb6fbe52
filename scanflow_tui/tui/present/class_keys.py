"""Which key stands for which class, and where commands go when letters are classes. Pure.

Up to 10 classes have digits, up to 36 digits and letters, more have two strokes; of still more only
the picker finds those beyond 1,296.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scanflow_tui.workflow.vocabulary import default_class_keys

DIGITS = "0123456789"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
BOTH = DIGITS + LETTERS
TWO_STROKES_MAX = len(BOTH) ** 2
MOVED: dict[str, str] = {
    "backspace": "undo",
    "=": "redo",
    ".": "skip",
    ";": "unsure",
    ",": "invalid",
    "'": "note",
}
"""Commands by key where every letter and digit is a class."""


@dataclass(frozen=True, slots=True)
class ClassKeys:
    """``names`` and ``codes`` by class index; a code is one or two characters, or empty."""

    names: tuple[str, ...]
    codes: tuple[str, ...]

    @property
    def letters_are_classes(self) -> bool:
        """Whether commands had to move away from letters."""
        return any(char in LETTERS for code in self.codes for char in code)

    @property
    def is_two_strokes(self) -> bool:
        """Whether a class takes two keys."""
        return any(len(code) == 2 for code in self.codes)

    def name(self, index: int | None) -> str:
        """The class's name, or its number where it has none."""
        if index is None:
            return ""
        return self.names[index] if 0 <= index < len(self.names) else str(index)

    def code(self, index: int | None) -> str:
        """The key or keys of a class."""
        if index is None:
            return ""
        return self.codes[index] if 0 <= index < len(self.codes) else str(index)

    def index(self, strokes: str) -> int | None:
        """The class of these strokes, or None."""
        return self.codes.index(strokes) if strokes and strokes in self.codes else None

    def begins(self, stroke: str) -> bool:
        """Whether a stroke is the first of two."""
        return len(stroke) == 1 and any(len(c) == 2 and c[0] == stroke for c in self.codes)


def class_keys(names: Sequence[str], given: Sequence[str] = ()) -> ClassKeys:
    """The keys of a pipeline's classes: those it names, or the usual ones for their number."""
    n = len(names)
    if given and len(given) == n:
        return ClassKeys(tuple(names), tuple(given))
    codes = default_class_keys(min(n, TWO_STROKES_MAX))
    codes += ("",) * (n - len(codes))
    return ClassKeys(tuple(names), codes)


def groups(keys: ClassKeys) -> list[tuple[str, int, int]]:
    """The first strokes of two, with the first and the last class of each."""
    found: dict[str, tuple[int, int]] = {}
    for at, code in enumerate(keys.codes):
        if len(code) == 2:
            first, _ = found.get(code[0], (at, at))
            found[code[0]] = (first, at)
    return [(stroke, first, last) for stroke, (first, last) in found.items()]


def matching(keys: ClassKeys, words: str) -> list[int]:
    """Classes whose name holds every word, those that begin with the first one first."""
    parts = words.lower().split()
    found = [
        at for at, name in enumerate(keys.names) if all(part in name.lower() for part in parts)
    ]
    if parts:
        found.sort(key=lambda at: not keys.names[at].lower().startswith(parts[0]))
    return found
