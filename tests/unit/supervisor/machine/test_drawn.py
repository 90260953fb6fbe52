"""A check's queue as events: how it is cut, and which event names which picture."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scanflow_tui.contract.evidence import QueueEntry
from scanflow_tui.contract.limits import QUEUE_EVENT_ENTRIES_MAX as MOST
from scanflow_tui.session import events as ev
from scanflow_tui.supervisor.machine.drawn import found
from scanflow_tui.supervisor.machine.stimuli import Evidence
from tests.unit.session.making import FINDING, entries


def cut(queue: tuple[QueueEntry, ...], images: dict[str, bytes]) -> list[ev.Fact]:
    evidence = Evidence(FINDING, queue, images)
    return list(found(1, "check", "b0001", evidence, lambda png: png.decode()))


@pytest.mark.parametrize(
    ("n", "sizes"),
    [(0, [0]), (1, [1]), (MOST, [MOST]), (MOST + 1, [MOST, 1]), (3 * MOST, [MOST] * 3)],
)
def test_a_queue_is_cut_into_events_in_its_order(n: int, sizes: list[int]) -> None:
    queue = entries(0, n)
    first, *others = cut(queue, {})
    assert isinstance(first, ev.CheckFound)
    parts = [first.queue]
    for fact in others:
        assert isinstance(fact, ev.QueueDrawn)
        assert (fact.run, fact.node) == (1, "check")
        parts.append(fact.entries)
    assert [len(part) for part in parts] == sizes
    assert sum(parts, ()) == queue


def test_each_picture_is_named_once_by_the_first_event_that_shows_it() -> None:
    first, last = entries(0, MOST), entries(MOST, 1)
    queue = (replace(first[0], near=((7, 1),)), *first[1:], replace(last[0], near=((7, 1), (8, 2))))
    images = {
        queue[0].id: b"a", queue[-1].id: b"z", "near/7": b"7", "near/8": b"8", "examples/1-0": b"e",
    }  # fmt: skip
    check, more = cut(queue, images)
    assert isinstance(check, ev.CheckFound) and isinstance(more, ev.QueueDrawn)
    assert check.thumbnails == {queue[0].id: "a", "near/7": "7", "examples/1-0": "e"}
    assert more.thumbnails == {queue[-1].id: "z", "near/8": "8"}


def test_the_largest_entries_that_are_read_fit_an_event_that_travels() -> None:
    from scanflow_tui.contract import limits
    from scanflow_tui.supervisor.frames import pack_rows

    room = limits.QUEUE_LINE_BYTES_MAX - 200
    queue = tuple(replace(entry, why="é" * (room // 2)) for entry in entries(0, MOST))
    (fact,) = cut(queue, {entry.id: b"0" * 64 for entry in queue})
    assert isinstance(fact, ev.CheckFound)
    body = ev.encode(ev.Event(1, 1, "agent:check", fact)).decode("ascii")
    assert len(pack_rows([(1, body, "0" * 64)])) == 1
