"""A replay of labelling: each event goes to its image, and shows it as it was shown then. Pure.

The page is laid out for the terminal at hand; order, view, guess and look are the recorded ones.
"""

from __future__ import annotations

from itertools import product
from typing import cast, get_args

from scanflow_tui.images.adjust import CONTRASTS, ZOOMS, Adjustment
from scanflow_tui.labels.assign import first_of
from scanflow_tui.session.events import (
    Event,
    LabelGiven,
    LabelImported,
    LabelUndone,
    NoteImported,
    NoteWritten,
    PlaceKept,
)
from scanflow_tui.session.fold_labels import SECOND_LOOK, shown_words
from scanflow_tui.tui.labelling.annotating import AFTER, Annotating
from scanflow_tui.tui.labelling.coming_back import look_of
from scanflow_tui.tui.present.label_order import Order, is_hidden

OF_A_SAMPLE = (LabelGiven, LabelImported, LabelUndone, NoteImported, NoteWritten, PlaceKept)
LOOKS = {
    look.words(): look
    for look in (
        Adjustment(zoom, contrast, inverted)
        for zoom, contrast, inverted in product(range(len(ZOOMS)), CONTRASTS, (False, True))
    )
}


def retrace(work: Annotating, event: Event, now_s: float, *, may_filter: bool) -> bool:
    """Show what an event at this label node was about; False where it was about no sample."""
    fact = event.fact
    if not isinstance(fact, OF_A_SAMPLE):
        return False
    if (fact.run, fact.node) != (work.queue.run, work.queue.node):
        return False
    sample = first_of(fact.sample, work.queue.entries)
    if sample not in work.queue.entries:
        return False
    by = "" if event.actor == work.queue.actor else f" · by {event.actor.removeprefix('human:')}"
    work.then, work.then_of = f"{_told(fact)}{by}", sample
    if isinstance(fact, LabelGiven) and fact.view:
        order, single, hides = fact.order, fact.view.endswith("single"), not fact.guess_shown
        work.blind = hides and not is_hidden(work.queue.entries[sample])
        _show(work, order, now_s, single=single, look=fact.look, may_filter=may_filter)
    elif isinstance(fact, PlaceKept):
        work.blind = fact.blind
        _show(work, fact.order, now_s, single=fact.single, look="", may_filter=may_filter)
        work.look = look_of(fact)
    at = work.places.at(sample)
    if at is not None:
        work.go(at, now_s)
    return True


def _show(
    work: Annotating, order: str, now_s: float, *, single: bool, look: str, may_filter: bool
) -> None:
    # Which samples were looked at again is not recorded: their order follows from all words.
    if order in get_args(Order) and order not in (work.order, SECOND_LOOK):
        work.sort(cast("Order", order), now_s)
    work.single = single
    work.filtered = may_filter and look.endswith(AFTER)
    work.look = LOOKS.get(look.removesuffix(AFTER).removesuffix(" · "), Adjustment())


def _told(fact: object) -> str:
    if isinstance(fact, LabelGiven):
        words = shown_words(fact)
        return f"{fact.ms / 1000:.1f} s on screen · {words}" if words else "no screen was recorded"
    if isinstance(fact, LabelImported):
        return "a file says so"
    if isinstance(fact, LabelUndone):
        return "this label was taken back"
    return "the place was kept" if isinstance(fact, PlaceKept) else "a note was written"
