"""Events → what MLflow should hold, as plain values. Pure: nothing here knows MLflow.

Every operation may be applied twice: each names what it is about, so the tracker looks before it
makes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from scanflow_tui.session import events as ev


@dataclass(frozen=True, slots=True)
class Run:
    """An MLflow run for a run of the session."""

    run: int
    at_ms: int
    tags: dict[str, str]


@dataclass(frozen=True, slots=True)
class Param:
    run: int
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Metric:
    run: int
    name: str
    value: float
    at_ms: int
    step: int


@dataclass(frozen=True, slots=True)
class Tags:
    run: int
    tags: dict[str, str]


@dataclass(frozen=True, slots=True)
class Ended:
    """The run is over, well or badly."""

    run: int
    at_ms: int
    status: str


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A promoted model; ``seq`` is the event that made it, by which it is found again."""

    run: int
    seq: int
    version: int
    model: str
    tags: dict[str, str]


@dataclass(frozen=True, slots=True)
class Alias:
    """The alias ``champion`` stands on this version of the session."""

    version: int


@dataclass(frozen=True, slots=True)
class Head:
    """How far the mirror is, as a tag: an anchor outside the session file."""

    seq: int
    head: str


Operation = Run | Param | Metric | Tags | Ended | ModelVersion | Alias | Head

STATUS = {"done": "FINISHED", "failed": "FAILED", "cancelled": "KILLED", "superseded": "KILLED"}


def translate(events: Iterable[ev.Event]) -> Iterator[Operation]:
    """The operations of these events, in order."""
    for event in events:
        yield from _one(event, event.at // 1000)


def _one(event: ev.Event, at_ms: int) -> Iterator[Operation]:
    match event.fact:
        case ev.RunPlanned() as planned:
            tags = {"scanflow.code": planned.code, "scanflow.champion": str(planned.champion)}
            if planned.batch is not None:
                tags["scanflow.batch"] = planned.batch
            yield Run(planned.run, at_ms, tags)
        case ev.AttemptIntended() as intended:
            for name, value in intended.params.items():
                yield Param(intended.run, f"{intended.node}.{name}", str(value)[:500])
        case ev.MetricReported() as metric:
            name = f"{metric.node}.{metric.name}"
            yield Metric(metric.run, name, metric.value, at_ms, metric.step or 0)
        case ev.AttemptEnded(state="done") as ended:
            yield Metric(ended.run, f"{ended.node}.seconds", ended.seconds, at_ms, 0)
        case ev.CheckFound() as check:
            yield from _check(check, at_ms)
        case ev.DecisionTaken() as decision:
            tags = {"scanflow.action": decision.action, "scanflow.decided_by": event.actor}
            yield Tags(decision.run, tags)
        case ev.EvaluationMade() as evaluation:
            yield from _evaluation(evaluation, at_ms)
        case ev.ModelPromoted() as promoted:
            yield from _promotion(event, promoted)
        case ev.ModelRolledBack() as back:
            yield Alias(back.version)
        case ev.RunEnded() as over:
            yield Ended(over.run, at_ms, STATUS.get(over.state, "FINISHED"))
        case _:
            pass


def _check(check: ev.CheckFound, at_ms: int) -> Iterator[Operation]:
    finding = check.finding
    yield Tags(check.run, {"scanflow.verdict": finding.verdict})
    yield Metric(check.run, "check.flagged", float(finding.n_flagged), at_ms, 0)
    if finding.p is not None:
        yield Metric(check.run, "check.p", finding.p, at_ms, 0)


def _evaluation(evaluation: ev.EvaluationMade, at_ms: int) -> Iterator[Operation]:
    for row in evaluation.table.rows:
        yield Metric(evaluation.run, f"{row.data}.before", row.before.value, at_ms, 0)
        yield Metric(evaluation.run, f"{row.data}.after", row.after.value, at_ms, 0)
        if row.no_labels is not None:
            yield Metric(evaluation.run, f"{row.data}.no_labels", row.no_labels.value, at_ms, 0)


def _promotion(event: ev.Event, promoted: ev.ModelPromoted) -> Iterator[Operation]:
    model = promoted.outputs.get("model")
    tags = {
        "scanflow.event_seq": str(event.seq),
        "scanflow.version": str(promoted.version),
        "scanflow.action": promoted.action,
        "scanflow.sha": model.sha if model else "",
    }
    sha = model.sha if model else ""
    yield ModelVersion(promoted.run, event.seq, promoted.version, sha, tags)
    yield Alias(promoted.version)
