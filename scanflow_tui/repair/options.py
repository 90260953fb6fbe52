"""From what was measured of each repair to a plan that a human can decide on.

*Undecided* is an answer: options that the labels cannot tell apart are not ranked as if they could.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from scanflow_tui.checks.estimate import (
    accuracy,
    fixed_and_broken,
    mcnemar,
    paired_change,
    worst_class,
)
from scanflow_tui.contract.errors import InputError
from scanflow_tui.contract.evidence import (
    Action,
    Baseline,
    Interval,
    Option,
    OptionEvidence,
    Options,
)
from scanflow_tui.repair.gate import CLEAN_DROP_MAX, ROUNDING
from scanflow_tui.repair.words import capital, listed, points, share

LABELS_MIN = 20
"""With fewer labels no repair is measured: half of them train a fold, the others judge it."""
SIGNIFICANCE = 0.05
UNDECIDED = "undecided"
RISK_UNKNOWN = -1.0

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A repair to plan, and what was measured of it.

    ``guesses`` (n,) on the labelled samples by models that did not see the sample's label (folds),
    ``clean_correct`` (k,) on clean data; None where nothing was measured, ``why`` then says why.
    ``seconds`` is what carrying it out takes.
    """

    id: str
    action: Action
    title: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    guesses: npt.ArrayLike | None = None
    clean_correct: npt.ArrayLike | None = None
    seconds: float | None = None
    labels_used: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """An option beside the arrays that compare it with another on the same samples."""

    option: Option
    correct: Bools | None
    accuracy: Interval | None
    risk: float


def rank(
    candidates: Sequence[Candidate],
    *,
    labels: npt.ArrayLike,
    guesses: npt.ArrayLike,
    clean_correct: npt.ArrayLike | None = None,
    ignore_above: float | None = None,
    baseline: Baseline | None = None,
    n_labels_min: int = LABELS_MIN,
) -> Options:
    """The plan: each candidate and *ignore* with evidence, the preferred one first.

    ``labels`` (n,) and ``guesses`` (n,) of the untouched model on the labelled drifted samples,
    ``clean_correct`` (k,) of the untouched model on clean data. ``recommended`` is an option's id;
    or ``undecided`` when the best one's interval overlaps another's and McNemar's exact test does
    not tell them apart: then the one with least risk to clean data stands first. ``ignore`` is
    recommended when the whole interval of its accuracy lies above ``ignore_above``. An option whose
    clean accuracy falls by more than 1 point is never recommended.
    """
    truth, untouched = np.asarray(labels, dtype=np.int64), np.asarray(guesses, dtype=np.int64)
    if truth.ndim != 1 or truth.shape != untouched.shape:
        raise InputError(f"{len(truth)} labels, but {len(untouched)} guesses", where="plan")
    if not any(each.action == "ignore" for each in candidates):
        candidates = [*candidates, Candidate("ignore", "ignore", "ignore")]
    if len({each.id for each in candidates}) < len(candidates):
        raise InputError("two options of the plan have the same id", where="plan")
    measured = [
        measure_ignore(each, truth, untouched, clean_correct)
        if each.action == "ignore"
        else measure(each, truth, untouched, clean_correct, n_labels_min)
        for each in candidates
    ]
    recommended, preferred, sentence, rivals = choose(measured, ignore_above, len(truth))
    measured = [undecided(each, rivals) for each in measured]
    measured.sort(
        key=lambda each: (
            each.option.id != preferred,
            each.option.action == "ignore",
            each.accuracy is None,
            -each.accuracy.value if each.accuracy else 0.0,
        )
    )
    options = tuple(each.option for each in measured)
    return Options(options, baseline, recommended, sentence, len(truth))


def measure(
    candidate: Candidate,
    truth: npt.NDArray[np.int64],
    untouched: npt.NDArray[np.int64],
    clean_before: npt.ArrayLike | None,
    n_labels_min: int,
) -> Measured:
    """A repair's evidence; without enough labels it says how many are missing."""
    evidence, risk = clean_evidence(candidate, clean_before)
    before = untouched == truth
    evidence = replace(evidence, before=accuracy(before) if len(truth) else None)
    missing = n_labels_min - len(truth)
    if missing > 0 or candidate.guesses is None:
        labels = "1 more label" if missing == 1 else f"{missing} more labels"
        why = f"not measurable yet: {labels}" if missing > 0 else candidate.why or "not measured"
        return measured_as(candidate, replace(evidence, why=why), None, None, risk)
    guessed = np.asarray(candidate.guesses, dtype=np.int64)
    if guessed.shape != truth.shape:
        raise InputError(f"{candidate.id}: {len(guessed)} guesses for {len(truth)} labels")
    after: Bools = guessed == truth
    fixed, broken, _ = fixed_and_broken(before, after)
    interval = accuracy(after)
    evidence = replace(
        evidence,
        after=interval,
        worst=worst_class(truth, guessed),
        fixed=fixed,
        broken=broken,
        mcnemar_p=mcnemar(fixed, broken),
    )
    why = "; ".join(filter(None, [f"fixed {fixed}, broke {broken}", cost(evidence), candidate.why]))
    return measured_as(candidate, replace(evidence, why=why), after, interval, risk)


