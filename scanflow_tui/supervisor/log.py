"""The session's log as the loop sees it: chained, committed and read in one thread of its own.

A commit that fails is kept whole and tried again by the loop; nothing here drops an event. The
index beside the log is a hint and its failure is none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from scanflow_tui.contract import wire
from scanflow_tui.contract.errors import InputError, Missing
from scanflow_tui.session import chain, index
from scanflow_tui.session.folds import needs, summary, word
from scanflow_tui.session.places import SessionFolder
from scanflow_tui.session.state import SessionState
from scanflow_tui.session.store import Store
from scanflow_tui.session.verify import verify_store
from scanflow_tui.supervisor.frames import Row
from scanflow_tui.supervisor.loop import Group

T = TypeVar("T")


class Log:
    """An open store, its head, and the one thread that touches it."""

    def __init__(self, store: Store, folder: SessionFolder) -> None:
        self._store = store
        self._folder = folder
        self._thread = ThreadPoolExecutor(1, "store")
        head = store.head()
        assert head is not None, "a session has event 0"
        self._head = head

    def head(self) -> tuple[int, str]:
        """The last committed event and its hash."""
        return self._head.seq, self._head.hash

    async def append(self, group: Group) -> list[Row]:
        """Commit a group; the rows as they travel. Raises Missing when the disk is full."""

        def work() -> list[chain.Row]:
            # Here, not in the loop: a queue of 100,000 samples is written as 30 MB of JSON.
            rows = chain.rows(group.events, self._head.hash)
            self._store.append(rows, group.contents)
            return rows

        rows = await self._run(work)
        self._head = chain.Head(rows[-1].seq, rows[-1].hash)
        return [_travelling(row) for row in rows]

    async def rows(self, first: int, last: int) -> list[Row]:
        """Committed events of a range, both ends included."""
        found = await self._run(lambda: self._store.read(first, last))
        return [_travelling(row) for row in found]

    async def content(self, digest: str) -> bytes | None:
        """Erasable bytes, None where they were erased or never kept."""
        found = await self._run(lambda: self._store.content(digest))
        return None if found is None else found.data

    async def verify(self, head: str | None) -> wire.Frame:
        """Check the whole file on this connection; ``head`` is ``SEQ:HASH``. Raises InputError."""
        outside = parse_head(head)
        report = await self._run(lambda: verify_store(self._store, outside))
        return {
            "holds": report.holds,
            "n": report.verdict.n,
            "bad_seq": report.verdict.bad_seq,
            "sentences": report.sentences(),
            "kinds": report.kinds,
            "head": None if report.verdict.last is None else list(report.verdict.last),
            "covered": report.verdict.covered,
        }

    def write_index(self, state: SessionState) -> None:
        """What the list of sessions shows; on a full disk the old one stays."""
        try:
            index.write(self._folder, self._entry(state))
        except OSError:
            return

    async def close(self, state: SessionState | None) -> None:
        """Write the index of a settled state, close the file (with a checkpoint), end the thread.

        A disk without room for the checkpoint is no loss: the log beside the file has everything.
        """
        if state is not None:
            self.write_index(state)
        try:
            await self._run(self._close)
        finally:
            self._thread.shutdown(wait=False)

    def _close(self) -> None:
        try:
            self._store.checkpoint()
        except Missing:
            pass
        finally:
            self._store.close()

    def _entry(self, state: SessionState) -> index.Entry:
        n_bytes = 0
        for path in self._folder.path.glob(f"{self._folder.database.name}*"):
            n_bytes += path.stat().st_size
        return index.Entry(
            name=state.name,
            ulid=state.session,
            pipeline=_pipeline_name(state),
            seq=self._head.seq,
            head=self._head.hash,
            at=state.at,
            state=word(state),
            summary=summary(state),
            champion=state.champion,
            n_runs=len(state.runs),
            n_batches=len(state.batches),
            n_labels=sum(len(desk.labels) for desk in state.desks.values()),
            needs=len(needs(state)),
            bytes=n_bytes,
        )

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def parse_head(text: str | None) -> chain.Head | None:
    """A head given as ``SEQ:HASH``. Raises InputError."""
    if text is None:
        return None
    seq, _, digest = text.partition(":")
    if not (seq.isascii() and seq.isdigit() and len(digest) == 64):
        raise InputError(f"{text[:80]!r} is no head", hint="SEQ:HASH, as a receipt says")
    return chain.Head(int(seq), digest.lower())


def _pipeline_name(state: SessionState) -> str:
    """The name that the newest pipeline text gives itself, without parsing it whole."""
    for line in state.pipelines[-1].splitlines() if state.pipelines else ():
        if line.startswith("name:"):
            return line.partition(":")[2].split("#")[0].strip().strip("'\"")[:80]
    return ""


def _travelling(row: chain.Row) -> Row:
    return row.seq, bytes(row.body).decode("ascii"), row.hash
