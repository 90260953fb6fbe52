"""One protocol for what a screen or a table reads: a live session, or a recorded one.

Live and replay are the same screens over another source. ``client.live`` speaks to a supervisor's
socket,
``client.recorded`` reads a session file at a cursor.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal, Protocol

from scanflow_tui.contract.commands import Command
from scanflow_tui.contract.logsearch import Counted, Found, Search
from scanflow_tui.contract.records import dataclass, field
from scanflow_tui.session.events import Event
from scanflow_tui.session.state import SessionState

RefKind = Literal["content", "artifact", "log"]
Link = Literal["connecting", "connected", "reconnecting", "closed", "recorded"]


@dataclass(frozen=True, slots=True)
class Ref:
    """What to read: erasable content by digest, an artifact's file, or an attempt's log record.

    ``id`` is a content digest, an artifact's SHA-256, or an attempt's engine name; ``path`` is a
    file inside an artifact that is a folder.
    """

    kind: RefKind
    id: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes read; ``size`` is the whole length. ``note`` says where bytes are missing, and why."""

    data: bytes
    size: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """A command was done; ``seq`` is the last event of its commit."""

    seq: int
    value: str = ""


@dataclass(frozen=True, slots=True)
class AttemptVital:
    """Latest-wins facts of one running attempt."""

    progress: float | None = None
    text: str = ""
    cpu_s: float | None = None
    rss_bytes: int | None = None
    log_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Vitals:
    """Never stored: what runs now (by engine name), and the link to the supervisor."""

    attempts: dict[str, AttemptVital] = field(default_factory=dict)
    clients: int = 0
    engine: str = ""


@dataclass(frozen=True, slots=True)
class Update:
    """One step of a subscription. ``state`` is the same object each time, already folded.

    Exactly one of: events applied (with ``seq`` the last), vitals, a change of the link.
    """

    state: SessionState
    events: tuple[Event, ...] = ()
    vitals: Vitals | None = None
    link: Link | None = None
    text: str = ""


class Source(Protocol):
    """What the TUI and the CLI know of a session. All methods are coroutines of one event loop."""

    writable: bool

    async def open(self) -> SessionState:
        """Connect or read; the state at the newest (or the cursor's) event."""

    def updates(self) -> AsyncIterator[Update]:
        """Everything that happens from ``open`` on; reconnects by itself and says so."""

    async def read(self, ref: Ref, offset: int = 0, length: int | None = None) -> Chunk:
        """Bytes behind a reference. Raises Missing where they are not to be had."""

    async def find(self, ref: Ref, search: Search, offset: int, length: int) -> Found:
        """Look through a range of a log where it lies; at most 64 MiB are looked through at once.

        Forwards the range follows the offset, backwards it lies before it. Raises Missing.
        """

    async def count(self, ref: Ref, offset: int, length: int) -> Counted:
        """Count the lines of a range of a log where it lies, at most 64 MiB. Raises Missing."""

    async def send(self, command: Command) -> Reply:
        """Give a command and wait for its acknowledgement; repeated with the same id after a lost
        link.

        Raises the ScanflowError that the supervisor refused with.
        """

    async def close(self) -> None:
        """Let go; runs go on."""
