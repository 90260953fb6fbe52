"""An annotator at work: where they are in the queue, how they look at it, and what their keys do.

Pure: time comes in as an argument, commands go into the queue. The screen keeps one of these for
each label node and draws it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from scanflow_tui.contract.evidence import LabelKind, QueueEntry
from scanflow_tui.images.adjust import Adjustment
from scanflow_tui.tui.labelling.queue import LabelQueue, Word, is_full
from scanflow_tui.tui.labelling.tally import Places
from scanflow_tui.tui.labelling.verifying import Asked, asked
from scanflow_tui.tui.labelling.witness import NOTHING, Shown
from scanflow_tui.tui.present.class_keys import ClassKeys
from scanflow_tui.tui.present.label import Layout
from scanflow_tui.tui.present.label_order import Order, arranged, is_hidden

FULL = "too many labels wait for the supervisor: let it catch up first"
AFTER = "after the filter"
NO_GUESS = "no guess is shown for this image: press its class key"
REFUSED = "you said no to this guess: press the image's class key"
NOTHING_TO_JUDGE = "no guess that is shown waits to be judged"


@dataclass(slots=True)
class Annotating:
    """``cursor`` is a place in ``entries``, ``since_s`` when its image came on screen.

    ``key`` is what was pressed, ``witness`` says what is on screen of a sample. ``asked`` are the
    guesses to judge, where that is the mode.
    """

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
    key: str = ""
    witness: Callable[[QueueEntry], Shown] = lambda entry: NOTHING
    asked: Asked | None = None
    second: tuple[str, ...] = ()
    """The samples to look at again, in that order of the queue."""
    filtered: bool = False
    """Whether the images are shown as the filter leaves them."""

    replayed: bool = False
    """Whether what others did, or oneself, is only looked at."""

    then: str = ""
    """In a replay, what was on screen with the label that was given last, on the sample below."""

    then_of: str = ""

    guest: bool = False
    """Whether the owner is somebody else, who alone finishes."""

    near: bool = False
    """Whether the training images most like it stand beside a single image."""

    _places: Places | None = None

    def __post_init__(self) -> None:
        self.entries = arranged(tuple(self.queue.entries.values()), self.order)
        self.cursor = self.next_open(-1)

    @property
    def entry(self) -> QueueEntry:
        """The sample under the cursor."""
        return self.entries[self.cursor]

    def is_hidden(self, entry: QueueEntry) -> bool:
        """Whether the guess of a sample is not shown."""
        return self.blind or self.order == "second look" or is_hidden(entry)

    def page_first(self, layout: Layout) -> int:
        """The first place of the page that the cursor is on."""
        if self.asked is not None:
            return self.asked.page_first(self.cursor, layout.page)
        return self.cursor - self.cursor % layout.page

    def page(self, layout: Layout) -> tuple[QueueEntry, ...]:
        """The entries on the page that the cursor is on; of one guess where guesses are judged."""
        first = self.page_first(layout)
        if self.asked is not None:
            return self.entries[first : self.asked.page_end(self.cursor, layout.page)]
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
        if self.asked is not None and direction.startswith("page"):
            after = self.asked.page_end(self.cursor, layout.page)
            target = after if direction == "page_down" else self.page_first(layout) - 1
        if direction in ("up", "down") and not 0 <= target < len(self.entries):
            return
        self.go(target, now_s)

    def sort(self, order: Order, now_s: float) -> None:
        """Another order of the whole queue; the image under the cursor stays under it."""
        here = self.entry.id
        looked = [self.queue.entries[name] for name in self.second if name in self.queue.entries]
        if order == "second look" and not looked:
            order = "typical"
        self.order, self.asked = order, None
        entries = tuple(looked) if order == "second look" else tuple(self.queue.entries.values())
        self.entries = entries if order == "second look" else arranged(entries, order)
        # What is looked at again is looked at from the first on.
        self.cursor = 0 if order == "second look" else self.places.at(here) or 0

    def say(self, kind: LabelKind, value: int | None, now_s: float) -> str:
        """Label the image under the cursor and move on; a sentence where that was not possible."""
        if not self._give(self.entry, kind, value, now_s):
            return FULL
        self.go(self.next_open(self.cursor), now_s)
        return judged(self, now_s)

    def accept(self, now_s: float) -> str:
        """Label with the guess, where one is shown."""
        if self.is_hidden(self.entry):
            return NO_GUESS
        word = self.queue.word(self.entry.id)
        if word is not None and (word.kind, word.value) == ("rejected", self.entry.guess):
            return REFUSED
        return self.say("class", self.entry.guess, now_s)

    def undo(self, now_s: float) -> str:
        """Take the last label back and go to its image."""
        sample = self.queue.undo()
        if sample is None:
            return FULL if is_full(self.queue) else "nothing to undo"
        self._go_to(sample, now_s)
        return ""

    def redo(self, now_s: float) -> str:
        """Give the label again that was taken back, and go to its image."""
        sample = self.queue.redo(order=self.order, shown=Shown(key=self.key))
        if sample is None:
            return FULL if is_full(self.queue) else "nothing to redo"
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
        self.go(self.next_open(self.cursor), now_s)
        return judged(self, now_s)

    def unmark(self, layout: Layout) -> bool:
        """Frame nothing any more where a framed tile is not on the page; whether that was so."""
        if self.marked <= {entry.id for entry in self.page(layout)}:
            return False
        self.marked = frozenset()
        return True

    def answer_marked(self, key: str, now_s: float) -> str:
        """The page that was framed: ``a`` accepts it, any other key does not."""
        entries = tuple(entry for entry in self.entries if entry.id in self.marked)
        self.marked = frozenset()
        return self.accept_all(entries, now_s) if key == "a" else "nothing was accepted"

    def _give(self, entry: QueueEntry, kind: LabelKind, value: int | None, now_s: float) -> bool:
        given = self.queue.give(
            entry.id,
            kind,
            value,
            ms=int(max(0.0, now_s - self.since_s) * 1000),
            guess_shown=not self.is_hidden(entry),
            order=self.order if self.asked is None else "class by class",
            shown=self.witness(entry),
        )
        if given:
            self.last = entry.id
            self.said_at_s.append(now_s)
            del self.said_at_s[:-64]
        return given

    def next_open(self, after: int) -> int:
        """The next place that asks for a word after one, from the start again; else where it is."""
        if self.order == "second look":
            # Everything here has a word: it is looked at one by one.
            return min(after + 1, len(self.entries) - 1)
        found = self.places.next_open(after)
        return max(0, min(after, len(self.entries) - 1)) if found is None else found

    @property
    def places(self) -> Places:
        """Where each sample stands now."""
        made, judging = self._places, self.asked is not None
        if made is None or made.entries is not self.entries or made.judging != judging:
            made = Places(self.entries, self.queue.tally, judging=judging)
            self._places = made
        return made

    def _go_to(self, sample: str, now_s: float) -> None:
        at = self.places.at(sample)
        if at is not None:
            self.go(at, now_s)
        elif self.asked is not None:
            self.sort(self.order, now_s)
            self._go_to(sample, now_s)


def looks(work: Annotating) -> str:
    """How the picture on screen differs from the image itself, in words."""
    after = AFTER if work.filtered else ""
    return " · ".join(part for part in (work.look.words(), after) if part)


def word_shown(work: Annotating, entry: QueueEntry) -> Word | None:
    """What stands on a sample; of other annotators only where its guess is not hidden either, or
    where nobody labels.
    """
    word = work.queue.word(entry.id)
    is_mine = word is not None and word.by == work.queue.actor
    if not is_mine and work.is_hidden(entry) and not work.replayed:
        return None
    return word


def reject(work: Annotating, now_s: float) -> str:
    """Say no to the guess, where one is shown; the class is asked later."""
    if work.is_hidden(work.entry):
        return NO_GUESS
    return work.say("rejected", work.entry.guess, now_s)


def judge(work: Annotating, now_s: float) -> str:
    """Judge guesses, those of one class together; or go back to the whole queue."""
    if work.asked is not None:
        work.sort(work.order, now_s)
        return "back to the class keys"
    waits = asked(
        work.entries, lambda entry: not work.is_hidden(entry) and work.queue.word(entry.id) is None
    )
    if not waits.entries:
        return NOTHING_TO_JUDGE
    work.asked, work.entries, work.cursor, work.since_s = waits, waits.entries, 0, now_s
    return ""


def judged(work: Annotating, now_s: float) -> str:
    """Back to the whole queue once every guess that was to be judged has a word."""
    if work.asked is None or work.queue.word(work.entry.id) is None:
        return ""
    words = [work.queue.word(entry.id) for entry in work.asked.entries]
    n = sum(word is not None and word.kind == "rejected" for word in words)
    work.sort(work.order, now_s)
    work.go(work.next_open(-1), now_s)
    wait = f"{n} rejected ask for their class" if n else "none was rejected"
    return f"every guess shown was judged: {wait}"


def _looked(change: Callable[[Adjustment], Adjustment]) -> Callable[[Annotating, float], str]:
    def does(work: Annotating, now_s: float) -> str:
        work.look = change(work.look)
        return f"picture: {work.look.words() or 'plain'}"

    return does


def _blind(work: Annotating, now_s: float) -> str:
    work.blind = not work.blind
    return "guesses are hidden" if work.blind else "guesses are shown"


def _filtered(work: Annotating, now_s: float) -> str:
    work.filtered = not work.filtered
    return "after the filter: f shows the image itself" if work.filtered else "the image itself"


def _nearest(work: Annotating, now_s: float) -> str:
    work.near = not work.near
    if work.near and not work.single:
        return "the training images most like it stand beside a single image: enter"
    return ""


DOES: dict[str, Callable[[Annotating, float], str]] = {
    "accept": Annotating.accept,
    "reject": reject,
    "judge": judge,
    "undo": Annotating.undo,
    "redo": Annotating.redo,
    "skip": lambda work, now_s: work.say("skip", None, now_s),
    "unsure": lambda work, now_s: work.say("unsure", None, now_s),
    "invalid": lambda work, now_s: work.say("invalid", None, now_s),
    "blind": _blind,
    "zoom_smaller": _looked(lambda look: look.zoomed(-1)),
    "zoom_larger": _looked(lambda look: look.zoomed(1)),
    "filtered": _filtered,
    "nearest": _nearest,
    "contrast": _looked(Adjustment.next_contrast),
    "invert": _looked(Adjustment.flipped),
}
"""What an action does at once; a sentence where there is something to say."""
