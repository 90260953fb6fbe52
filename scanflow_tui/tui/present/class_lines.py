"""The class keys as lines: all where they fit; else by first stroke, and its classes once that was
pressed. Pure, and kept: the same lines are asked for at every key."""

from __future__ import annotations

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
        entries = [_group(keys, *group, width) for group in groups(keys)]
        by_name = Text.assemble(("/", TONES["key"]), (" by name", TONES["dim"]))
        lines = _narrowest([*entries, by_name], width)
    if len(lines) > rows:
        lines = [line.copy() for line in lines[:rows]]
        lines[-1].truncate(max(width - len(MORE), 1))
        lines[-1].append(MORE, TONES["dim"])
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
    lines: list[Text] = []
    for n_name in range(longest, NAME_MIN - 1, -1):
        lines = flowed([_entry(keys, at, n_name) for at in members], width, " ")
        if len(lines) <= rows:
            break
    return lines[:rows]


def _entry(keys: ClassKeys, at: int, n_name: int | None = None) -> Text:
    code, name = keys.code(at), keys.names[at]
    entry = Text.assemble((code, TONES["key"]))
    if name != code:
        cut = name if n_name is None or len(name) <= n_name else f"{name[: n_name - 1]}…"
        entry.append(f" {cut}", TONES["plain"])
    return entry


def _group(keys: ClassKeys, stroke: str, first: int, last: int, width: int) -> Text:
    room = max(NAME_MIN, width // 24)
    names = keys.names[first][:room], keys.names[last][:room]
    entry = Text.assemble((stroke, TONES["key"]))
    return entry.append(f" {names[0]}–{names[1]}", TONES["plain"])


def _narrowest(entries: list[Text], width: int) -> list[Text]:
    wide, narrow = (flowed(entries, width, gap) for gap in ("  ", " "))
    return narrow if len(narrow) < len(wide) else wide
