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
    "typical": "typical images first, best for few labels",
    "error risk": "likely errors first, not for repair",
    "random": "by chance",
    "class by class": "guesses of one class together",
    "second look": "disputed, or unlike its class",
}
BLIND_SHARE = 0.2
"""The share of repair samples that show no guess, so that an audit sample is one of many."""
_BLIND = int(BLIND_SHARE * 2**64).to_bytes(8, "big")


def _lot(sample: str, purpose: str) -> bytes:
    """What a sample drew, to be compared: the same on every screen and every day."""
    return hashlib.sha256(f"{purpose}:{sample}".encode()).digest()


def is_hidden(entry: QueueEntry) -> bool:
    """Whether a sample never shows its guess."""
    return entry.share == "audit" or _lot(entry.id.removesuffix(AGAIN), "blind") < _BLIND


def arranged(entries: Sequence[QueueEntry], order: Order) -> tuple[QueueEntry, ...]:
    """The queue in an order; samples without a guess stand evenly among the others, those shown
    again far behind.
    """
    again: list[QueueEntry] = []
    if any(entry.id.endswith(AGAIN) for entry in entries):
        known = {entry.id for entry in entries}
        again = [entry for entry in entries if first_of(entry.id, known) != entry.id]
        entries = [entry for entry in entries if first_of(entry.id, known) == entry.id]
    shown: list[QueueEntry] = []
    hidden: list[QueueEntry] = []
    for entry in entries:
        (hidden if is_hidden(entry) else shown).append(entry)
    hidden.sort(key=lambda entry: _lot(entry.id, "place"))
    if order == "error risk":
        shown.sort(key=lambda entry: (-entry.risk, entry.confidence))
    elif order == "random":
        shown.sort(key=lambda entry: _lot(entry.id, "random"))
    elif order == "class by class":
        shown.sort(key=lambda entry: (entry.guess, -entry.confidence))
    return later(_spread(shown, hidden), again)


def _spread(shown: Sequence[QueueEntry], hidden: Sequence[QueueEntry]) -> list[QueueEntry]:
    """The shown ones at even places, each hidden one somewhere in its part of the queue."""
    placed: list[QueueEntry] = []
    n_placed = 0
    n_shown, n_hidden = len(shown), len(hidden)
    for at, entry in enumerate(hidden):
        jitter = int.from_bytes(_lot(entry.id, "jitter")[:8], "big") / 2**64
        place = (at + jitter) / n_hidden
        # The k-th of those shown stands at (k + 1/2) / n; so many stand at or before this place.
        n_before = int(place * n_shown + 0.5)
        if n_before > n_placed:
            placed += shown[n_placed:n_before]
            n_placed = n_before
        placed.append(entry)
    placed += shown[n_placed:]
    return placed
