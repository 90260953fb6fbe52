"""Which part of a queue each annotator is given, and which samples they see twice. Pure.

Standard library only: a screen calls it before numpy is in. Shares are dealt alike, so the audit
share of each part is a random part of the whole one; nothing in a part tells which samples are it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil

from scanflow_tui.contract.evidence import QueueEntry
from scanflow_tui.labels.order import chance

AGAIN = "~2"
"""Ends the name under which a sample is shown again, so that the second word stands by itself."""
OVERLAP = 0.2
REPEATS = 0.05
"""Shares in force where several people label and the pipeline says nothing."""
GAP = 10
"""At least so many samples lie between the two showings, where the queue is long enough."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one person is asked: ``entries`` in the queue's order, then those shown again.

    ``mine`` are the samples that need their own word, whatever others said.
    """

    entries: tuple[QueueEntry, ...]
    mine: frozenset[str]


def part_of(
    queue: Sequence[QueueEntry],
    annotators: Sequence[str],
    me: str,
    *,
    overlap: float | None = None,
    repeats: float | None = None,
    said: Mapping[str, Collection[str]] | None = None,
) -> Part:
    """The part of ``me``, always the same for the same arguments.

    ``annotators`` are those who took part beside the owner. Who is none of them is the owner, has
    the whole queue, and sees no sample twice unless the pipeline says how many. ``said`` names by
    sample who spoke already: what others began is left to them when the queue is dealt anew.
    """
    if me not in annotators:
        shared = overlap_of(queue, share_of(overlap, OVERLAP)) if annotators else frozenset()
        again = repeated(queue, me, repeats or 0.0)
        return Part((*queue, *again), shared | {entry.id for entry in again})
    shared = overlap_of(queue, share_of(overlap, OVERLAP))
    dealt = deal([entry for entry in queue if entry.id not in shared], annotators)
    spoke = said or {}
    entries = [
        entry
        for entry in queue
        if entry.id in shared or _is_mine(entry.id, me, spoke.get(entry.id, ()), dealt)
    ]
    again = repeated(entries, me, share_of(repeats, REPEATS))
    return Part((*entries, *again), frozenset(entry.id for entry in (*entries, *again)))


def share_of(said: float | None, default: float) -> float:
    """A share as the pipeline says it, else the default."""
    return default if said is None else said


def overlap_of(queue: Sequence[QueueEntry], share: float) -> frozenset[str]:
    """The samples that everybody is asked about, drawn by chance, alike from both shares."""
    found: set[str] = set()
    for kind in ("repair", "audit"):
        ids = sorted(
            (entry.id for entry in queue if entry.share == kind),
            key=lambda sample: chance(sample, "overlap"),
        )
        found.update(ids[: round(share * len(ids))])
    return frozenset(found)


def deal(queue: Sequence[QueueEntry], annotators: Sequence[str]) -> dict[str, str]:
    """Each sample's annotator: even numbers of each share, and few move when somebody joins.

    Rendezvous hashing with bounded loads: Thaler and Ravishankar 1998; Mirrokni, Thorup,
    Zadimoghaddam 2018.
    """
    owner: dict[str, str] = {}
    for kind in ("repair", "audit"):
        ids = [entry.id for entry in queue if entry.share == kind]
        room = dict.fromkeys(sorted(annotators), ceil(len(ids) / max(1, len(annotators))))
        for sample in sorted(ids, key=lambda sample: chance(sample, "deal")):
            free = [name for name, left in room.items() if left > 0]
            chosen = max(free, key=lambda name: chance(sample, f"deal {name}"))
            owner[sample] = chosen
            room[chosen] -= 1
    return owner


def repeated(queue: Sequence[QueueEntry], me: str, share: float) -> tuple[QueueEntry, ...]:
    """The entries that this person is shown again, under another name; drawn by chance."""
    if share <= 0:
        return ()
    found = sorted(queue, key=lambda entry: chance(entry.id, f"again {me}"))
    known = {entry.id for entry in queue}
    again = [replace(entry, id=entry.id + AGAIN) for entry in found[: ceil(share * len(queue))]]
    return tuple(entry for entry in again if entry.id not in known)


def first_of(sample: str, known: Collection[str]) -> str:
    """The name of a sample that may be a second showing, as the queue knows it."""
    base = sample.removesuffix(AGAIN)
    return base if sample not in known and base in known else sample


def later(ordered: Sequence[QueueEntry], again: Sequence[QueueEntry]) -> tuple[QueueEntry, ...]:
    """The queue in its order, with the second showings far behind the first ones.

    A sample that stands too late to be shown again far enough behind is shown earlier first.
    """
    if not again:
        return tuple(ordered)
    ids = {entry.id for entry in again}
    n = len(ordered)
    placed: list[tuple[float, str, QueueEntry]] = []
    for at, entry in enumerate(ordered):
        place = float(at)
        if entry.id + AGAIN in ids and at > n / 2:
            place = chance(entry.id, "first") * n / 2
        placed.append((place, entry.id, entry))
    for entry in again:
        base = entry.id.removesuffix(AGAIN)
        first = next((place for place, sample, _ in placed if sample == base), 0.0)
        low = min(max(first + GAP, 0.75 * n), float(n))
        placed.append((low + chance(entry.id, "place") * (n - low), entry.id, entry))
    return tuple(entry for _, _, entry in sorted(placed, key=lambda item: (item[0], item[1])))


def _is_mine(sample: str, me: str, spoke: Collection[str], dealt: Mapping[str, str]) -> bool:
    return me in spoke if spoke else dealt[sample] == me
