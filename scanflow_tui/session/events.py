"""Every event of a session, as typed structs (design, section 5).

An event is a fact in the past tense and holds nothing that can be derived. What may have to be
erased (logins, reasons, notes, file names, thumbnails, log text) never stands in an event: a field
named
``*_content`` holds the digest of erasable content that lies beside the log. ``at`` is integer
microseconds UTC. Unknown kinds of a newer version are kept verbatim (``Unknown``), never dropped.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec

from scanflow_tui.contract import canonical
from scanflow_tui.contract.evidence import (
    Action,
    Finding,
    LabelKind,
    Options,
    QueueEntry,
    Table,
)
from scanflow_tui.contract.states import AttemptState, NodeState, RunState

VERSION = 1


class Fact(msgspec.Struct, frozen=True, tag=True, tag_field="kind", omit_defaults=False):
    """The payload of an event; the class name is the event's kind."""


class SessionOpened(Fact, frozen=True):
    """Event 0. ``profile`` names the canonical JSON, ``folder_content`` the session's path."""

    session: str
    name: str
    profile: str
    scanflow: str
    folder_content: str
    pipeline_content: str
    engine: str


class SupervisorStarted(Fact, frozen=True):
    """A supervisor took the session. ``recovered`` says what it found, empty after a clean end.

    ``unheld`` names the limits that the engine cannot hold on this host, where it knows them.
    """

    scanflow: str
    pid: int
    engine: str
    engine_reason: str
    recovered: str = ""
    unheld: tuple[str, ...] = ()


class SupervisorLeft(Fact, frozen=True):
    reason: str


class PipelineRead(Fact, frozen=True):
    """The pipeline document in force from here on, verbatim."""

    text: str


class BatchArrived(Fact, frozen=True):
    """A production batch was copied into the store; the first hop of the conversation."""

    batch: str
    artifact: str
    n_bytes: int
    n_files: int
    name_content: str


class PlannedNode(msgspec.Struct, frozen=True):
    """One node of a frozen plan: ``run``, ``cached`` or ``skipped``, with the reason in a
    sentence.
    """

    node: str
    verdict: str
    reason: str


class RunPlanned(Fact, frozen=True):
    """A run's plan, frozen. ``files`` are the hashes of ``file:`` inputs by path, ``code`` the
    snapshot, ``image_id`` what its steps run in; both are empty where they are processes.
    """

    run: int
    batch: str | None
    champion: int | None
    code: str
    environment: str
    files: dict[str, str]
    nodes: tuple[PlannedNode, ...]
    replaces: int | None = None
    image: str = ""
    image_id: str = ""


class RunEnded(Fact, frozen=True):
    run: int
    state: RunState
    reason: str


class NodeSkipped(Fact, frozen=True):
    run: int
    node: str
    reason: str


class Artifact(msgspec.Struct, frozen=True):
    """An output in the store: SHA-256 of its manifest, and its size."""

    sha: str
    n_bytes: int
    n_files: int


class NodeCached(Fact, frozen=True):
    """Outputs of an earlier attempt are used again; ``origin`` is that attempt's engine name."""

    run: int
    node: str
    key: str
    origin: str
    outputs: dict[str, Artifact]
    values: dict[str, Any]
    reason: str


class AttemptIntended(Fact, frozen=True):
    """The intent to start an attempt, committed before the engine is called.

    ``asks`` says in words what the step asks for beyond the hardened default.
    """

    run: int
    node: str
    attempt: int
    name: str
    key: str
    inputs: dict[str, str]
    sources: dict[str, str]
    params: dict[str, Any]
    argv: tuple[str, ...]
    reason: str
    not_before: int = 0
    asks: tuple[str, ...] = ()


class AttemptAccepted(Fact, frozen=True):
    """The engine has it. ``ref`` is the engine's own id, a hint only; ``gpus`` are its GPUs."""

    run: int
    node: str
    attempt: int
    ref: str
    gpus: tuple[str, ...] = ()


class AttemptQueued(Fact, frozen=True):
    run: int
    node: str
    attempt: int
    reason: str


class AttemptStarted(Fact, frozen=True):
    """The step runs; its time limit counts from ``claimed_at`` (microseconds UTC)."""

    run: int
    node: str
    attempt: int
    claimed_at: int


class MetricReported(Fact, frozen=True):
    run: int
    node: str
    attempt: int
    name: str
    value: float
    step: int | None
    n_coalesced: int = 0


