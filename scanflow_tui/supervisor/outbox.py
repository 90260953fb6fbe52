"""What waits to be written to one client: bounded, and never awaited by the commit path.

Answers always fit (the reader of the same client waits while the queue is full); events that do not
fit end the subscription, and the client comes back from where it was; vitals are latest-wins.
"""

from __future__ import annotations

import asyncio
from collections import deque

from scanflow_tui.contract import limits, wire

OUTBOX_BYTES_MAX = 32 * limits.MIB


class Outbox:
    """A queue of packed frames with one writer task."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._frames: deque[bytes] = deque()
        self._bytes = 0
        self._vitals: bytes | None = None
        self._told_vitals = b""
        self._woken = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()
        self._closing = False

    @property
    def is_full(self) -> bool:
        """Whether a pushed frame would be one too many."""
        too_many = len(self._frames) >= limits.SUBSCRIBER_FRAMES_MAX
        return too_many or self._bytes >= OUTBOX_BYTES_MAX

    def put(self, frame: wire.Frame) -> None:
        """Queue a frame that must arrive: an answer, or a word about the link."""
        self.put_packed(wire.pack(frame))

    def put_packed(self, data: bytes) -> None:
        """Queue bytes that are a frame already, shared by several clients."""
        self._frames.append(data)
        self._bytes += len(data)
        if self.is_full:
            self._drained.clear()
        self._woken.set()

    def set_vitals(self, data: bytes, *, is_news: bool = True) -> None:
        """The newest vitals; older ones that were not written yet are forgotten.

        Where nothing runs, the same is not said again: a screen would be drawn anew for nothing.
        """
        if not is_news and data == self._told_vitals:
            return
        self._vitals = self._told_vitals = data
        self._woken.set()

    async def room(self) -> None:
        """Wait until the queue is no longer full."""
        await self._drained.wait()

    def close(self) -> None:
        """Write what is queued, then end."""
        self._closing = True
        self._woken.set()

    async def write(self) -> None:
        """The writer task: frames in order, vitals when nothing else waits."""
        while True:
            data = self._next()
            if data is None:
                if self._closing:
                    return
                self._woken.clear()
                await self._woken.wait()
                continue
            self._writer.write(data)
            await self._writer.drain()

    def _next(self) -> bytes | None:
        if self._frames:
            data = self._frames.popleft()
            self._bytes -= len(data)
            if not self.is_full:
                self._drained.set()
            return data
        vitals, self._vitals = self._vitals, None
        return vitals
