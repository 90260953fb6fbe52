"""What every engine does, and the facts that it answers with (design, section 7).

Process and Docker come first; Slurm and Kubernetes must fit. An engine never concludes an outcome
from absence: the truth about an attempt is what it left behind. Exit code 0 alone is not success;
the outputs are judged by the supervisor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol, runtime_checkable

from scanflow_tui.contract.records import dataclass, field
from scanflow_tui.contract.step import StepLimits

Hit = Literal["time", "log", "memory", "disk", ""]


@dataclass(frozen=True, slots=True)
class Spec:
    """One attempt to start. ``folder`` is the attempt's own folder, with ``step.json`` already in
    it.

    ``argv`` is run in ``code`` (a read-only snapshot of the pipeline's folder) with exactly the
    environment ``env`` and what the engine itself has to add (PATH, HOME, TMPDIR, LANG, threads).
    ``gpus`` are those it may use, where they were told apart; ``slot`` is a file whose shared lock
    stands for the room it takes: what runs the attempt on this machine holds it too.
    """

    name: str
    folder: str
    code: str
    argv: tuple[str, ...]
    env: dict[str, str]
    limits: StepLimits
    reads: tuple[str, ...] = ()
    image: str = ""
    gpus: tuple[str, ...] = ()
    slot: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The attempt is there, started now or before. ``ref`` is the engine's id, a hint."""

    ref: str


@dataclass(frozen=True, slots=True)
class StartUnknown:
    """The reply was lost: ask again with the same name."""

    reason: str


@dataclass(frozen=True, slots=True)
class StartRefused:
    """The engine cannot start it, now or ever; the attempt has failed with this sentence."""

    reason: str


@dataclass(frozen=True, slots=True)
class Queued:
    reason: str


@dataclass(frozen=True, slots=True)
class Running:
    """``claimed_at`` is microseconds UTC; the time limit counts from it."""

    claimed_at: int


@dataclass(frozen=True, slots=True)
class Exited:
    """It ended. ``hit`` names the limit that ended it, ``cancelled`` that it was asked to end.

    ``doubt`` is a sentence where the engine was away meanwhile and the code may not be true,
    ``log_error`` one where the log record is not whole (a full disk); the code is true then.
    """

    code: int | None
    signal: int | None
    claimed_at: int
    ended_at: int
    hit: Hit = ""
    cancelled: bool = False
    cpu_s: float | None = None
    rss_bytes: int | None = None
    exec_error: str = ""
    doubt: str = ""
    log_error: str = ""


@dataclass(frozen=True, slots=True)
class Lost:
    """It is gone and left no exit record, and its heartbeat stood still."""

    reason: str


@dataclass(frozen=True, slots=True)
class Absent:
    """The engine was reachable and knows no such attempt, and no claim lies in its folder."""


Observation = Queued | Running | Exited | Lost | Absent


@dataclass(frozen=True, slots=True)
class Reachable:
    """The engine itself: reachable, or not since when, in a sentence."""

    reachable: bool
    text: str = ""


@dataclass(frozen=True, slots=True)
class Watched:
    """One answer about many attempts. While the engine is unreachable, ``seen`` is empty."""

    engine: Reachable
    seen: dict[str, Observation] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Vital:
    """Latest-wins facts of a running attempt, never stored as they come."""

    cpu_s: float | None
    rss_bytes: int | None
    log_bytes: int


@dataclass(frozen=True, slots=True)
class Capacity:
    """What may run at once. None means unbounded: the engine queues by itself.

    ``gpu_ids`` names the GPUs where they can be told apart; ``is_here`` says that it is all of this
    very machine, so that the sessions of a user share it.
    """

    cpus: float | None
    memory_bytes: int | None
    gpus: int = 0
    gpu_ids: tuple[str, ...] = ()
    is_here: bool = False


@dataclass(frozen=True, slots=True)
class LogChunk:
    """Bytes of the stored log record from ``offset`` on; ``size`` is the record's length now."""

    offset: int
    data: bytes
    size: int


class Engine(Protocol):
    """One protocol for all; nothing above it knows which. Calls may block: the shell runs them in
    threads.

    ``folder`` of an attempt is where its record lies: ``log``, ``exit.json``, ``claim``,
    ``report.jsonl``.
    """

    name: str

    def start(self, spec: Spec) -> Accepted | StartUnknown | StartRefused:
        """Idempotent by name: an attempt that is already there is returned, not started twice."""

    def watch(self, attempts: dict[str, str]) -> Watched:
        """What became of these attempts (name → folder), in one call for all."""

    def vitals(self, attempts: dict[str, str]) -> dict[str, Vital]:
        """CPU, memory and log length of running attempts (name → folder)."""

    def log(self, name: str, folder: str, offset: int, length: int) -> LogChunk:
        """Bytes of the attempt's log record; the record's lines are those of
        ``contract.loglines``.
        """

    def cancel(self, name: str, folder: str, grace_s: float) -> None:
        """TERM, grace, KILL. No error where it already ended."""

    def adopt(self, session: str, attempts: dict[str, str]) -> Watched:
        """What is there of this session after a crash of the watcher; by name, never by a stored
        id.
        """

    def forget(self, name: str, folder: str) -> None:
        """Remove what the engine still holds, after the outcome is committed."""

    def capacity(self) -> Capacity:
        """What this engine may run at once."""

    def environment(self, image: str) -> str:
        """A digest of what steps run in: image id, or interpreter and its distributions."""

    def doctor(self) -> list[str]:
        """What was found, and which limits really hold, in sentences."""

    def close(self) -> None:
        """Let go of what this object holds; attempts go on."""


@runtime_checkable
class Hinting(Protocol):
    """An engine that says at once that it is worth to look; the truth is still asked for."""

    def on_hint(self, poke: Callable[[], None]) -> None:
        """Call ``poke``, from any thread, whenever an attempt may have changed."""


@runtime_checkable
class Telling(Protocol):
    """An engine that tells what it saw by itself; what it does not tell is still asked for."""

    def on_seen(self, tell: Callable[[str, Observation], None]) -> None:
        """Call ``tell``, from a thread of the engine, with an attempt's name and what became of
        it; a hint about that attempt is not given then.
        """


@runtime_checkable
class Unholding(Protocol):
    """An engine that knows which limits of a step it cannot hold on this host, by their names."""

    unheld: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A command of this machine that runs something where an attempt runs."""

    argv: tuple[str, ...]
    env: dict[str, str]
    cwd: str


@runtime_checkable
class Enters(Protocol):
    """An engine that can put a person where an attempt ran: same image, mounts, environment."""

    def enter(self, spec: Spec, argv: tuple[str, ...]) -> Entry:
        """How ``argv`` is run there. ``spec.folder`` is a copy of the attempt's, with step.json."""
