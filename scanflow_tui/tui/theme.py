"""Tones, symbols and the one colour theme: blue and orange, no red against green.

A tone never carries meaning alone: a symbol and a word stand beside it (``face``).
"""

from __future__ import annotations

from textual.theme import Theme

from scanflow_tui.contract.states import FACES

TONES: dict[str, str] = {
    "plain": "#d5dae1",
    "dim": "#8a94a3",
    "strong": "bold #f2f5f9",
    "active": "bold #8cc8ff",
    "good": "#6aa9e9",
    "bad": "bold #ff9d4d",
    "you": "bold #ffd166",
    "key": "bold #8cc8ff",
    "cursor": "bold #ffffff on #274f7d",
    "match": "bold #10141a on #ffd166",
}
"""Rich styles by tone. Screens use these names, never a colour."""

THEME = Theme(
    name="scanflow",
    primary="#4f9ee8",
    secondary="#8cc8ff",
    warning="#ffd166",
    error="#ff9d4d",
    success="#6aa9e9",
    accent="#ff9d4d",
    foreground="#d5dae1",
    background="#0f1319",
    surface="#151b23",
    panel="#1c2430",
    dark=True,
    variables={"frame": "#55606f", "footer-background": "#0f1319", "border": "#8cc8ff"},
)

_ASCII = str.maketrans(
    {
        "·": "|", "…": "~", "▸": ">", "▶": ">", "⚠": "!", "✔": "v", "✖": "x", "≡": "=", "–": "-",
        "—": "-", "→": ">", "←": "<", "↑": "^", "↓": "v", "▲": "^", "▼": "v", "●": "o", "◀": "<",
        "─": "-", "┄": ".", "│": "|", "┌": "+", "┐": "+", "└": "+", "┘": "+", "├": "+", "┤": "+",
        "┬": "+", "┴": "+", "┼": "+", "━": "=", "┃": "|", "┏": "+", "┓": "+", "┗": "+", "┛": "+",
        "◌": "o", "†": "L", "⏱": "T", "⊘": "/", "↻": "r", "⠋": "*", "×": "x", "±": "+", "✓": "v",
    }
)  # fmt: skip


def face(state: str, *, ascii: bool = False) -> tuple[str, str, str]:
    """Symbol, word and tone of a node, attempt or run state."""
    found = FACES.get(state)
    if found is None:
        return ("?", state, "dim")
    return (found.ascii if ascii else found.symbol, found.word, found.tone)


def plain_ascii(text: str) -> str:
    """The same text without box drawing and symbols, one character for one."""
    return text.translate(_ASCII)
