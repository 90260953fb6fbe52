"""What reaches the state machine: commands of clients, answers to its effects, observations, ticks.

Values only. Time, salts and everything read from a disk or an engine comes in here as data.
"""

from __future__ import annotations

from typing import Any

from scanflow_tui.contract.commands import Command
from scanflow_tui.contract.errors import ScanflowError
from scanflow_tui.contract.evidence import Finding, Options, QueueEntry, Table
from scanflow_tui.contract.records import dataclass, field
from scanflow_tui.engine.protocol import (
    Accepted,
    Exited,
    Observation,
    Reachable,
    StartRefused,
    StartUnknown,
)
from scanflow_tui.session.events import Artifact, StepError
from scanflow_tui.workflow.plan import Plan


@dataclass(frozen=True, slots=True)
class Opened:
    """This supervisor took the session. ``recovered`` says what it found, empty after a clean
    end; ``unheld`` names the limits that the engine cannot hold here.
    """

    pid: int
    engine: str
    engine_reason: str
    recovered: str = ""
    unheld: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Commanded:
    """A client's command. ``actor`` is the kernel's word, ``id`` is ``<client uuid>:<counter>``."""

    id: str
    actor: str
    command: Command


@dataclass(frozen=True, slots=True)
class BatchStored:
    """A batch was copied into the store, or could not be."""

    command: str
    actor: str
    name: str
    artifact: Artifact | None
    error: ScanflowError | None = None


@dataclass(frozen=True, slots=True)
class PlanGathered:
    """The pipeline's folder was read and a plan made, or it could not be."""

    batch: str | None
    command: str | None
    actor: str
    replaces: int | None
    champion: int | None
    text: str = ""
    code: str = ""
    environment: str = ""
    files: dict[str, str] = field(default_factory=dict)
    champion_files: dict[str, Artifact] = field(default_factory=dict)
    plan: Plan | None = None
    image: str = ""
    image_id: str = ""
    error: ScanflowError | None = None


@dataclass(frozen=True, slots=True)
class CodeRead:
    """What lies in the pipeline's folder now, and what of it differs from a run's plan."""

    command: str
    actor: str
    run: int
    node: str | None
    choice: str
    text: str = ""
    code: str = ""
    environment: str = ""
    files: dict[str, str] = field(default_factory=dict)
    changes: tuple[str, ...] = ()
    image: str = ""
    image_id: str = ""
    error: ScanflowError | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class StartAnswered:
    """What the engine said to a start; ``gpus`` are those that were set aside for it."""

    name: str
    answer: Accepted | StartUnknown | StartRefused
    gpus: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Observed:
    """What the engine says of one attempt; told when it changed."""

    name: str
    observation: Observation


@dataclass(frozen=True, slots=True)
class EngineObserved:
    engine: Reachable


@dataclass(frozen=True, slots=True)
class Reported:
    """Lines of an attempt's report from the n-th metric and n-th message on (counted from 0).

    A metric is (name, value, step, how many lines were coalesced into it), a message (topic,
    receiver, text).
    """

    name: str
    first_metric: int = 0
    metrics: tuple[tuple[str, float, int | None, int], ...] = ()
    first_message: int = 0
    messages: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Sampled:
    """The vitals of a running attempt, every 10 s."""

    name: str
    progress: float | None
    text: str
    cpu_s: float | None
    rss_bytes: int | None
    log_bytes: int


@dataclass(frozen=True, slots=True)
class LogEnds:
    """A log as it lies on disk: its length, lines, hash, and its first and last 64 KiB."""

    n_bytes: int
    n_lines: int
    sha: str
    head: bytes
    tail: bytes


@dataclass(frozen=True, slots=True)
class Evidence:
    """The typed files among an attempt's outputs, decoded and checked; ``images`` by sample id."""

    finding: Finding | None = None
    queue: tuple[QueueEntry, ...] = ()
    images: dict[str, bytes] = field(default_factory=dict)
    options: Options | None = None
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class Collected:
    """An exited attempt's outputs are in the store, or ``problem`` says what is wrong with them."""

    name: str
    exited: Exited
    outputs: dict[str, Artifact]
    values: dict[str, Any]
    problem: str = ""
    error: StepError | None = None
    log: LogEnds | None = None
    last_error_line: str = ""
    evidence: Evidence = field(default_factory=Evidence)
    report: Reported | None = None


@dataclass(frozen=True, slots=True)
class CacheAnswered:
    """What the cache knows under a key; ``outputs`` is None where it knows nothing that is
    whole.
    """

    run: int
    node: str
    key: str
    outputs: dict[str, Artifact] | None
    values: dict[str, Any] = field(default_factory=dict)
    origin: str = ""
    evidence: Evidence = field(default_factory=Evidence)


@dataclass(frozen=True, slots=True)
class HumanStored:
    """The outputs of a human node are in the store."""

    run: int
    node: str
    outputs: dict[str, Artifact]
    error: ScanflowError | None = None


@dataclass(frozen=True, slots=True)
class HeadWritten:
    """A receipt left the file."""

    upto: int
    head: str
    place: str


@dataclass(frozen=True, slots=True)
class DoorSet:
    """Folder and socket are open to a group (None: closed), or could not be opened."""

    command: str
    actor: str
    group: str | None
    gid: int | None
    error: ScanflowError | None = None


@dataclass(frozen=True, slots=True)
class NameFound:
    """The login of somebody who takes part; the user's number where there is no login."""

    command: str
    actor: str
    run: int
    node: str
    name: str


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time passed; what was to wait may go on."""


@dataclass(frozen=True, slots=True)
class Leaving:
    reason: str


Stimulus = (
    Opened
    | Commanded
    | BatchStored
    | PlanGathered
    | CodeRead
    | StartAnswered
    | Observed
    | EngineObserved
    | Reported
    | Sampled
    | Collected
    | CacheAnswered
    | HumanStored
    | HeadWritten
    | DoorSet
    | NameFound
    | Ticked
    | Leaving
)
