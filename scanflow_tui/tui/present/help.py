"""The help of a place: every key, grouped, then the symbols. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.text import Text

from scanflow_tui.contract.states import FACES
from scanflow_tui.tui.keys import GROUPS, Action, in_force, key_words
from scanflow_tui.tui.theme import TONES


def help_rows(
    actions: Sequence[Action], place: str, why_not: Callable[[Action], str], needle: str = ""
) -> list[Text]:
    """One row a key; what does not work now says why. ``needle`` filters by key or word."""
    rows: list[Text] = []
    reached = in_force(actions)
    for group in GROUPS:
        members = [a for a in reached if a.group == group and _matches(a, place, needle)]
        members.sort(key=lambda action: -action.footer)
        if not members:
            continue
        rows.append(Text(f" {group}", TONES["strong"]))
        for action in members:
            keys = key_words(action.keys)
            row = Text("   ")
            row.append(f"{keys:<12}", TONES["key"])
            row.append(f" {action.says}", TONES["plain"])
            reason = why_not(action)
            if reason:
                row.append(f"  ({reason})", TONES["dim"])
            rows.append(row)
    return rows


def symbol_rows(*, ascii: bool) -> list[Text]:
    """What the state symbols mean."""
    rows = [Text(" Symbols", TONES["strong"])]
    seen = set()
    row = Text("   ")
    for face in FACES.values():
        symbol = face.ascii if ascii else face.symbol
        if face.symbol in seen:
            continue
        seen.add(face.symbol)
        row.append(symbol, TONES[face.tone])
        row.append(f" {face.word:<11}", TONES["plain"])
        if row.cell_len > 60:
            rows.append(row)
            row = Text("   ")
    if row.cell_len > 3:
        rows.append(row)
    return rows


def _matches(action: Action, place: str, needle: str) -> bool:
    low = needle.lower()
    return not low or low in action.says.lower() or needle in action.keys
