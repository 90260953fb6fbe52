"""What a client may ask of a supervisor. Commands are imperative; the events they cause are past
tense.

Who gives a command is the kernel's word about the socket's peer, never a field here.
"""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any, Literal

from scanflow_tui.contract.errors import InputError
from scanflow_tui.contract.evidence import LabelKind
from scanflow_tui.contract.records import dataclass


@dataclass(frozen=True, slots=True)
class AddBatch:
    """Copy a batch (file or folder, absolute path) into the store and announce it. The owner's."""

    path: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class StartRun:
    """Plan and start a run. Without ``batch``: what needs neither batch nor champion."""

    batch: str | None = None


@dataclass(frozen=True, slots=True)
class GiveLabel:
    """One human's word on one sample, with what was on screen.

    ``value`` is the class, or the one that was ``rejected``. ``key`` gave it; ``view`` is the
    screen's form, ``place`` the sample's in the ``order``, ``look`` how the picture was changed,
    ``way`` how it was painted, ``picture`` the digest of what was painted (empty: nothing was).
    """

    run: int
    node: str
    sample: str
    kind: LabelKind
    value: int | None = None
    ms: int = 0
    guess_shown: bool = True
    order: str = "typical"
    redoes: int | None = None
    key: str = ""
    view: str = ""
    place: int = -1
    look: str = ""
    way: str = ""
    picture: str = ""


@dataclass(frozen=True, slots=True)
class UndoLabel:
    """Take back the label that event ``seq`` gave; -1 is the human's latest that stands."""

    run: int
    node: str
    seq: int


@dataclass(frozen=True, slots=True)
class WriteNote:
    """A note on a sample; the text is erasable content."""

    run: int
    node: str
    sample: str
    text: str


@dataclass(frozen=True, slots=True)
class FinishLabelling:
    """End a label node, with what is left unlabelled."""

    run: int
    node: str


@dataclass(frozen=True, slots=True)
class TakePart:
    """Ask for a part of a label node's queue; asked again it changes nothing."""

    run: int
    node: str


@dataclass(frozen=True, slots=True)
class BeginImport:
    """Labels of a file are about to come. The owner's; the answer's value names the import.

    ``file`` is the SHA-256 of the file, ``form`` its format. ``authors`` are ``[name, session]``
    of those whom this session does not know yet; ``n_known`` is how many it knew before.
    ``n_settled`` imports had come into force, or were taken back, when the file was judged.
    """

    run: int
    node: str
    file: str
    form: str
    n_labels: int
    n_known: int
    authors: list[Any]
    n_settled: int = -1


@dataclass(frozen=True, slots=True)
class ImportLabels:
    """Labels of a file, as it says them, all or none. The owner's.

    A row is ``[author's number, sample, kind, class, time, ms, guess, guess shown, order, undone,
    note, seen]``; a note's kind is ``note``. ``seen`` is what else was on screen, ``[key, view,
    place, look, way, picture]``, or empty. Nothing is in force before the import has ended.
    """

    run: int
    node: str
    begun: int
    rows: list[Any]


@dataclass(frozen=True, slots=True)
class EndImport:
    """All labels of an import have come: they are in force from here on. The owner's."""

    run: int
    node: str
    begun: int


@dataclass(frozen=True, slots=True)
class UndoImport:
    """Take back all that an import brought, as one act; nothing else. The owner's."""

    run: int
    node: str
    begun: int


@dataclass(frozen=True, slots=True)
class ReopenLabelling:
    """Label on at a node that was finished, as long as nothing was decided on its labels."""

    run: int
    node: str


@dataclass(frozen=True, slots=True)
class KeepPlace:
    """Where one left a label node and how one looked at it, to come back to from any terminal.

    ``zoom`` counts steps. ``draft`` is the text of a note on ``drafted`` that was not given yet.
    ``judging``: guesses were judged; ``near``: the training images most like it stood beside it;
    ``filtered``: images were looked at as the filter leaves them.
    """

    run: int
    node: str
    sample: str
    order: str = "typical"
    single: bool = False
    blind: bool = False
    zoom: int = 0
    contrast: str = "plain"
    inverted: bool = False
    drafted: str = ""
    draft: str = ""
    judging: bool = False
    near: bool = False
    filtered: bool = False


