"""A command's link to one session: choose it, start its supervisor, ask, wait. Synchronous outside.

A command that reads only takes what is there: the live supervisor if one runs, else the recorded
file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from scanflow_tui.client.source import Chunk, Ref, Reply, Source, Update
from scanflow_tui.contract.commands import Command
from scanflow_tui.contract.errors import Missing
from scanflow_tui.session.state import SessionState

T = TypeVar("T")
Seen = Callable[[Update], None]


class Link:
    """An open source, driven from synchronous code."""

    def __init__(self, source: Source, folder: Path) -> None:
        self.source = source
        self.folder = folder
        self._runner = asyncio.Runner()

    def __enter__(self) -> Link:
        self._state = self.run(self.source.open())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.run(self.source.close())
        finally:
            self._runner.close()

    @property
    def state(self) -> SessionState:
        """The session as last seen."""
        return self._state

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end."""
        return self._runner.run(work)

    def send(self, command: Command) -> Reply:
        """Give a command and wait for its acknowledgement."""
        return self.run(self.source.send(command))

    def read(self, ref: Ref, offset: int = 0, length: int | None = None) -> Chunk:
        """Bytes behind a reference."""
        return self.run(self.source.read(ref, offset, length))

    def wait(self, until: Callable[[SessionState], T | None], seen: Seen | None = None) -> T:
        """Follow the session until ``until`` says something; ``seen`` is told every update.

        Raises Missing where the link ends first.
        """

        async def follow() -> T:
            found = until(self._state)
            if found is not None:
                return found
            async for update in self.source.updates():
                self._take(update)
                if seen is not None:
                    seen(update)
                found = until(update.state)
                if found is not None:
                    return found
            raise _ended("")

        return self.run(follow())

    def next(self) -> None:
        """Wait for whatever happens next, an event or vitals. Raises Missing as ``wait`` does."""

        async def once() -> None:
            async for update in self.source.updates():
                return self._take(update)
            raise _ended("")

        self.run(once())

    def _take(self, update: Update) -> None:
        self._state = update.state
        if update.link == "closed":
            raise _ended(update.text)


def _ended(why: str) -> Missing:
    told = f": {why}" if why else ""
    return Missing(f"the link to the supervisor ended{told}", hint="What was started goes on.")
