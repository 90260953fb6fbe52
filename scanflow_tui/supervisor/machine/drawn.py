"""A check's finding and queue as events: each small enough to travel, all of them of one commit.

Pure. The pictures of a sample are named by the event that holds the sample; one that several
samples share (a training image) by the first of them, those of the classes by the check's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from scanflow_tui.contract import limits
from scanflow_tui.contract.evidence import QUEUE_EXAMPLES, QUEUE_NEAR, QueueEntry
from scanflow_tui.session import events as ev
from scanflow_tui.supervisor.machine.stimuli import Evidence

Seal = Callable[[bytes], str]


def found(
    run: int, node: str, batch: str, evidence: Evidence, seal: Seal
) -> Iterator[ev.CheckFound | ev.QueueDrawn]:
    """The check with the first 1,000 entries of its queue, then the others, 1,000 an event.

    ``seal`` puts a picture beside the log and names its digest.
    """
    assert evidence.finding is not None, "a check says what it found"
    left = dict(evidence.images)
    for first in range(0, max(1, len(evidence.queue)), limits.QUEUE_EVENT_ENTRIES_MAX):
        entries = evidence.queue[first : first + limits.QUEUE_EVENT_ENTRIES_MAX]
        pictures = {name: left.pop(name) for name in _names(entries) if name in left}
        if not first:
            shared = [name for name in left if name.startswith(f"{QUEUE_EXAMPLES}/")]
            pictures |= {name: left.pop(name) for name in shared}
        thumbnails = {name: seal(png) for name, png in pictures.items()}
        if first:
            yield ev.QueueDrawn(run, node, entries, thumbnails)
        else:
            yield ev.CheckFound(run, node, batch, evidence.finding, entries, thumbnails)


def _names(entries: tuple[QueueEntry, ...]) -> Iterator[str]:
    """What the pictures of these entries are called, the most alike of others after their own."""
    yield from (entry.id for entry in entries)
    for entry in entries:
        yield from (f"{QUEUE_NEAR}/{number}" for number, _ in entry.near[: limits.NEAR_MAX])
