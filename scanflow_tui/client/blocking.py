"""A live session for code that is not asynchronous: the command line.

One event loop of its own in the calling thread; between two calls nothing is received, which the
socket and the log bear.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from scanflow_tui.client.live import LiveSource
from scanflow_tui.client.source import Chunk, Ref, Reply, Update
from scanflow_tui.contract.commands import Command
from scanflow_tui.session.state import SessionState

T = TypeVar("T")


class BlockingSource:
    """A context manager around ``LiveSource``.

    >>> with BlockingSource(folder, "scanflow status") as session:  # doctest: +SKIP
    ...     print(session.state.name)
    """

    def __init__(self, session_folder: Path, program: str) -> None:
        self.source = LiveSource(session_folder, program)
        self._runner = asyncio.Runner()

    def __enter__(self) -> BlockingSource:
        try:
            self.run(self.source.open())
        except BaseException:
            self.__exit__(None, None, None)
            raise
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
        """The state as of the last call; ``wait`` lets it go on."""
        return self.source.state

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end; events that come meanwhile are folded."""
        return self._runner.run(work)

    def ask(self, command: Command) -> Reply:
        """Give a command and wait for its word. Raises the ScanflowError of a refusal."""
        return self.run(self.source.send(command))

    def read(self, ref: Ref, offset: int = 0, length: int | None = None) -> Chunk:
        """Bytes behind a reference."""
        return self.run(self.source.read(ref, offset, length))

    def wait(
        self,
        is_true: Callable[[SessionState], bool],
        told: Callable[[Update], None] = lambda update: None,
        timeout_s: float | None = None,
    ) -> SessionState:
        """Wait until the state fulfils a condition; ``told`` hears every update meanwhile.

        Raises TimeoutError.
        """
        return self.run(self._wait(is_true, told, timeout_s))

    async def _wait(
        self,
        is_true: Callable[[SessionState], bool],
        told: Callable[[Update], None],
        timeout_s: float | None,
    ) -> SessionState:
        async with asyncio.timeout(timeout_s):
            if not is_true(self.source.state):
                async for update in self.source.updates():
                    told(update)
                    if is_true(self.source.state):
                        break
        return self.source.state
