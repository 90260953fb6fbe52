"""The Label screen's keys: what the lines under the pictures have room to name, and in the last
row the others. Letters give way where they are classes.

The row is made anew only where what it hangs on is another: every key asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from scanflow_tui.tui import doing, keys
from scanflow_tui.tui.present import chrome
from scanflow_tui.tui.present import label as show
from scanflow_tui.tui.present import label_judge as judge
from scanflow_tui.tui.present.class_keys import MOVED

if TYPE_CHECKING:
    from scanflow_tui.tui.labelling.annotating import Annotating
    from scanflow_tui.tui.screens.label import LabelScreen

Entries = tuple[tuple[str, str], ...]

NARROW = 72
KEPT = 16
LEADING = ("help", "palette", "back", "leave", "more", "reopen", "replay")
"""They lead on or out, or work only where nothing is to be labelled."""

HELP, ALL, BACK = ("?", "help"), ("ctrl+p", "all"), ("esc", "back")


class LabelFooter:
    """One for a screen; ``more`` turns to the keys for which there was no room.

    ``n_named`` of the entries stand in the lines above.
    """

    def __init__(self, screen: LabelScreen) -> None:
        self.n_named = 0
        self._screen = screen
        self._skip = 0
        self._step = 1
        self._made: dict[tuple[object, ...], tuple[Text, int]] = {}
        self._entries: tuple[tuple[object, ...], Entries] = ((), ())

    def more(self) -> None:
        """The next keys."""
        self._skip += self._step

    def entries(self, work: Annotating) -> Entries:
        """Every key that is in force beside the classes', the most used first."""
        screen, bench = self._screen, self._screen.bench
        if screen.scanflow.transport is not None:
            return ()
        has_guide = bool(bench.guidelines or bench.examples())
        absent = {
            "finish": bench.mates.is_guest,
            "filtered": bool(bench.why_not_filtered()),
            "guide": not has_guide,
        }
        hangs_on = (work.asked is None, work.keys.letters_are_classes, *absent.values())
        if hangs_on != self._entries[0]:
            left_out = {*LEADING, *(name for name, is_so in absent.items() if is_so)}
            self._entries = (hangs_on, _entries(work, left_out))
        return self._entries[1]

    def text(self, width: int) -> Text:
        """The row."""
        screen = self._screen
        work = screen.bench.open_work
        if work is None or screen.scanflow.transport is not None:
            return self._elsewhere(width, work)
        size = screen.app.size
        entries: Entries = () if show.too_small(*size) else self.entries(work)[self.n_named :]
        hangs_on = (entries, width, self._skip)
        made = self._made.get(hangs_on)
        if made is None:
            if len(self._made) >= KEPT:
                self._made.clear()
            made = self._made[hangs_on] = self._row((*entries, BACK), width)
        self._step = made[1]
        return made[0]

    def _row(self, entries: Entries, width: int) -> tuple[Text, int]:
        """The row, and how many keys ``more`` turns on."""
        kept: Entries = (HELP, ALL)
        if chrome.n_in_footer((*entries, *kept), width) < len(entries) > 1:
            kept = (("tab", "more keys"), HELP, ALL) if width >= NARROW else (("tab", "more"), HELP)
        if self._skip >= len(entries):
            self._skip = 0
        step = chrome.n_in_footer((*entries, *kept), width, skip=self._skip)
        return chrome.footer((*entries, *kept), width, skip=self._skip), max(step, 1)

    def _elsewhere(self, width: int, work: Annotating | None) -> Text:
        """The row in a replay, and where nothing is to be labelled."""
        screen = self._screen
        if work is not None:
            works = [a for a in doing.working(screen) if a.footer and a.id != "replay"]
            entries = chrome.footer_entries(works, screen.place)
            self._step = 6
            if self._skip >= len(entries) - 4:
                self._skip = 0
            return chrome.footer(entries, width, skip=self._skip)
        others = [a for a in keys.GO if a.id != "go_decide" and not doing.why_not(screen, a)]
        entries = [("enter", "evidence"), *chrome.footer_entries(others, screen.place)]
        if not doing.why_not(screen, keys.by_id("reopen")):
            entries.insert(1, ("R", "label on"))
        if doing.replays(screen):
            entries = [*chrome.footer_entries(keys.TRANSPORT, screen.place), *entries]
        return chrome.footer([*entries, BACK, HELP, ALL], width)


def _entries(work: Annotating, left_out: set[str]) -> Entries:
    if work.asked is not None:
        return judge.key_words(work.keys)
    offered = [a for a in keys.actions_of("label") if a.footer and a.id not in left_out]
    if not work.keys.letters_are_classes:
        return tuple(chrome.footer_entries(offered, "label"))
    moved = {act: key for key, act in MOVED.items()} | {"judge": "V"}
    named = [
        (moved.get(action.id, keys.shown(action.keys[0])), action.label)
        for action in sorted(offered, key=lambda action: -action.footer)
    ]
    # A letter that is a class has no other meaning.
    return tuple((key, word) for key, word in named if not (key.islower() and len(key) == 1))
