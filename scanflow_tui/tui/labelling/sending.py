"""Takes commands out of a label queue in order, several at a time; tells it what became of each.

Nothing is given up for a lost link: a command that found nobody is kept and given again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from scanflow_tui.client.source import Source
from scanflow_tui.contract.errors import Missing, ScanflowError
from scanflow_tui.tui.labelling.overlay import Pending
from scanflow_tui.tui.labelling.queue import LabelQueue

AGAIN_S = 2.0
UNDER_WAY_MAX = 64
"""Commands that wait for their answers: the supervisor commits together what came together."""


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
        self._under_way: set[asyncio.Task[None]] = set()
        self._trouble = ""
        """Why somebody was not found; nothing more is sent before those under way came back."""

    def wake(self) -> None:
        """There may be something to send."""
        self._more.set()

    async def run(self) -> None:
        """Send until cancelled."""
        try:
            while True:
                self._more.clear()
                self._catch_up()
                self._send_what_may_go()
                if self._trouble and not self._under_way:
                    trouble, self._trouble = self._trouble, ""
                    self._changed(f"⚠ not saved yet: {trouble}")
                    await self._pause(AGAIN_S)
                else:
                    await self._more.wait()
        finally:
            for task in self._under_way:
                task.cancel()

    def _send_what_may_go(self) -> None:
        while not self._trouble and len(self._under_way) < UNDER_WAY_MAX:
            item = self._queue.next_command()
            if item is None:
                return
            task = asyncio.get_running_loop().create_task(self._give(item))
            self._under_way.add(task)
            task.add_done_callback(self._came_back)

    def _came_back(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._more.set()
        if not task.cancelled():
            task.result()

    async def _give(self, item: Pending) -> None:
        try:
            reply = await self._source.send(item.command)
        except Missing as error:
            self._catch_up()
            if self._queue.is_folded(item):
                self._queue.acknowledged(item, self._queue.seq)
            else:
                self._queue.postponed(item)
                self._trouble = error.sentence()
        except ScanflowError as error:
            self._queue.refused(item)
            self._changed(f"✖ not taken: {error.sentence()}")
        else:
            self._queue.acknowledged(item, reply.seq)
            self._catch_up()
            self._changed("")
