"""The folded state of a session: what is true after event ``seq``.

Only ``folds`` changes these objects, in place (copying a dict an event is quadratic); everyone
else reads. The whole state is JSON by msgspec, so that a client may be handed a snapshot.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from scanflow_tui.contract.evidence import Action, Finding, LabelKind, Options, QueueEntry, Table
from scanflow_tui.contract.states import AttemptState, NodeState, RunState
from scanflow_tui.session.events import Artifact, LogRecord, SaidAuthor, StepError


class AttemptView(msgspec.Struct):
    """One attempt of one node in one run."""

    number: int
    name: str
    state: AttemptState
    key: str
    inputs: dict[str, str]
    sources: dict[str, str]
    params: dict[str, Any]
    argv: tuple[str, ...]
    reason: str
    intended_at: int
    not_before: int = 0
    claimed_at: int | None = None
    ended_at: int | None = None
    ref: str = ""
    queued_reason: str = ""
    code: int | None = None
    signal: int | None = None
    outcome: str = ""
    seconds: float | None = None
    cpu_s: float | None = None
    log: LogRecord | None = None
    error: StepError | None = None
    metrics: dict[str, list[tuple[int | None, float]]] = msgspec.field(default_factory=dict)
    n_metrics: int = 0
    n_messages: int = 0
    """Metrics and messages taken from the report, coalesced ones included."""
    cancel_asked: bool = False
    samples: list[tuple[int, float | None, float | None, int | None]] = msgspec.field(
        default_factory=list
    )
    """(at, progress, CPU seconds, resident bytes), one every 10 s."""
    asks: tuple[str, ...] = ()
    """What the step asked for beyond the hardened default, in words."""
    gpus: tuple[str, ...] = ()
    """The GPUs that it has to itself, by UUID or number."""


class NodeView(msgspec.Struct):
    """A node in a run. ``planned`` and ``reason`` say what the plan decided, and why."""

    id: str
    state: NodeState
    planned: str
    reason: str
    attempts: list[AttemptView] = msgspec.field(default_factory=list)
    outputs: dict[str, Artifact] = msgspec.field(default_factory=dict)
    values: dict[str, Any] = msgspec.field(default_factory=dict)
    origin: str = ""
    since: int | None = None
    ended_at: int | None = None
    form: str = ""
    """label, decide or approve once a person was asked here; empty before, and for other nodes."""
    asked: str = ""
    """The sentence the person was asked with."""
    is_forced: bool = False
    """Whether a person wants it made again, so that the cache is not asked until it was."""


ImportPhase = Literal["coming", "here", "undone"]


class LabelView(msgspec.Struct, frozen=True):
    """A label in force, or one that was superseded or taken back (in ``LabelDesk.history``)."""

    seq: int
    at: int
    actor: str
    sample: str
    kind: LabelKind
    value: int | None
    ms: int
    previous: int | None = None
    """The event of the same human's label on this sample that this one superseded."""
    shown: str = ""
    """What was on screen, in a few words."""
    said_at: int | None = None
    """When it was said by the word of a file; ``at`` is then when it was brought in."""
    imported_by: str = ""
    """Who brought it in; ``actor`` is then a name of the file's, ``said:<author>``."""
    settles: bool = False
    """The owner's second look at what is disputed: it counts, whatever others said."""
    begun: int | None = None
    """The import that brought it, by the event of its ``ImportBegan``."""


class NoteView(msgspec.Struct, frozen=True):
    """A note somebody wrote, or that a file says. ``at`` is when it was said."""

    seq: int
    at: int
    actor: str
    text_content: str
    begun: int | None = None


class ImportView(msgspec.Struct):
    """A file that was brought to a label desk. ``phase``: while it is coming nothing of it is in
    force.
    """

    desk: str
    at: int
    actor: str
    file: str
    form: str
    n_labels: int
    n_came: int = 0
    phase: ImportPhase = "coming"
    n_settled: int = 0
    """How many imports of the desk had come into force, or were taken back, when it began."""


class PlaceView(msgspec.Struct, frozen=True):
    """Where a person left a label node, and how they looked at it."""

    seq: int
    sample: str
    order: str
    single: bool
    blind: bool
    zoom: int
    contrast: str
    inverted: bool
    judging: bool = False
    near: bool = False
    filtered: bool = False


class LabelDesk(msgspec.Struct):
    """What humans said at one label node of one run.

    ``labels`` is what is in force by sample and actor; ``history`` every label event in order;
    ``undone`` the events that were taken back. ``undo`` and ``redo`` hold, by actor, what the next
    undo or redo takes (last item first).
    """

    run: int
    node: str
    labels: dict[str, dict[str, LabelView]] = msgspec.field(default_factory=dict)
    history: list[LabelView] = msgspec.field(default_factory=list)
    undone: set[int] = msgspec.field(default_factory=set)
    notes: dict[str, str] = msgspec.field(default_factory=dict)
    """The note said last on each sample, as the digest of its erasable text."""
    noted: dict[str, list[NoteView]] = msgspec.field(default_factory=dict)
    """Every note by sample, in the order of the log."""
    settled: list[int] = msgspec.field(default_factory=list)
    """Imports that came into force or were taken back, one after another."""
    finished: bool = False
    undo: dict[str, list[int]] = msgspec.field(default_factory=dict)
    redo: dict[str, list[int]] = msgspec.field(default_factory=dict)
    places: dict[str, PlaceView] = msgspec.field(default_factory=dict)
    """Where each left it, by actor."""
    drafts: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    """Notes that are being written, by actor and sample, as the digest of their erasable text."""
    annotators: list[str] = msgspec.field(default_factory=list)
    """Who took part beside the owner, in the order of joining."""


