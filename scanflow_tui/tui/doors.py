"""What the command line lends to the screens: ways to open, replay, verify and make sessions.

The TUI itself imports neither supervisor, engine nor store.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from scanflow_tui.contract.records import dataclass

if TYPE_CHECKING:
    from scanflow_tui.client.source import Source


@dataclass(frozen=True, slots=True)
class Doors:
    """Each by session name; None where this program offers no such way.

    ``open_live`` and ``open_replay`` make a source that is not open yet. ``verify`` answers with a
    sentence, ``create`` makes a session from ``pipeline.yaml`` here and answers with its name; both
    raise ScanflowError.
    """

    open_live: Callable[[str], Source] | None = None
    open_replay: Callable[[str], Source] | None = None
    verify: Callable[[str], Awaitable[str]] | None = None
    create: Callable[[], Awaitable[str]] | None = None
