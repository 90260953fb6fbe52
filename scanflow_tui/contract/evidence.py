"""The typed files that agents and human nodes exchange, as frozen dataclasses.

A checker makes ``finding`` and ``queue``, a label node ``labels`` and ``audit``, a planner
``options``, a decide node ``chosen``, an evaluation ``table``. Probabilities, p-values and
accuracies are in 0..1, times in microseconds UTC, classes are indices into the pipeline's
``classes``.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Literal

from scanflow_tui.contract.records import dataclass, field

Verdict = Literal["clean", "drift", "too_few"]
Share = Literal["repair", "audit"]
Action = Literal["retrain", "filter", "ignore"]
LabelKind = Literal["class", "unsure", "skip", "invalid", "rejected"]
"""``rejected`` names a class that the sample is not: a guess a human said no to; it still needs
one.
"""

QUEUE_FILE = "queue.jsonl"
QUEUE_IMAGES = "images"
QUEUE_FEATURES = "features.npy"
"""What the model sees in each entry, a row an entry; it need not be there."""
QUEUE_NEAR = "near"
QUEUE_EXAMPLES = "examples"


@dataclass(frozen=True, slots=True)
class Histogram:
    """One score's distribution: ``edges`` (bins + 1), counts held out and in the batch (bins
    each).
    """

    name: str
    edges: tuple[float, ...]
    reference: tuple[int, ...]
    batch: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ClassRow:
    """What the check saw of one predicted class."""

    label: int
    n: int
    flagged: int
    median_p: float | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """The checker's finding about one batch (file ``finding``, JSON).

    ``p`` is the exact p-value of the batch statistic, None when there are too few samples for a
    verdict;
    ``slices`` holds the SHA-256 of each calibration slice that was used.
    """

    verdict: Verdict
    n: int
    alpha: float
    p: float | None
    statistic: str
    n_calibration: int
    n_flagged: int
    flag_share: float
    histograms: tuple[Histogram, ...] = ()
    p_values: tuple[int, ...] = ()
    classes: tuple[ClassRow, ...] = ()
    tests: dict[str, float] = field(default_factory=dict)
    slices: dict[str, str] = field(default_factory=dict)
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """One sample offered to a human (a line of ``queue/queue.jsonl``), its image at
    ``images/<id>.png``.

    ``probability`` is the inclusion probability when drawn (audit share; None for the repair
    share, which is not a random sample). Audit samples show no guess on screen, like blind ones.
    ``near`` are the training images most like it, the nearest first: a number, which is the name of
    its image in ``near/``, and its class.
    """

    id: str
    index: int
    share: Share
    flagged: bool
    p: float
    guess: int
    confidence: float
    risk: float = 0.0
    probability: float | None = None
    stratum: int | None = None
    next_guesses: tuple[tuple[int, float], ...] = ()
    why: str = ""
    near: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Label:
    """One human's word on one sample (a line of ``labels`` or ``audit``, JSONL).

    ``label`` is the class, None for all kinds but ``class``; ``rejected`` is the class that the
    sample is not, where nothing more was said.
    """

    id: str
    index: int
    kind: LabelKind
    label: int | None
    by: str
    at: int
    share: Share
    guess: int
    probability: float | None = None
    stratum: int | None = None
    rejected: int | None = None


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 95 % interval and the number of samples behind it."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class WorstClass:
    """The class with the lowest accuracy, and how many samples say so."""

    label: int
    accuracy: float
    n: int


@dataclass(frozen=True, slots=True)
class OptionEvidence:
    """What is known of one option before it is chosen. None: not measurable yet; ``why`` says
    more.
    """

    before: Interval | None
    after: Interval | None
    clean_before: Interval | None
    clean_after: Interval | None
    clean_change: Interval | None = None
    worst: WorstClass | None = None
    fixed: int | None = None
    broken: int | None = None
    mcnemar_p: float | None = None
    seconds: float | None = None
    labels_used: int = 0
    undecided_against: str = ""
    why: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Option:
    """One row of the repair plan; the human chooses one."""

    id: str
    action: Action
    title: str
    parameters: dict[str, Any]
    evidence: OptionEvidence


@dataclass(frozen=True, slots=True)
class Baseline:
    """What needs no label: batch-norm statistics re-estimated on the batch."""

    drifted: Interval | None
    clean: Interval | None


@dataclass(frozen=True, slots=True)
class Options:
    """The repair plan (file ``options``, JSON). ``recommended`` may be "undecided"."""

    options: tuple[Option, ...]
    baseline: Baseline | None
    recommended: str
    sentence: str
    n_labels: int


@dataclass(frozen=True, slots=True)
class Chosen:
    """The decision (file ``chosen``, JSON). The reason's words stay in the session, here is its
    digest.
    """

    option: Option
    action: Action
    evidence: str
    reason: str
    by: str
    at: int


@dataclass(frozen=True, slots=True)
class TableRow:
    """One population of the evaluation, before and after, paired on the same images.

    ``delta`` is the change of accuracy from before to after, ``no_labels`` the baseline that used
    none.
    """

    data: str
    before: Interval
    no_labels: Interval | None
    after: Interval
    delta: Interval
    worst_before: WorstClass | None
    worst_after: WorstClass | None


@dataclass(frozen=True, slots=True)
class Gate:
    """Whether a candidate may be promoted. ``refusals`` forbid it, ``warnings`` are said in the
    dialog.
    """

    passes: bool
    refusals: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """The evaluation of a candidate (file ``table``, JSON)."""

    rows: tuple[TableRow, ...]
    gate: Gate
    action: Action
    candidate: str
    confusion_before: tuple[tuple[int, ...], ...] = ()
    confusion_after: tuple[tuple[int, ...], ...] = ()
    now_right: tuple[str, ...] = ()
    newly_wrong: tuple[str, ...] = ()
    still_wrong: tuple[str, ...] = ()
    sentence: str = ""


def to_json(value: Any) -> Any:
    """A dataclass of this module as plain JSON values (tuples become lists on encoding)."""
    return asdict(value)