class VitalSampled(Fact, frozen=True):
    """One sample of a running attempt every 10 s, so that replay has something to show."""

    run: int
    node: str
    attempt: int
    progress: float | None
    text: str
    cpu_s: float | None
    rss_bytes: int | None
    log_bytes: int


class StepError(msgspec.Struct, frozen=True):
    what: str
    where: str = ""
    hint: str = ""


class LogRecord(msgspec.Struct, frozen=True):
    """Where a log's ends are kept in the session, and how long the whole is."""

    n_bytes: int
    n_lines: int
    sha: str
    head_content: str
    tail_content: str


class AttemptEnded(Fact, frozen=True):
    """The outcome: exit status and outputs together. ``reason`` is a sentence, empty when done."""

    run: int
    node: str
    attempt: int
    state: AttemptState
    code: int | None
    signal: int | None
    reason: str
    seconds: float
    cpu_s: float | None
    outputs: dict[str, Artifact]
    values: dict[str, Any]
    log: LogRecord | None = None
    error: StepError | None = None


class AttemptExplained(Fact, frozen=True):
    """Why an attempt died, learned after that it died."""

    run: int
    node: str
    attempt: int
    reason: str


class MessageSent(Fact, frozen=True):
    """A hop of the conversation between agents and humans; ``attempt`` if a step itself said it."""

    run: int
    sender: str
    receiver: str
    topic: str
    text: str
    attempt: int | None = None


class CheckFound(Fact, frozen=True):
    """The checker's finding about a batch, with the queue it offers: its first 1,000 entries.

    ``thumbnails`` maps a sample id to the digest of its erasable PNG at source size.
    """

    run: int
    node: str
    batch: str
    finding: Finding
    queue: tuple[QueueEntry, ...]
    thumbnails: dict[str, str]


class QueueDrawn(Fact, frozen=True):
    """The next entries (at most 1,000) of the queue of the latest check of this node.

    They follow their ``CheckFound`` in the same commit, as many as it takes.
    """

    run: int
    node: str
    entries: tuple[QueueEntry, ...]
    thumbnails: dict[str, str]


class PersonAsked(Fact, frozen=True):
    """The run suspends at a human node. ``form`` is label, decide or approve."""

    run: int
    node: str
    form: str
    evidence: str
    text: str


class LabelGiven(Fact, frozen=True):
    """One human's word on one sample; never edited: superseded by a later one of the same human.

    ``redoes`` names the event of a label that had been taken back, ``ms`` is the time on screen.
    ``key`` gave it; ``view`` is the screen's form, ``place`` the sample's in the ``order``,
    ``look`` how the picture was changed, ``way`` how it was painted, ``picture`` the digest of
    what was painted. All are empty where nothing was seen, or by an older version.
    """

    run: int
    node: str
    sample: str
    label_kind: LabelKind
    value: int | None
    ms: int
    guess_shown: bool
    order: str
    redoes: int | None = None
    key: str = ""
    view: str = ""
    place: int = -1
    look: str = ""
    way: str = ""
    picture: str = ""


class LabelUndone(Fact, frozen=True):
    """The label that event ``undoes`` gave was taken back."""

    run: int
    node: str
    sample: str
    undoes: int


class NoteWritten(Fact, frozen=True):
    run: int
    node: str
    sample: str
    text_content: str


class SaidAuthor(msgspec.Struct, frozen=True):
    """Somebody whom a file names: the word of the file, not of this machine."""

    author: str
    name_content: str
    session: str


class ImportBegan(Fact, frozen=True):
    """A file of labels was brought in by the actor; ``authors`` are those not named before.

    ``file`` is its SHA-256. ``session`` of an author is where the file says they said it. Where
    ``whole``, nothing of it is in force before its ``ImportEnded``; older ones had no such end.
    """

    run: int
    node: str
    file: str
    form: str
    n_labels: int
    authors: tuple[SaidAuthor, ...]
    whole: bool = False


class LabelImported(Fact, frozen=True):
    """A label as a file says it; who brought it in is the actor, ``author`` and ``said_at`` are
    the file's word, as is what was on screen. ``begun`` is the event of its ``ImportBegan``.
    """

    run: int
    node: str
    sample: str
    label_kind: LabelKind
    value: int | None
    author: str
    said_at: int
    begun: int
    ms: int
    guess: int | None
    guess_shown: bool | None
    order: str
    undone: bool = False
    key: str = ""
    view: str = ""
    place: int = -1
    look: str = ""
    way: str = ""
    picture: str = ""


class NoteImported(Fact, frozen=True):
    """A note on a sample as a file says it."""

    run: int
    node: str
    sample: str
    text_content: str
    author: str
    said_at: int
    begun: int
    undone: bool = False


