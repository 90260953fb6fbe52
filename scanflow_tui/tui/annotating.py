"""An annotator at work: where they are in the queue, how they look at it, and what their keys do.

Pure: time comes in as an argument, commands go into the queue. The screen keeps one of these for
each label node and draws it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from scanflow_tui.contract.evidence import LabelKind, QueueEntry
from scanflow_tui.images.adjust import Adjustment
from scanflow_tui.tui.label_queue import LabelQueue
from scanflow_tui.tui.present.class_keys import ClassKeys
from scanflow_tui.tui.present.label import Layout
from scanflow_tui.tui.present.label_order import Order, arranged, is_hidden

FULL = "too many labels wait for the supervisor: let it catch up first"


@dataclass(slots=True)
class Annotating:
    """``cursor`` is a place in ``entries``, ``since_s`` when its image came on screen."""

    queue: LabelQueue
    keys: ClassKeys
    order: Order = "typical"
    single: bool = False
    blind: bool = False
    look: Adjustment = field(default_factory=Adjustment)
    entries: tuple[QueueEntry, ...] = ()
    cursor: int = 0
    since_s: float = 0.0
    strokes: str = ""
    said_at_s: list[float] = field(default_factory=list)
    marked: frozenset[str] = frozenset()
    last: str = ""

    def __post_init__(self) -> None:
        self.entries = arranged(tuple(self.queue.entries.values()), self.order)
        self.cursor = self._next_open(-1)

    @property
    def entry(self) -> QueueEntry:
        """The sample under the cursor."""
        return self.entries[self.cursor]

    def is_hidden(self, entry: QueueEntry) -> bool:
        """Whether the guess of a sample is not shown."""
        return self.blind or is_hidden(entry)

    def page(self, layout: Layout) -> tuple[QueueEntry, ...]:
        """The entries on the page that the cursor is on."""
        first = self.cursor - self.cursor % layout.page
        return self.entries[first : first + layout.page]

    def go(self, cursor: int, now_s: float) -> None:
        """Put the cursor somewhere; the clock of the image begins anew if it is another one."""
        cursor = max(0, min(cursor, len(self.entries) - 1))
        if cursor != self.cursor:
            self.cursor, self.since_s = cursor, now_s

    def move(self, direction: str, layout: Layout, now_s: float) -> None:
        """One of up, down, left, right, page_up, page_down, first, last."""
        step = {
            "left": -1,
            "right": 1,
            "up": -layout.columns,
            "down": layout.columns,
            "page_up": -layout.page,
            "page_down": layout.page,
            "first": -len(self.entries),
            "last": len(self.entries),
        }[direction]
        target = self.cursor + step
        if direction in ("up", "down") and not 0 <= target < len(self.entries):
            return
        self.go(target, now_s)

    def sort(self, order: Order, now_s: float) -> None:
        """Another order; the image under the cursor stays under it."""
        here = self.entry.id
        self.order = order
        self.entries = arranged(tuple(self.queue.entries.values()), order)
        ids = [entry.id for entry in self.entries]
        self.cursor = ids.index(here)

    def say(self, kind: LabelKind, value: int | None, now_s: float) -> str:
        """Label the image under the cursor and move on; a sentence where that was not possible."""
        if not self._give(self.entry, kind, value, now_s):
            return FULL
        self.go(self._next_open(self.cursor), now_s)
        return ""

    def accept(self, now_s: float) -> str:
        """Label with the guess, where one is shown."""
        if self.is_hidden(self.entry):
            return "no guess is shown for this image: press its class key"
        return self.say("class", self.entry.guess, now_s)

    def undo(self, now_s: float) -> str:
        """Take the last label back and go to its image."""
        sample = self.queue.undo()
        if sample is None:
            return "nothing to undo"
        self._go_to(sample, now_s)
        return ""

    def redo(self, now_s: float) -> str:
        """Give the label again that was taken back, and go to its image."""
        sample = self.queue.redo(order=self.order)
        if sample is None:
            return "nothing to redo"
        self._go_to(sample, now_s)
        return ""

    def acceptable(self, layout: Layout) -> tuple[QueueEntry, ...]:
        """The tiles of the page that show a guess and have no label."""
        return tuple(
            entry
            for entry in self.page(layout)
            if not self.is_hidden(entry) and self.queue.word(entry.id) is None
        )

    def accept_all(self, entries: tuple[QueueEntry, ...], now_s: float) -> str:
        """Label these with their guesses, then move on."""
        for entry in entries:
            if not self._give(entry, "class", entry.guess, now_s):
                return FULL
        self.go(self._next_open(self.cursor), now_s)
        return ""

    def answer_marked(self, key: str, now_s: float) -> str:
        """The page that was framed: ``a`` accepts it, any other key does not."""
        entries = tuple(entry for entry in self.entries if entry.id in self.marked)
        self.marked = frozenset()
        return self.accept_all(entries, now_s) if key == "a" else "nothing was accepted"

    def _give(self, entry: QueueEntry, kind: LabelKind, value: int | None, now_s: float) -> bool:
        order = f"{self.order} · {self.look.words()}" if self.look.words() else self.order
        given = self.queue.give(
            entry.id,
            kind,
            value,
            ms=int(max(0.0, now_s - self.since_s) * 1000),
            guess_shown=not self.is_hidden(entry),
            order=order,
        )
        if given:
            self.last = entry.id
            self.said_at_s.append(now_s)
            del self.said_at_s[:-64]
        return given

    def _next_open(self, after: int) -> int:
        """The next place without a word after one, from the start again; else where it is."""
        n = len(self.entries)
        for step in range(1, n + 1):
            at = (after + step) % n
            if self.queue.word(self.entries[at].id) is None:
                return at
        return max(0, min(after, n - 1))

    def _go_to(self, sample: str, now_s: float) -> None:
        for at, entry in enumerate(self.entries):
            if entry.id == sample:
                self.go(at, now_s)
                return


def _looked(change: Callable[[Adjustment], Adjustment]) -> Callable[[Annotating, float], str]:
    def does(work: Annotating, now_s: float) -> str:
        work.look = change(work.look)
        return f"picture: {work.look.words() or 'plain'}"

    return does


def _blind(work: Annotating, now_s: float) -> str:
    work.blind = not work.blind
    return "guesses are hidden" if work.blind else "guesses are shown"


DOES: dict[str, Callable[[Annotating, float], str]] = {
    "accept": Annotating.accept,
    "undo": Annotating.undo,
    "redo": Annotating.redo,
    "skip": lambda work, now_s: work.say("skip", None, now_s),
    "unsure": lambda work, now_s: work.say("unsure", None, now_s),
    "invalid": lambda work, now_s: work.say("invalid", None, now_s),
    "blind": _blind,
    "zoom_smaller": _looked(lambda look: look.zoomed(-1)),
    "zoom_larger": _looked(lambda look: look.zoomed(1)),
    "contrast": _looked(Adjustment.next_contrast),
    "invert": _looked(Adjustment.flipped),
}
"""What an action does at once; a sentence where there is something to say."""
