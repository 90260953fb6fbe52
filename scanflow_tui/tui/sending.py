"""Takes commands out of a label queue, one by one and in order, and tells it what became of each.

Nothing is given up for a lost link: a command that found nobody is kept and given again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from scanflow_tui.client.source import Source
from scanflow_tui.contract.errors import Missing, ScanflowError
from scanflow_tui.tui.label_queue import LabelQueue

AGAIN_S = 2.0


class Sender:
    """``catch_up`` hands the newest desk to the queue, ``changed`` hears of every answer."""

    def __init__(
        self,
        source: Source,
        queue: LabelQueue,
        catch_up: Callable[[], None],
        changed: Callable[[str], None],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._source = source
        self._queue = queue
        self._catch_up = catch_up
        self._changed = changed
        self._pause = pause
        self._more = asyncio.Event()

    def wake(self) -> None:
        """There may be something to send."""
        self._more.set()

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            self._catch_up()
            item = self._queue.next_command()
            if item is None:
                self._more.clear()
                await self._more.wait()
                continue
            try:
                reply = await self._source.send(item.command)
            except Missing as error:
                self._catch_up()
                if self._queue.is_folded(item):
                    self._queue.acknowledged(item, self._queue.seq)
                    continue
                self._queue.postponed(item)
                self._changed(f"⚠ not saved yet: {error.sentence()}")
                await self._pause(AGAIN_S)
            except ScanflowError as error:
                self._queue.refused(item)
                self._changed(f"✖ not taken: {error.sentence()}")
            else:
                self._queue.acknowledged(item, reply.seq)
                self._catch_up()
                self._changed("")