class SharedView(msgspec.Struct, frozen=True):
    """Which Unix group is admitted. ``owner`` is the actor who shares."""

    gid: int
    group_content: str
    owner: str
    at: int


class CheckView(msgspec.Struct, frozen=True):
    seq: int
    run: int
    node: str
    batch: str
    finding: Finding
    queue: tuple[QueueEntry, ...]
    thumbnails: dict[str, str]


class DecisionView(msgspec.Struct, frozen=True):
    seq: int
    at: int
    actor: str
    run: int
    node: str
    option: str
    action: Action
    reason_content: str
    evidence: str


class Offer(msgspec.Struct, frozen=True):
    """The options in force at a decide node, with the hash that a decision names."""

    run: int
    node: str
    options: Options
    evidence: str


class RunView(msgspec.Struct):
    """One run: a frozen plan and how far it is."""

    number: int
    batch: str | None
    champion: int | None
    code: str
    environment: str
    files: dict[str, str]
    pipeline: int
    state: RunState
    planned_at: int
    nodes: dict[str, NodeView]
    reason: str = ""
    ended_at: int | None = None
    cancel_asked: bool = False
    replaces: int | None = None
    check: CheckView | None = None
    offer: Offer | None = None
    decision: DecisionView | None = None
    table: Table | None = None
    n_active: int = 0
    """Nodes queued, running or retrying, kept by the fold so that the run's state costs no scan."""
    n_needs: int = 0
    """Nodes that wait for a person."""
    changes: tuple[str, ...] = ()
    """What was new in the pipeline's folder when the run was resumed with it."""
    image: str = ""
    image_id: str = ""


class BatchView(msgspec.Struct):
    id: str
    artifact: str
    n_bytes: int
    n_files: int
    name_content: str
    arrived_at: int
    run: int | None = None


class Version(msgspec.Struct, frozen=True):
    """A version of the model. ``outputs`` holds at least model and reference."""

    number: int
    run: int
    node: str
    outputs: dict[str, Artifact]
    action: str
    promoted_at: int


class MessageView(msgspec.Struct, frozen=True):
    seq: int
    at: int
    run: int
    sender: str
    receiver: str
    topic: str
    text: str


class ClientReplies(msgspec.Struct):
    """What a client was answered: counter → seq of the event, and the highest counter seen."""

    highest: int = -1
    replies: dict[int, int] = msgspec.field(default_factory=dict)
    refusals: dict[int, tuple[str, str, str, int]] = msgspec.field(default_factory=dict)


class SessionState(msgspec.Struct):
    """Everything that a screen, a table or the machine may know of a session."""

    session: str = ""
    name: str = ""
    engine: str = ""
    engine_reason: str = ""
    engine_reachable: bool = True
    engine_text: str = ""
    folder_content: str = ""
    pipeline_content: str = ""
    seq: int = -1
    at: int = 0
    opened_at: int = 0
    supervisors: int = 0
    pipelines: list[str] = msgspec.field(default_factory=list)
    """Every pipeline text read, oldest first; ``RunView.pipeline`` is an index."""
    batches: dict[str, BatchView] = msgspec.field(default_factory=dict)
    runs: dict[int, RunView] = msgspec.field(default_factory=dict)
    desks: dict[str, LabelDesk] = msgspec.field(default_factory=dict)
    """Label desks by ``<run>.<node>``."""
    versions: dict[int, Version] = msgspec.field(default_factory=dict)
    champion: int | None = None
    champion_history: list[tuple[int, int]] = msgspec.field(default_factory=list)
    """(seq, version) of every change of the version in production."""
    messages: list[MessageView] = msgspec.field(default_factory=list)
    said: list[MessageView] = msgspec.field(default_factory=list)
    """Messages, and what people were asked and answered: the whole conversation, in order."""
    decisions: list[DecisionView] = msgspec.field(default_factory=list)
    clients: dict[str, ClientReplies] = msgspec.field(default_factory=dict)
    heads: list[tuple[int, str, str]] = msgspec.field(default_factory=list)
    erased: set[str] = msgspec.field(default_factory=set)
    unknown: int = 0
    said_authors: list[SaidAuthor] = msgspec.field(default_factory=list)
    """Those whom imported files name; the author ``a3`` is the third."""
    imports: dict[int, ImportView] = msgspec.field(default_factory=dict)
    """Files that were brought to label desks, by the event of their ``ImportBegan``."""
    shared: SharedView | None = None
    names: dict[str, str] = msgspec.field(default_factory=dict)
    """The login of an actor who took part, as the digest of its erasable text."""
    conversation: int | None = None
    """The run that has asked a person and has not ended; one at a time."""


def desk_key(run: int, node: str) -> str:
    """The key of a label desk."""
    return f"{run}.{node}"
