"""Leaving a label node and coming back, from any terminal: what is kept, and when it is worth an
event. Pure.

After a label the place follows from it; only where somebody moved on, or looks otherwise, is there
something to keep.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast, get_args

from scanflow_tui.contract.commands import KeepPlace
from scanflow_tui.images.adjust import CONTRASTS, ZOOMS, Adjustment, Contrast
from scanflow_tui.session.events import PlaceKept
from scanflow_tui.session.fold_labels import undoable
from scanflow_tui.session.state import LabelDesk, PlaceView
from scanflow_tui.tui.labelling.annotating import Annotating, judge
from scanflow_tui.tui.present.label_order import Order

Way = tuple[str, bool, bool, int, str, bool, bool, bool, bool]
"""Order, single, blind, zoom, contrast, inverted, judging, near, filtered."""

PLAIN: Way = ("typical", False, False, 0, "plain", False, False, False, False)


@dataclass(slots=True)
class Drafts:
    """Notes that are being written; ``sent`` is what the session knows of them."""

    texts: dict[str, str] = field(default_factory=dict)
    sent: dict[str, str] = field(default_factory=dict)

    def changed(self) -> tuple[str, str] | None:
        """A sample and its draft that the session does not know yet."""
        for sample in {*self.texts, *self.sent}:
            text = self.texts.get(sample, "")
            if text != self.sent.get(sample, ""):
                return sample, text
        return None

    def found(self, sample: str, draft: str) -> None:
        """The draft that the session has, or nothing: what becomes of it is worth an event."""
        if draft and sample not in self.texts:
            self.texts[sample] = self.sent[sample] = draft

    def typed(self, sample: str, text: str) -> None:
        """So far this is typed; nothing where it is no other note than the one that was given."""
        if text:
            self.texts[sample] = text
        else:
            self.texts.pop(sample, None)

    def given(self, sample: str) -> None:
        """The note was given, so its draft is none any more."""
        self.texts.pop(sample, None)
        self.sent.pop(sample, None)


def restore(work: Annotating, desk: LabelDesk, now_s: float) -> None:
    """Order, view and look as they were left, and the place."""
    place = desk.places.get(work.queue.actor)
    if place is not None:
        if place.order in get_args(Order):
            work.sort(cast("Order", place.order), now_s)
        work.single, work.blind = place.single, place.blind
        work.look = look_of(place)
        work.near, work.filtered = place.near, place.filtered
    work.go(_cursor(work, desk), now_s)
    if place is not None and place.judging and not judge(work, now_s):
        # Guesses that were judged since are not asked again, so the place may be gone.
        work.go(work.places.at(place.sample) or 0, now_s)


def look_of(place: PlaceView | PlaceKept) -> Adjustment:
    """How pictures were looked at there."""
    contrast: Contrast = "plain"
    for known in CONTRASTS:
        contrast = known if known == place.contrast else contrast
    return Adjustment(max(0, min(place.zoom, len(ZOOMS) - 1)), contrast, place.inverted)


def carry(before: Annotating, work: Annotating) -> None:
    """The queue was dealt anew: the image, and how it is looked at, stay as they are."""
    here, now_s = before.entry.id, before.since_s
    work.second = before.second
    work.sort(before.order, now_s)
    work.single, work.blind, work.look = before.single, before.blind, before.look
    work.near, work.filtered = before.near, before.filtered
    work.last, work.said_at_s = before.last, before.said_at_s
    work.go(work.places.at(here) or 0, now_s)
    if before.asked is not None and not judge(work, now_s):
        work.go(work.places.at(here) or 0, now_s)
    work.since_s = now_s


def to_keep(work: Annotating, desk: LabelDesk, drafts: Drafts) -> KeepPlace | None:
    """What to keep of where somebody is; None where the session knows it."""
    way, place, draft = _way(work), desk.places.get(work.queue.actor), drafts.changed()
    known = PLAIN
    if place is not None:
        known = (
            place.order, place.single, place.blind, place.zoom, place.contrast, place.inverted,
            place.judging, place.near, place.filtered,
        )  # fmt: skip
    is_away = work.asked is None and work.cursor != _cursor(work, desk)
    if way == known and not is_away and draft is None:
        return None
    order, single, blind, zoom, contrast, inverted, judging, near, filtered = way
    sample, text = draft or ("", "")
    return KeepPlace(
        work.queue.run, work.queue.node, work.entry.id, order, single, blind, zoom, contrast,
        inverted, sample, text, judging, near, filtered,
    )  # fmt: skip


def _way(work: Annotating) -> Way:
    look = work.look
    return (
        work.order, work.single, work.blind, look.zoom, look.contrast, look.inverted,
        work.asked is not None, work.near, work.filtered,
    )  # fmt: skip


def _cursor(work: Annotating, desk: LabelDesk) -> int:
    """Where somebody is who was kept at a place, or labelled since."""
    place, label = desk.places.get(work.queue.actor), undoable(desk, work.queue.actor)
    if place is not None and (label is None or label.seq < place.seq):
        at = work.places.at(place.sample)
        return work.next_open(-1) if at is None else at
    at = None if label is None else work.places.at(label.sample)
    return work.next_open(-1 if at is None else at)
