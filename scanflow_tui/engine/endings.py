"""What the shims' hints of an end come to: the exit record itself, or a word to look.

The record in the attempt's folder is what counts; without one nothing is told.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from scanflow_tui.engine import attempt
from scanflow_tui.engine.protocol import Observation


def _nobody() -> None:
    """Nobody is to be told."""


class Endings:
    """The attempts that were started here, and who hears of their ends."""

    def __init__(self) -> None:
        self.poke: Callable[[], None] = _nobody
        self.tell: Callable[[str, Observation], None] | None = None
        self._folders: dict[str, Path] = {}

    def expect(self, name: str, folder: Path) -> None:
        """An attempt is about to be started."""
        self._folders[name] = folder

    def forget(self, name: str) -> None:
        """Its outcome is known."""
        self._folders.pop(name, None)

    def heard(self, name: str) -> None:
        """A shim says that its step has exited; in the thread that hears the shims."""
        folder = self._folders.pop(name, None)
        exited = None if folder is None else attempt.read_exit(folder)
        if exited is not None and self.tell is not None:
            self.tell(name, exited)
        else:
            self.poke()
