"""What the Label screen says while guesses are judged: one question, and the keys that answer.
Pure."""

from __future__ import annotations

from rich.text import Text

from scanflow_tui.tui.present.class_keys import ClassKeys
from scanflow_tui.tui.theme import TONES

KEYS = (("space", "yes"), ("-", "no"), ("u", "undo"), ("A", "yes to the page"), ("v", "class keys"))

HINT = "Is the guess right? space says yes, - says no; the next one comes by itself."


def question(
    keys: ClassKeys, guess: int, n_page: int, *, is_rejected: bool, width: int
) -> tuple[Text, int]:
    """Whether the guess is right, for one image or a page of one guess; and how many of the keys
    have room behind it: the footer names the others.
    """
    code, name = keys.code(guess), keys.name(guess)
    named = name if code in ("", name) else f"{code} {name}"
    asked = f"Is this {named}?" if n_page == 1 else f"Is each of these {n_page} {named}?"
    text = Text(" ", no_wrap=True, end="")
    text.append(asked, TONES["strong"])
    if is_rejected:
        text.append("  you said no", TONES["you"])
    n_named = 0
    for key, word in key_words(keys):
        if text.cell_len + len(f"  {key} {word}") > width:
            break
        text.append("  ")
        text.append(key, TONES["key"])
        text.append(f" {word}", TONES["dim"])
        n_named += 1
    return text, n_named


def key_words(keys: ClassKeys) -> tuple[tuple[str, str], ...]:
    """The keys in force; letters give way where they are classes."""
    if not keys.letters_are_classes:
        return KEYS
    moved = {"u": "backspace", "v": "V"}
    return tuple((moved.get(key, key), word) for key, word in KEYS)
