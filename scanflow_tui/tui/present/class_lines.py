"""The class keys as lines: all where they fit; else by first stroke, and its classes once that was
pressed. Pure, and kept: the same lines are asked for at every key."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from rich.text import Text

from scanflow_tui.tui.present.class_keys import ClassKeys, groups
from scanflow_tui.tui.present.label import flowed
from scanflow_tui.tui.theme import TONES

NAME_MIN = 3
MORE = " …  / finds more"


@lru_cache(maxsize=64)
def class_lines(keys: ClassKeys, width: int, rows: int, stroke: str = "") -> list[Text]:
    """The class keys in at most ``rows`` lines; then how to find the others.

    ``stroke`` is the first of two, where one was pressed: its classes are shown, names cut so that
    all have room.
    """
    if stroke:
        return _of_stroke(keys, width, rows, stroke)
    lines = _narrowest([_entry(keys, at) for at in range(len(keys.names))], width)
    if len(lines) > rows and keys.is_two_strokes:
        lines = _grouped(keys, width, rows)
    if len(lines) > rows:
        lines = _ended(lines, rows, width)
    return lines


def class_column(keys: ClassKeys, height: int, stroke: str) -> list[Text]:
    """The classes of a first stroke one below another, as many as there is room for."""
    rows = [Text("  ", no_wrap=True, end="").append_text(_entry(keys, at))
            for at, code in enumerate(keys.codes) if code[:1] == stroke]  # fmt: skip
    if len(rows) > height:
        rows = [*rows[: height - 1], Text(f"  {MORE.strip()}", TONES["dim"])]
    return rows


def _of_stroke(keys: ClassKeys, width: int, rows: int, stroke: str) -> list[Text]:
    members = [at for at, code in enumerate(keys.codes) if code[:1] == stroke]
    longest = max((len(keys.names[at]) for at in members), default=0)
    lines = flowed([_entry(keys, at) for at in members], width, " ")
    n_alike = _alike(keys.names)
    for n_name in range(longest - n_alike, NAME_MIN - 1, -1):
        if len(lines) <= rows:
            break
        lines = flowed([_entry(keys, at, n_name, n_alike) for at in members], width, " ")
    return lines if len(lines) <= rows else _ended(lines, rows, width)


def _grouped(keys: ClassKeys, width: int, rows: int) -> list[Text]:
    n_alike = _alike(keys.names)
    by_name = Text.assemble(("/", TONES["key"]), (" by name", TONES["dim"]))
    lines: list[Text] = []
    for n_name in range(max(NAME_MIN, width // 24), 1, -1):
        entries = [_group(keys, *group, n_name, n_alike) for group in groups(keys)]
        lines = _narrowest([*entries, by_name], width)
        if len(lines) <= rows:
            break
    return lines


def _ended(lines: list[Text], rows: int, width: int) -> list[Text]:
    """So many lines, and how to find what is not on them."""
    kept = [line.copy() for line in lines[:rows]]
    kept[-1].truncate(max(width - len(MORE), 1))
    kept[-1].append(MORE, TONES["dim"])
    return kept


def _entry(keys: ClassKeys, at: int, n_name: int | None = None, n_alike: int = 0) -> Text:
    code, name = keys.code(at), keys.names[at]
    entry = Text.assemble((code, TONES["key"]))
    if name != code:
        left = name[n_alike:]
        cut = left if n_name is None or len(left) <= n_name else f"{left[: n_name - 1]}…"
        entry.append(f" {cut}", TONES["plain"])
    return entry


def _alike(names: Sequence[str]) -> int:
    """How many characters all names begin with, up to a word's end: they tell no group from
    another.
    """
    first, last = min(names, default=""), max(names, default="")
    pairs = enumerate(zip(first, last, strict=False))
    n_alike = next((at for at, (a, b) in pairs if a != b), min(len(first), len(last)))
    return max(first.rfind(char, 0, n_alike) for char in " _-/.") + 1


def _group(keys: ClassKeys, stroke: str, first: int, last: int, n_name: int, n_alike: int) -> Text:
    names = (keys.names[at][n_alike : n_alike + n_name] for at in (first, last))
    entry = Text.assemble((stroke, TONES["key"]))
    return entry.append(f" {'–'.join(names)}", TONES["plain"])


def _narrowest(entries: list[Text], width: int) -> list[Text]:
    wide, narrow = (flowed(entries, width, gap) for gap in ("  ", " "))
    return narrow if len(narrow) < len(wide) else wide