def measure_ignore(
    candidate: Candidate,
    truth: npt.NDArray[np.int64],
    untouched: npt.NDArray[np.int64],
    clean_before: npt.ArrayLike | None,
) -> Measured:
    """What it means to do nothing: the untouched model on the labelled samples."""
    before: Bools = untouched == truth
    n = len(truth)
    interval = accuracy(before) if n else None
    clean = None if clean_before is None else accuracy(clean_before)
    evidence = OptionEvidence(
        before=interval,
        after=None,
        clean_before=clean,
        clean_after=clean,
        worst=worst_class(truth, untouched),
        why=f"{n - int(before.sum())} of {n} wrong" if n else "no label yet",
    )
    return measured_as(candidate, evidence, before if n else None, interval, 0.0)


def clean_evidence(
    candidate: Candidate, clean_before: npt.ArrayLike | None
) -> tuple[OptionEvidence, float]:
    """Evidence on clean data, and the risk: the lower limit of its change, in -1..1."""
    evidence = OptionEvidence(
        before=None,
        after=None,
        clean_before=None if clean_before is None else accuracy(clean_before),
        clean_after=None,
        seconds=candidate.seconds,
        labels_used=candidate.labels_used,
    )
    if clean_before is None or candidate.clean_correct is None:
        return evidence, RISK_UNKNOWN
    change = paired_change(clean_before, candidate.clean_correct)
    warnings: tuple[str, ...] = ()
    if harms(change):
        lost = points(-change.value).lstrip("+")
        warnings = (f"clean accuracy falls by {lost} points: promotion would be refused",)
    after = accuracy(candidate.clean_correct)
    evidence = replace(evidence, clean_after=after, clean_change=change, warnings=warnings)
    return evidence, change.low


def harms(change: Interval | None) -> bool:
    """Whether clean accuracy falls by more than the gate allows."""
    return change is not None and change.value < -CLEAN_DROP_MAX - ROUNDING


def cost(evidence: OptionEvidence) -> str:
    """What an option costs, in words: time, labels, and the most it could lose on clean data."""
    parts = []
    if evidence.seconds is not None:
        parts.append(f"about {evidence.seconds:.0f} s" if evidence.seconds >= 1 else "ready")
    if evidence.labels_used:
        parts.append(f"{evidence.labels_used} labels")
    if evidence.clean_change is not None:
        lost = points(max(0.0, -evidence.clean_change.low)).lstrip("+")
        parts.append(f"could lose up to {lost} points on clean data")
    return ", ".join(parts)


def measured_as(
    candidate: Candidate,
    evidence: OptionEvidence,
    correct: Bools | None,
    interval: Interval | None,
    risk: float,
) -> Measured:
    """The candidate as an option of the plan."""
    option = Option(
        candidate.id, candidate.action, candidate.title, dict(candidate.parameters), evidence
    )
    return Measured(option, correct, interval, risk)


def choose(
    measured: Sequence[Measured], ignore_above: float | None, n_labels: int
) -> tuple[str, str, str, list[Measured]]:
    """What to recommend, what to put first, why in a sentence, and what cannot be told apart."""
    ignore = next(each for each in measured if each.option.action == "ignore")
    repairs = [each for each in measured if each.option.action != "ignore"]
    if ignore.accuracy and ignore_above is not None and ignore.accuracy.low > ignore_above:
        low, limit = share(ignore.accuracy.low), share(ignore_above)
        sentence = f"Ignore: accuracy is at least {low} as it is, above the {limit} asked for."
        return ignore.option.id, ignore.option.id, sentence, []
    if not any(each.accuracy for each in repairs):
        why = repairs[0].option.evidence.why if repairs else "no repair was measured"
        return UNDECIDED, "", f"Undecided: {why}.", []
    rest = [each for each in repairs if not harms(each.option.evidence.clean_change)]
    contenders = [each for each in [*rest, ignore] if each.accuracy]
    best = max(contenders, key=lambda each: (value(each), each.risk))
    rivals = [each for each in contenders if each is not best and not told_apart(best, each)]
    on = f"on {n_labels} labelled samples"
    if not rivals:
        after = share(value(best))
        sentence = f"{capital(best.option.title)}: {share(value(ignore))} → {after} {on}."
        if best is ignore:
            sentence = f"Ignore: {after} {on}, and no repair that spares clean data is better."
        return best.option.id, best.option.id, sentence, []
    alike = [best, *rivals]
    safest = max(alike, key=lambda each: (each.risk, value(each)))
    titles = listed([each.option.title for each in alike])
    sentence = (
        f"Undecided between {titles}: {n_labels} labels do not tell them apart; "
        f"{safest.option.title} has the least risk to clean data."
    )
    return UNDECIDED, safest.option.id, sentence, alike


def told_apart(first: Measured, second: Measured) -> bool:
    """Whether their intervals lie apart, or McNemar's exact test is significant."""
    assert first.accuracy and second.accuracy
    assert first.correct is not None and second.correct is not None
    if first.accuracy.low > second.accuracy.high or second.accuracy.low > first.accuracy.high:
        return True
    fixed, broken, _ = fixed_and_broken(first.correct, second.correct)
    return mcnemar(fixed, broken) <= SIGNIFICANCE


def undecided(each: Measured, rivals: Sequence[Measured]) -> Measured:
    """The same with the titles of those it cannot be told from."""
    if each not in rivals:
        return each
    others = listed([other.option.title for other in rivals if other is not each])
    evidence = replace(each.option.evidence, undecided_against=others)
    return replace(each, option=replace(each.option, evidence=evidence))


def value(each: Measured) -> float:
    """The accuracy of an option that has one."""
    assert each.accuracy
    return each.accuracy.value
