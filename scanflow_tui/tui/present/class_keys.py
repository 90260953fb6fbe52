"""Which key stands for which class, and where commands go when letters are classes. Pure.

Up to 10 classes have digits, up to 36 digits and letters, more have two strokes; beyond 1,296 only
the picker finds them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

DIGITS = "0123456789"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
BOTH = DIGITS + LETTERS
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
    if n <= 10:
        codes = tuple(DIGITS[:n])
    elif n <= 36:
        codes = tuple(BOTH[:n])
    elif n <= 260:
        codes = tuple(f"{LETTERS[at // 10]}{at % 10}" for at in range(n))
    else:
        pairs = [a + b for a in LETTERS + DIGITS for b in LETTERS + DIGITS]
        codes = tuple(pairs[:n]) + ("",) * max(0, n - len(pairs))
    return ClassKeys(tuple(names), codes)


def matching(keys: ClassKeys, words: str) -> list[int]:
    """Classes whose name holds every word, those that begin with the first one first."""
    parts = words.lower().split()
    found = [
        at for at, name in enumerate(keys.names) if all(part in name.lower() for part in parts)
    ]
    if parts:
        found.sort(key=lambda at: not keys.names[at].lower().startswith(parts[0]))
    return found