@dataclass(frozen=True, slots=True)
class Decide:
    """Choose an option, with a reason, on the evidence with this hash."""

    run: int
    node: str
    option: str
    reason: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Approve:
    """Promote the candidate of a run, if ``champion`` is still the version in production."""

    run: int
    node: str
    champion: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Discard:
    """Do not promote the candidate; the run ends."""

    run: int
    node: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RollBack:
    """Put an earlier version (default: the one before) back into production."""

    champion: int
    to: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel a run, or one of its nodes."""

    run: int
    node: str | None = None


NEW_CODE = "--code new"
"""Stands in the hint of a refusal that a retry with ``code="new"`` would overcome."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Try a failed node of a run again, or every node that ended badly.

    ``code``: ``frozen`` is what the run was planned with, ``new`` what lies in the folder now;
    empty is refused where the two differ. ``again``: also a node that was made, and then all that
    hangs on it.
    """

    run: int
    node: str | None = None
    code: str = ""
    again: bool = False


@dataclass(frozen=True, slots=True)
class Share:
    """Admit the members of a Unix group: they may label and read. The owner's."""

    group: str


@dataclass(frozen=True, slots=True)
class Unshare:
    """Admit the owner alone again. The owner's."""


@dataclass(frozen=True, slots=True)
class Leave:
    """Commit, close and end the supervisor; attempts go on. The owner's."""


Command = (
    AddBatch
    | StartRun
    | GiveLabel
    | UndoLabel
    | WriteNote
    | FinishLabelling
    | ReopenLabelling
    | KeepPlace
    | TakePart
    | BeginImport
    | ImportLabels
    | EndImport
    | UndoImport
    | Decide
    | Approve
    | Discard
    | RollBack
    | Cancel
    | Retry
    | Share
    | Unshare
    | Leave
)

Name = Literal[
    "AddBatch",
    "StartRun",
    "GiveLabel",
    "UndoLabel",
    "WriteNote",
    "FinishLabelling",
    "ReopenLabelling",
    "KeepPlace",
    "TakePart",
    "BeginImport",
    "ImportLabels",
    "EndImport",
    "UndoImport",
    "Decide",
    "Approve",
    "Discard",
    "RollBack",
    "Cancel",
    "Retry",
    "Share",
    "Unshare",
    "Leave",
]

_BY_NAME: dict[str, type[Any]] = {kind.__name__: kind for kind in Command.__args__}

ANNOTATORS: frozenset[str] = frozenset(
    {"GiveLabel", "KeepPlace", "TakePart", "UndoLabel", "WriteNote"}
)
"""What people may do whom the owner admitted; everything else is the owner's alone."""


def to_json(command: Command) -> dict[str, Any]:
    """A command as JSON: its name under ``act`` (no field is called so) beside its fields."""
    return {"act": type(command).__name__, **asdict(command)}


def from_json(raw: Any) -> Command:
    """A command from JSON. Raises InputError, naming the command and the field."""
    if not isinstance(raw, dict):
        raise InputError("a command is a JSON object")
    kind = _BY_NAME.get(str(raw.get("act")))
    if kind is None:
        raise InputError(f"unknown command {raw.get('act')!r}")
    given = {key: value for key, value in raw.items() if key != "act"}
    known = {item.name: item for item in fields(kind)}
    for key in given:
        if key not in known:
            raise InputError(f"{kind.__name__}: unknown field {key!r}")
    for key, value in given.items():
        if not _fits(str(known[key].type), value):
            raise InputError(f"{kind.__name__}: field {key!r} is not {known[key].type}")
    try:
        command: Command = kind(**given)
    except TypeError as error:
        raise InputError(f"{kind.__name__}: {error}") from None
    return command


def _fits(annotation: str, value: Any) -> bool:
    """Whether a JSON value fits a field's annotation (the few kinds used above)."""
    for part in annotation.split(" | "):
        if part == "None" and value is None:
            return True
        if part == "bool" and isinstance(value, bool):
            return True
        if part == "int" and isinstance(value, int) and not isinstance(value, bool):
            return True
        if part == "list[Any]" and isinstance(value, list):
            return True
        if part == "str" and isinstance(value, str):
            return True
        if part == "LabelKind" and value in LabelKind.__args__:  # type: ignore[attr-defined]
            return True
    return False
