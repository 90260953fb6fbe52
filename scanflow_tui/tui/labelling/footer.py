"""The Label screen's last row: the keys in force. Letters give way where they are classes.

Made anew only where what it hangs on is another: every key asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from scanflow_tui.tui import doing, keys
from scanflow_tui.tui.present import chrome
from scanflow_tui.tui.present import label_judge as judge
from scanflow_tui.tui.present.class_keys import MOVED

if TYPE_CHECKING:
    from scanflow_tui.tui.labelling.annotating import Annotating
    from scanflow_tui.tui.screens.label import LabelScreen

STEP = 6
KEPT = 16


class LabelFooter:
    """One for a screen; ``more`` turns to the keys for which there was no room."""

    def __init__(self, screen: LabelScreen) -> None:
        self._screen = screen
        self._skip = 0
        self._made: dict[tuple[object, ...], Text] = {}

    def more(self) -> None:
        """The next keys."""
        self._skip += STEP

    def text(self, width: int) -> Text:
        """The row."""
        screen, bench = self._screen, self._screen.bench
        work = bench.open_work
        if work is None or screen.scanflow.transport is not None:
            return self._text(width, work)
        entry = work.entry
        hangs_on = (
            id(work), width, screen.app.size.height, work.asked is None, work.is_hidden(entry),
            bool(entry.near), bench.mates.is_guest, screen.known.writable, self._skip,
            len(screen.app.screen_stack), bench.why_not_filtered(), work.single,
            bool(bench.guidelines or bench.examples()),
        )  # fmt: skip
        made = self._made.get(hangs_on)
        if made is None:
            if len(self._made) >= KEPT:
                self._made.clear()
            made = self._made[hangs_on] = self._text(width, work)
        return made

    def _text(self, width: int, work: Annotating | None) -> Text:
        screen = self._screen
        if work is None:
            others = [a for a in keys.GO if a.id != "go_decide" and not doing.why_not(screen, a)]
            entries = [("enter", "evidence"), *chrome.footer_entries(others, screen.place)]
            if not doing.why_not(screen, keys.by_id("reopen")):
                entries.insert(1, ("R", "label on"))
            if doing.replays(screen):
                entries = [*chrome.footer_entries(keys.TRANSPORT, screen.place), *entries]
            entries += [("esc", "back"), ("?", "help"), ("ctrl+p", "all")]
            return chrome.footer(entries, width)
        if work.asked is not None:
            entries = [*judge.key_words(work.keys), ("tab", "more keys"), ("?", "help")]
            entries += [("esc", "back"), ("ctrl+p", "all")]
        elif work.keys.letters_are_classes:
            entries = [("space", "accept guess"), ("-", "reject guess")]
            entries += [(key, keys.by_id(act).label) for key, act in MOVED.items()]
            entries += [("enter", "single or grid"), ("/", "class by name"), ("F", "finish")]
            entries += [("A", "accept page"), ("V", "judge guesses")]
            entries += [("tab", "more keys"), ("?", "help")]
            entries.append(("ctrl+p", "all"))
        else:
            offered = doing.working(screen) if doing.replays(screen) else screen.actions()
            works = [a for a in offered if a.footer and a.id != "replay"]
            entries = chrome.footer_entries(works, screen.place)
        if self._skip >= len(entries) - 4:
            self._skip = 0
        return chrome.footer(entries, width, skip=self._skip)
