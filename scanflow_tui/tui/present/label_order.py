"""In which order samples are offered, and which guesses stay hidden. Pure.

The annotator must not see which samples are the audit share: they show no guess, nor do some of the
others, drawn by their id; and all of those stand evenly among the rest, whatever the order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal, get_args

from scanflow_tui.contract.evidence import QueueEntry
from scanflow_tui.labels.assign import AGAIN, first_of, later

Order = Literal["typical", "error risk", "random", "class by class", "second look"]
ORDERS: tuple[Order, ...] = get_args(Order)
SAYS: dict[Order, str] = {
    "typical": "typical images first: the best use of few labels",
    "error risk": "likely errors first: for finding errors, not for repair",
    "random": "by chance",
    "class by class": "guesses of one class together",
    "second look": "disputed, or unlike others of the class",
}
BLIND_SHARE = 0.2
"""The share of repair samples that show no guess, so that an audit sample is one of many."""


def _chance(sample: str, purpose: str) -> float:
    """A number in 0..1 that only depends on the sample: the same on every screen and every day."""
    digest = hashlib.sha256(f"{purpose}:{sample}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def is_hidden(entry: QueueEntry) -> bool:
    """Whether a sample never shows its guess."""
    blind = _chance(entry.id.removesuffix(AGAIN), "blind")
    return entry.share == "audit" or blind < BLIND_SHARE


def arranged(entries: Sequence[QueueEntry], order: Order) -> tuple[QueueEntry, ...]:
    """The queue in an order; samples without a guess stand evenly among the others, those shown
    again far behind.
    """
    known = {entry.id for entry in entries}
    again = [entry for entry in entries if first_of(entry.id, known) != entry.id]
    if again:
        entries = [entry for entry in entries if first_of(entry.id, known) == entry.id]
    shown = [entry for entry in entries if not is_hidden(entry)]
    hidden = sorted(
        (entry for entry in entries if is_hidden(entry)),
        key=lambda entry: _chance(entry.id, "place"),
    )
    if order == "error risk":
        shown.sort(key=lambda entry: (-entry.risk, entry.confidence))
    elif order == "random":
        shown.sort(key=lambda entry: _chance(entry.id, "random"))
    elif order == "class by class":
        shown.sort(key=lambda entry: (entry.guess, -entry.confidence))
    places = [((at + 0.5) / len(shown), entry) for at, entry in enumerate(shown)]
    places += [
        ((at + _chance(entry.id, "jitter")) / len(hidden), entry) for at, entry in enumerate(hidden)
    ]
    places.sort(key=lambda place: place[0])
    return later([entry for _, entry in places], again)
