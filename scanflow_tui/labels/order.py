"""In which order a queue is shown. Standard library only: a screen calls it before numpy is in.

Audit samples are spread among the repair ones at random places, so that neither their place nor the
order's rule tells them apart, and so that a queue left half-way has lost a random part of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Literal

from scanflow_tui.contract.evidence import QueueEntry

Order = Literal["typical", "error risk", "random", "class by class"]
ORDERS: tuple[Order, ...] = ("typical", "error risk", "random", "class by class")


def ordered(queue: Sequence[QueueEntry], order: Order, seed: int = 0) -> tuple[QueueEntry, ...]:
    """The whole queue in this order; the same for the same queue, order and seed.

    ``typical`` keeps the order in which ``build_queue`` wrote the repair samples.
    """
    repair = [entry for entry in queue if entry.share == "repair"]
    audit = [entry for entry in queue if entry.share == "audit"]
    keys: dict[Order, Callable[[QueueEntry], float]] = {
        "typical": lambda entry: 0,
        "error risk": lambda entry: -entry.risk,
        "random": lambda entry: chance(entry.id, f"{seed} random"),
        "class by class": lambda entry: entry.guess,
    }
    return mixed(sorted(repair, key=keys[order]), audit, seed=seed)


def mixed(
    repair: Sequence[QueueEntry], audit: Sequence[QueueEntry], *, seed: int
) -> tuple[QueueEntry, ...]:
    """The repair samples in their order, each audit sample at a random place among them."""
    placed = [((place + 0.5) / len(repair), entry) for place, entry in enumerate(repair)]
    placed += [(chance(entry.id, f"{seed} place"), entry) for entry in audit]
    return tuple(entry for _, entry in sorted(placed, key=lambda pair: (pair[0], pair[1].id)))


def chance(name: str, salt: str) -> float:
    """A number in [0, 1) that looks random and is always the same for this name and salt."""
    return int.from_bytes(sha256(f"{salt} {name}".encode()).digest()[:8], "big") / 2**64
