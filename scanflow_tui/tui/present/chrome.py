"""The top bar and the footer as text. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from scanflow_tui.tui.keys import Action, key_words, shown
from scanflow_tui.tui.present.times import elapsed
from scanflow_tui.tui.theme import TONES

if TYPE_CHECKING:
    from scanflow_tui.tui.known import Known


def link_text(known: Known, now_s: float) -> tuple[str, str]:
    """Connection and unsaved count as a sentence, and its tone."""
    if known.error:
        return ("⚠ not connected", "bad")
    if known.link == "reconnecting":
        waited = elapsed(now_s - known.link_since_s)
        labels = "label" if known.unsaved == 1 else "labels"
        tail = f" · {known.unsaved} {labels} not yet saved" if known.unsaved else ""
        return (f"⚠ reconnecting {waited}{tail}", "bad")
    if known.link is None:
        return ("", "dim")
    if not known.writable:
        return ("READ ONLY", "you")
    if known.link == "closed":
        return ("⚠ closed" + (f": {known.link_text}" if known.link_text else ""), "bad")
    if known.link == "connecting":
        return ("connecting…", "dim")
    # A link that works needs no word of its own: that all is saved says it.
    return (f"{known.unsaved} not yet saved", "you") if known.unsaved else ("saved", "dim")


SMALL = (
    " small terminal: one pane at a time, tab shows the next",
    " one pane at a time: tab shows the next",
    " tab: next pane",
)


def small_text(width: int) -> str:
    """What a small terminal shows and how to see the rest, in as many words as fit."""
    return next((said for said in SMALL if len(said) <= width), SMALL[-1])


LINK_CELLS_MIN = 10


def topbar(
    crumbs: Sequence[str], status: str, link: tuple[str, str], clock: str, width: int
) -> Text:
    """Row 1: ``ScanFlow > place`` left; status, link and clock right, the least needed dropped."""
    left = " > ".join(("ScanFlow", *(part for part in crumbs if part)))
    parts = [(status, "plain"), link, (clock, "dim")]
    parts = [(text, tone) for text, tone in parts if text]
    room = max(width - 2, 0)
    for least in (clock, link[0] if link[1] == "dim" else "", status, link[0]):
        if cell_len(left) + 2 + _joined(parts) <= room:
            break
        parts = [part for part in parts if part[0] != least]
    missing = link[1] == "bad" and link not in parts
    if missing and (left_over := room - cell_len(left) - 3) >= LINK_CELLS_MIN:
        # That the session is out of reach is said, as far as there is room.
        parts = [(set_cell_size(link[0], left_over) + "…", "bad")]
    text = Text(" ", no_wrap=True, end="")
    shown_left = left if cell_len(left) <= room else set_cell_size(left, max(room - 1, 0)) + "…"
    head, _, tail = shown_left.rpartition(" > ")
    text.append(f"{head} > " if head else "", TONES["dim"])
    text.append(tail, TONES["strong"])
    text.append(" " * max(room - cell_len(shown_left) - _joined(parts), 0))
    for number, (part, tone) in enumerate(parts):
        text.append(" · " if number else "", TONES["dim"])
        text.append(part, TONES[tone])
    return text


def _joined(parts: Sequence[tuple[str, str]]) -> int:
    return sum(cell_len(text) for text, _ in parts) + 3 * max(len(parts) - 1, 0)


def footer_entries(actions: Sequence[Action], place: str) -> list[tuple[str, str]]:
    """(keys, word) of what works now, the most used first; equal words share an entry."""
    entries: list[tuple[str, str]] = []
    for action in sorted(actions, key=lambda action: -action.footer):
        if not action.footer:
            continue
        keys = action.keys
        key = key_words(keys) if len(keys) > 3 else shown(keys[0])
        if entries and entries[-1][1] == action.label:
            entries[-1] = (f"{entries[-1][0]} {key}", action.label)
        else:
            entries.append((key, action.label))
    return entries


KEPT = ("help", "all", "more", "more keys")
"""What leads to the other keys always stays."""


def footer(entries: Sequence[tuple[str, str]], width: int, *, skip: int = 0) -> Text:
    """The last row: as many entries as fit, and those that lead to all others."""
    text = Text(" ", no_wrap=True, end="")
    kept = (entry for entry in entries if entry[1] in KEPT)
    for key, word in (*_chosen(entries, width, skip), *kept):
        text.append(key, TONES["key"])
        text.append(f" {word}  ", TONES["dim"])
    text.rstrip()
    return text


def n_in_footer(entries: Sequence[tuple[str, str]], width: int, *, skip: int = 0) -> int:
    """How many entries the footer names, those left out that always stay."""
    return len(_chosen(entries, width, skip))


def _chosen(entries: Sequence[tuple[str, str]], width: int, skip: int) -> list[tuple[str, str]]:
    room = width + 1 - sum(_entry_width(entry) for entry in entries if entry[1] in KEPT)
    chosen = []
    for entry in [entry for entry in entries if entry[1] not in KEPT][skip:]:
        room -= _entry_width(entry)
        if room < 0:
            break
        chosen.append(entry)
    return chosen


def _entry_width(entry: tuple[str, str]) -> int:
    return cell_len(entry[0]) + cell_len(entry[1]) + 3
