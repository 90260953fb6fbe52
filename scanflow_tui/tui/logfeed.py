"""Reads one attempt's log for one pane: what is in view, then what a filter asks, then counts.

One task a pane; it reads by offset and never holds more than a block. Searching goes beside it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

from scanflow_tui.contract import limits
from scanflow_tui.contract.errors import ScanflowError
from scanflow_tui.contract.logsearch import Found, Search
from scanflow_tui.tui.present.log import matches
from scanflow_tui.tui.present.logsieve import ROW_BYTES
from scanflow_tui.tui.present.logwindow import BLOCK_BYTES, decoded

if TYPE_CHECKING:
    from scanflow_tui.client.source import Ref, Source
    from scanflow_tui.tui.widgets.logview import LogView

COUNT_BYTES = 16 * limits.MIB
COUNT_AFTER_S = 0.5
FIRST_FIND_BYTES = 4 * limits.MIB
HITS_AT_ONCE = 16
STEPS_UNTOLD = 8
SAVE_BYTES = limits.READ_BYTES_MAX


class LogFeed:
    """``note`` says what of the log is missing, ``problem`` why nothing is read.

    ``told`` is called when what was wanted came.
    """

    def __init__(
        self, source: Source, attempt: str, view: LogView, told: Callable[[], None]
    ) -> None:
        # The events' module comes with the protocol: after the first paint only.
        from scanflow_tui.client.source import Ref

        self.attempt = attempt
        self.note = ""
        self.problem = ""
        self.is_read = False
        self.ref: Ref = Ref("log", attempt)
        self._source = source
        self._view = view
        self._told = told
        self._wakes = asyncio.Event()
        self._asks_size = False
        self._ends = False
        self._counted = 0
        self._n_lines = 0
        self._n_searches = 0
        self._is_settled = False
        view.on_want = self._wakes.set

    def wants(self, log_bytes: int | None, *, ended: bool) -> bool:
        """Whether the log may be longer than is known: an ended one is looked at once more."""
        if self._asks_size or (self.is_read and ended):
            return False
        size = self._view.window.size
        return ended or log_bytes is None or log_bytes > size or size == 0

    def look(self, *, ended: bool) -> None:
        """Ask how long the log is now."""
        self._asks_size, self._ends = True, ended
        self._wakes.set()

    async def run(self) -> None:
        """Read whatever the pane wants, until cancelled."""
        asyncio.get_running_loop().call_later(COUNT_AFTER_S, self._settle)
        while True:
            await self._wakes.wait()
            self._wakes.clear()
            n_steps = 0
            try:
                while await self._step():
                    n_steps += 1
                    if n_steps % STEPS_UNTOLD == 0:
                        self._told()
                self.problem = ""
            except ScanflowError as error:
                self.problem = error.sentence()
                self._asks_size = False
                self._view.window.wanted.clear()
            self._told()

    async def _step(self) -> bool:
        """One piece of what is wanted most; False where nothing is."""
        view = self._view
        window, sieve = view.window, view.sieve
        if self._asks_size:
            await self._measure()
        elif sieve is None and window.wanted:
            await self._block(self._nearest(window.wanted))
        elif sieve is not None and sieve.wanted:
            hits = sorted(sieve.wanted)[:HITS_AT_ONCE]
            reads = [self._source.read(self.ref, hit, ROW_BYTES) for hit in hits]
            for hit, chunk in zip(hits, await asyncio.gather(*reads), strict=True):
                sieve.read(hit, chunk.data)
        elif sieve is not None and (asked := sieve.asks()) is not None:
            search, start, length = asked
            sieve.take(search, start, await self._source.find(self.ref, search, start, length))
        elif self._counted < window.size and self._may_count():
            await self._count()
            return True
        else:
            return False
        if view.is_attached:
            view.look()
        return True

    async def size(self) -> int:
        """How long the log is, asked where that is not known yet."""
        if not self._view.window.size:
            await self._measure()
        return self._view.window.size

    def _may_count(self) -> bool:
        """Whether nobody waits for what else the supervisor could do: a search, a first paint."""
        return not self._n_searches and (self._is_settled or self._view.window.size < COUNT_BYTES)

    def _settle(self) -> None:
        self._is_settled = True
        self._wakes.set()

    async def _measure(self) -> None:
        ended, window = self._ends, self._view.window
        chunk = await self._source.read(self.ref, window.size, 1)
        self.note = chunk.note or self.note
        if chunk.note and chunk.size > limits.LOG_HEAD_BYTES + limits.LOG_TAIL_BYTES:
            window.gap = range(limits.LOG_HEAD_BYTES, chunk.size - limits.LOG_TAIL_BYTES)
        window.grow(chunk.size)
        self._asks_size = False
        self.is_read = self.is_read or ended

    async def _block(self, index: int) -> None:
        window = self._view.window
        base, length = window.asks(index)
        chunk = await self._source.read(self.ref, base, length)
        window.take(index, base, chunk.data, max(chunk.size, base + len(chunk.data)))

    def _nearest(self, wanted: set[int]) -> int:
        view = self._view
        here = (view.window.size if view.following else view.top) // BLOCK_BYTES
        return min(wanted, key=lambda index: abs(index - here))

    async def _count(self) -> None:
        view = self._view
        start = self._counted
        counted = await self._source.count(self.ref, start, COUNT_BYTES)
        self._counted = max(counted.reached, start + 1)
        self._n_lines += counted.n_lines
        if self._counted >= view.window.size:
            view.counted(self._n_lines + counted.is_open)

    # -- what a person asks for

    async def search(self, search: Search, start: int) -> AsyncIterator[Found]:
        """Look from an offset to the end (or the beginning), then the rest of the log.

        Each piece that was looked through is told; the caller stops at the first with a hit.
        Counting waits for it.
        """
        self._n_searches += 1
        try:
            async for found in self._searched(search, start):
                yield found
        finally:
            self._n_searches -= 1
            self._wakes.set()

    async def _searched(self, search: Search, start: int) -> AsyncIterator[Found]:
        size = self._view.window.size
        ranges = [(start, size), (0, start)]
        if search.is_backwards:
            ranges = [(0, start), (start, size)]
        length = FIRST_FIND_BYTES
        for low, high in ranges:
            at = high if search.is_backwards else low
            while low < at if search.is_backwards else at < high:
                room = at - low if search.is_backwards else high - at
                step = min(length, room)
                found = await self._source.find(self.ref, search, at, step)
                at = at - step if search.is_backwards else at + step
                if found.offsets and not await self._passes(found.offsets[0]):
                    at, found = found.reached, Found((), found.reached, found.size)
                yield found
                length = limits.FIND_BYTES_MAX

    async def _passes(self, offset: int) -> bool:
        """Whether the filter shows the row that was found."""
        needle, _ = self._view.filter
        if not needle:
            return True
        data = (await self._source.read(self.ref, offset, ROW_BYTES)).data
        line = data[: data.find(b"\n") + 1] or data
        return bool(matches(decoded(line, offset).text, needle))

    async def pieces(self) -> AsyncIterator[tuple[bytes, int]]:
        """The whole record, piece by piece, with its size; what is kept nowhere is left out."""
        at, size = 0, 1
        while at < size:
            chunk = await self._source.read(self.ref, at, SAVE_BYTES)
            size = chunk.size
            gap = self._view.window.gap
            if not chunk.data:
                if at >= gap.stop:
                    break
                at = gap.stop
                continue
            at += len(chunk.data)
            yield chunk.data, size
