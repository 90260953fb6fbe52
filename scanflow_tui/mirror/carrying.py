"""One session's new events into MLflow: read, translate, apply, and only then move the cursor.

The read is brief and lets go before MLflow is asked, so the mirror is never a lasting client.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from scanflow_tui.client.tape import open_tape
from scanflow_tui.contract.errors import DamagedSession
from scanflow_tui.mirror import cursor
from scanflow_tui.mirror.cursor import Cursor
from scanflow_tui.mirror.translate import Head, Operation, translate
from scanflow_tui.session import chain
from scanflow_tui.session import events as ev
from scanflow_tui.session.index import Entry

PORTION_EVENTS = 5_000


class Applies(Protocol):
    """Whatever takes operations; each may come twice."""

    def apply(self, operations: list[Operation]) -> None:
        """Apply operations in order."""


def carry(root: Path, entry: Entry, tracker: Callable[[str, str], Applies]) -> Cursor:
    """Mirror a session up to its newest event; where the cursor stands then.

    ``tracker`` makes one from ULID and name. Raises ScanflowError where the session cannot be read.
    """
    path = cursor.path_of(root, entry.name)
    at = cursor.read(path)
    if at.session != entry.ulid:
        at = Cursor(entry.ulid)
    if at.seq > entry.seq:
        raise DamagedSession(
            f"the session ends at event {entry.seq}, and event {at.seq} was mirrored",
            where=str(root / entry.name),
            hint=f"scanflow verify {entry.name} --head {at.seq}:{at.head}",
        )
    while True:
        bodies = asyncio.run(_portion(root / entry.name, at.seq))
        if not bodies:
            return at
        events = [ev.decode(body) for body in bodies]
        at = Cursor(at.session, events[-1].seq, _head(at, bodies))
        head = Head(at.seq, at.head)
        tracker(at.session, entry.name).apply([*translate(events), head])
        cursor.write(path, at)


async def _portion(folder: Path, after: int) -> list[bytes]:
    tape = await open_tape(folder, after)
    try:
        return await tape.bodies(after + 1, min(tape.last, after + PORTION_EVENTS))
    finally:
        await tape.close()


def _head(at: Cursor, bodies: list[bytes]) -> str:
    """The chain's hash after these bodies, of the bytes that were read."""
    previous = at.head if at.seq >= 0 else chain.first(at.session)
    for body in bodies:
        previous = chain.link(previous, body)
    return previous