class ImportEnded(Fact, frozen=True):
    """All of an import has come: its labels and notes are in force from here on."""

    run: int
    node: str
    begun: int


class ImportUndone(Fact, frozen=True):
    """All that an import brought was taken back, as one act; words given here stay."""

    run: int
    node: str
    begun: int


class LabellingFinished(Fact, frozen=True):
    run: int
    node: str
    n_labelled: int
    n_unsure: int
    n_skipped: int
    n_invalid: int
    n_left: int
    n_rejected: int = 0


class PlaceKept(Fact, frozen=True):
    """Where a person left a label node, and how they looked at it; the latest of each counts.

    ``drafted`` is a sample with a note that is being written, ``draft_content`` its text so far,
    empty where it was thrown away. ``judging``: guesses were judged; ``near``: the training images
    most like it stood beside it; ``filtered``: images were as the filter leaves them.
    """

    run: int
    node: str
    sample: str
    order: str
    single: bool
    blind: bool
    zoom: int
    contrast: str
    inverted: bool
    drafted: str = ""
    draft_content: str = ""
    judging: bool = False
    near: bool = False
    filtered: bool = False


class OptionsOffered(Fact, frozen=True):
    """The repair plan; ``evidence`` is the hash that a decision has to name."""

    run: int
    node: str
    options: Options
    evidence: str


class DecisionTaken(Fact, frozen=True):
    """A human chose an option, with a reason, on this evidence."""

    run: int
    node: str
    option: str
    action: Action
    reason_content: str
    evidence: str


class EvaluationMade(Fact, frozen=True):
    run: int
    node: str
    table: Table


class NodeEnded(Fact, frozen=True):
    """A human node ended; its outputs are in the store."""

    run: int
    node: str
    state: NodeState
    outputs: dict[str, Artifact]
    values: dict[str, Any]
    reason: str = ""


class ModelPromoted(Fact, frozen=True):
    """A version went into production. Version 1 has no ``replaces``; ``reason_content`` may be
    empty.
    """

    version: int
    run: int
    node: str
    outputs: dict[str, Artifact]
    replaces: int | None
    reason_content: str
    action: str


class CandidateDiscarded(Fact, frozen=True):
    run: int
    node: str
    reason_content: str


class ModelRolledBack(Fact, frozen=True):
    """Production went back to an earlier version."""

    version: int
    replaces: int
    reason_content: str


class CancelAsked(Fact, frozen=True):
    run: int
    node: str | None


class RetryAsked(Fact, frozen=True):
    """Somebody wants a node that ended badly tried again, or all of a run (no ``node``).

    ``resets``, if any, are nodes that begin anew whatever they came to: ``node``, not from the
    cache, and all that hangs on it.
    """

    run: int
    node: str | None
    resets: tuple[str, ...] = ()


class RunResumed(Fact, frozen=True):
    """A run goes on with what lies in the pipeline's folder now; what succeeded is kept.

    The pipeline document is the latest that was read; ``changes`` names what differs, in words.
    """

    run: int
    code: str
    environment: str
    files: dict[str, str]
    changes: tuple[str, ...]
    image: str = ""
    image_id: str = ""


class CommandRefused(Fact, frozen=True):
    """A refusal is an event too, so that a repeat of the command is answered alike."""

    command: str
    what: str
    where: str
    hint: str
    code: int


class HeadIssued(Fact, frozen=True):
    """A receipt left the file: up to ``upto`` with ``head``, to a place outside."""

    upto: int
    head: str
    place: str


class ContentErased(Fact, frozen=True):
    digest: str
    reason: str


class EngineSeen(Fact, frozen=True):
    """The engine became reachable or unreachable."""

    reachable: bool
    text: str


class SessionShared(Fact, frozen=True):
    """Members of this Unix group may label and read from here on; the actor is the owner."""

    gid: int
    group_content: str


class SessionUnshared(Fact, frozen=True):
    """The owner alone is admitted again."""

    gid: int


class AnnotatorJoined(Fact, frozen=True):
    """Somebody who was admitted takes part at a label node; the queue is dealt anew."""

    run: int
    node: str
    name_content: str


