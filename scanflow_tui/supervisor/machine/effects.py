"""What the state machine asks its shell to do, after the commit that holds the events behind it.

Every effect may be carried out twice (after a crash it is asked again): each is idempotent by its
name. The shell answers with the stimulus named in the docstring.
"""

from __future__ import annotations

from typing import Any

from scanflow_tui.contract.errors import ScanflowError
from scanflow_tui.contract.records import dataclass, field
from scanflow_tui.contract.step import StepLimits
from scanflow_tui.engine.protocol import Exited
from scanflow_tui.labels.files import Sayings
from scanflow_tui.session.events import Artifact
from scanflow_tui.workflow.plan import KeyParts


@dataclass(frozen=True, slots=True)
class IngestBatch:
    """Copy a path into the store → ``BatchStored``."""

    command: str
    actor: str
    path: str
    name: str


@dataclass(frozen=True, slots=True)
class GatherPlan:
    """Read the pipeline's folder, snapshot code, hash files, plan → ``PlanGathered``.

    ``batch_artifact`` and ``champion_outputs`` are the shas that the plan may use; ``previous``
    the key parts of each node's last attempt, so that a difference can be named.
    """

    batch: str | None
    batch_artifact: str | None
    command: str | None
    actor: str
    replaces: int | None
    champion: int | None
    champion_outputs: dict[str, str]
    previous: dict[str, KeyParts]


@dataclass(frozen=True, slots=True)
class ReadCode:
    """Compare the pipeline's folder with what a run was planned with → ``CodeRead``."""

    command: str
    actor: str
    run: int
    node: str | None
    choice: str
    text: str
    code: str
    environment: str
    files: dict[str, str]
    again: bool = False


@dataclass(frozen=True, slots=True)
class StartAttempt:
    """Write ``step.json`` and start the attempt, idempotent by name → ``StartAnswered``.

    ``intended`` is the number of the event that intends it: once that is committed, it may start.
    """

    name: str
    run: int
    node: str
    attempt: int
    argv: tuple[str, ...]
    env: tuple[str, ...]
    inputs: dict[str, str]
    sources: dict[str, str]
    outputs: tuple[str, ...]
    params: dict[str, Any]
    seed: int
    limits: StepLimits
    classes: tuple[str, ...]
    code: str
    image: str
    lists: dict[str, tuple[str, ...]] = field(default_factory=dict)
    intended: int = 0


@dataclass(frozen=True, slots=True)
class CancelAttempt:
    """TERM, grace, KILL. The outcome comes as an observation."""

    name: str
    grace_s: float


@dataclass(frozen=True, slots=True)
class CollectAttempt:
    """Judge and store the outputs of an exited attempt → ``Collected``."""

    name: str
    run: int
    node: str
    attempt: int
    outputs: tuple[str, ...]
    is_checker: bool
    is_planner: bool
    exited: Exited
    disk_bytes_max: int | None = None


@dataclass(frozen=True, slots=True)
class AskCache:
    """Look a key up and re-hash what it names → ``CacheAnswered``."""

    run: int
    node: str
    key: str
    outputs: tuple[str, ...]
    is_checker: bool
    is_planner: bool


@dataclass(frozen=True, slots=True)
class KeepInCache:
    """Remember the outputs of a successful attempt under its key. No answer."""

    key: str
    origin: str
    outputs: dict[str, Artifact]
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoreHumanOutputs:
    """Put the files of a human node into the store → ``HumanStored``."""

    run: int
    node: str
    files: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class StoreLabels:
    """Work out the files of a label node and put them into the store → ``HumanStored``."""

    run: int
    node: str
    said: Sayings


@dataclass(frozen=True, slots=True)
class ForgetAttempt:
    """Remove what the engine still holds; the outcome is committed. No answer."""

    name: str
    run: int
    node: str
    attempt: int


@dataclass(frozen=True, slots=True)
class IssueHead:
    """Write a receipt with the committed head outside the file → ``HeadWritten``."""

    why: str


@dataclass(frozen=True, slots=True)
class SetDoor:
    """Open the session's folder and socket to a Unix group, or close them (None) → ``DoorSet``."""

    command: str
    actor: str
    group: str | None


@dataclass(frozen=True, slots=True)
class LookUpName:
    """The login of an actor who takes part at a label node → ``NameFound``."""

    command: str
    actor: str
    run: int
    node: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Tell the client what became of its command: ``seq`` of its last event, or an error."""

    command: str
    seq: int | None
    error: ScanflowError | None = None
    value: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    """Close the session and end the supervisor; attempts go on."""


Effect = (
    IngestBatch
    | GatherPlan
    | ReadCode
    | StartAttempt
    | CancelAttempt
    | CollectAttempt
    | AskCache
    | KeepInCache
    | StoreHumanOutputs
    | StoreLabels
    | ForgetAttempt
    | IssueHead
    | SetDoor
    | LookUpName
    | Answer
    | Stop
)