Kind = (
    SessionOpened
    | SupervisorStarted
    | SupervisorLeft
    | PipelineRead
    | BatchArrived
    | RunPlanned
    | RunEnded
    | NodeSkipped
    | NodeCached
    | AttemptIntended
    | AttemptAccepted
    | AttemptQueued
    | AttemptStarted
    | MetricReported
    | VitalSampled
    | AttemptEnded
    | AttemptExplained
    | MessageSent
    | CheckFound
    | QueueDrawn
    | PersonAsked
    | LabelGiven
    | LabelUndone
    | NoteWritten
    | ImportBegan
    | LabelImported
    | NoteImported
    | ImportEnded
    | ImportUndone
    | LabellingFinished
    | PlaceKept
    | OptionsOffered
    | DecisionTaken
    | EvaluationMade
    | NodeEnded
    | ModelPromoted
    | CandidateDiscarded
    | ModelRolledBack
    | CancelAsked
    | RetryAsked
    | RunResumed
    | CommandRefused
    | HeadIssued
    | ContentErased
    | EngineSeen
    | SessionShared
    | SessionUnshared
    | AnnotatorJoined
)


class Unknown(msgspec.Struct, frozen=True):
    """An event of a newer version: kept, shown as unknown."""

    kind: str
    raw: dict[str, Any]


class Event(msgspec.Struct, frozen=True):
    """An event with its envelope. ``command`` is ``<client uuid>:<counter>`` or None."""

    seq: int
    at: int
    actor: str
    fact: Kind | Unknown
    command: str | None = None

    @property
    def kind(self) -> str:
        """The name of the event's kind."""
        return self.fact.kind if isinstance(self.fact, Unknown) else type(self.fact).__name__


KINDS: dict[str, type[Fact]] = {kind.__name__: kind for kind in Kind.__args__}


def encode(event: Event) -> bytes:
    """The stored body: the whole envelope in canonical JSON. Raises ValueError on NaN."""
    payload = event.fact.raw if isinstance(event.fact, Unknown) else fields_of(event.fact)
    return canonical.encode(
        {
            "seq": event.seq,
            "at": event.at,
            "kind": event.kind,
            "version": VERSION,
            "actor": event.actor,
            "command": event.command,
            "payload": payload,
        }
    )


MANY: frozenset[type[Fact]] = frozenset(
    {
        *(CheckFound, QueueDrawn, LabelGiven, LabelUndone, LabelImported, NoteWritten),
        *(MetricReported, VitalSampled, MessageSent, RunPlanned, NodeSkipped, NodeCached),
        *(AttemptIntended, AttemptAccepted, AttemptQueued, AttemptStarted, AttemptEnded),
    }
)
"""The kinds that a session has most of, or that are long."""
_KIND = '"kind":"'


@lru_cache(256)
def _decoder(kind: str) -> msgspec.json.Decoder[Any] | None:
    """What decodes a body of one of these kinds in one go."""
    fact = KINDS.get(kind)
    if fact not in MANY:
        return None
    fields = [("seq", int), ("at", int), ("kind", str), ("actor", str), ("payload", fact)]
    stored = msgspec.defstruct("Stored", [*fields, ("command", str | None), ("version", int)])
    return msgspec.json.Decoder(stored)


def _decoded_at_once(body: str) -> Event | None:
    """The event of a body that is written as ``encode`` does and of a kind that comes in masses;
    None where it has to be looked at closer.
    """
    # No text within a string can look like this: its quotes would be escaped.
    start = body.find(_KIND) + len(_KIND)
    kind = body[start : body.find('"', start)]
    decoder = _decoder(kind)
    if decoder is None:
        return None
    try:
        stored = decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    if stored.kind != kind or stored.version > VERSION:
        return None
    return Event(stored.seq, stored.at, stored.actor, stored.payload, stored.command)


def decode(body: bytes | str) -> Event:
    """The event that a stored body holds; unknown kinds and shapes become ``Unknown``."""
    if body.isascii():
        known = _decoded_at_once(body if isinstance(body, str) else body.decode("ascii"))
        if known is not None:
            return known
    raw = canonical.decode(body)
    kind = KINDS.get(raw["kind"])
    payload = raw["payload"]
    fact: Kind | Unknown
    if kind is None or raw.get("version", 1) > VERSION:
        fact = Unknown(raw["kind"], payload)
    else:
        fact = msgspec.convert(payload | {"kind": raw["kind"]}, kind)  # type: ignore[assignment]
    return Event(raw["seq"], raw["at"], raw["actor"], fact, raw.get("command"))


def fields_of(fact: Fact) -> dict[str, Any]:
    """A fact's fields as plain JSON values, without its kind."""
    # NaN must be refused before msgspec, which writes null for it: to_builtins keeps the float.
    payload: dict[str, Any] = msgspec.to_builtins(fact)
    payload.pop("kind")
    return payload
