"""The evaluation of a candidate: before and after on the same samples, with what no label did.

Its samples chose nothing: neither the action, nor a weight, nor a threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scanflow_tui.checks.estimate import accuracy, paired_change, worst_class
from scanflow_tui.contract.errors import InputError
from scanflow_tui.contract.evidence import Action, Table, TableRow
from scanflow_tui.repair.gate import CLEAN_DROP_MAX, gate
from scanflow_tui.repair.words import capital, change, share

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Population:
    """Samples of one kind with their true labels and each model's guesses, (n,) each.

    ``no_labels`` are the guesses of the untouched model with batch-norm statistics re-estimated on
    the drifted batch: what needs no label. ``ids`` name the samples.
    """

    name: str
    labels: npt.ArrayLike
    before: npt.ArrayLike
    after: npt.ArrayLike
    no_labels: npt.ArrayLike | None = None
    ids: Sequence[str] = ()


def table(
    *,
    clean: Population,
    drifted: Population | None,
    action: Action,
    candidate: str,
    n_classes: int,
    clean_drop_max: float = CLEAN_DROP_MAX,
) -> Table:
    """The evaluation of a candidate on clean data and, if there are any, drifted audit samples.

    Confusions (rows: true class) and ids are those of the drifted samples; without an audit, those
    of the clean ones. Raises InputError for sizes or classes that do not fit.
    """
    if drifted is not None and not np.size(drifted.labels):
        drifted = None
    populations = [clean] if drifted is None else [drifted, clean]
    for population in populations:
        refuse_misfit(population, n_classes)
    rows = tuple(row(population) for population in populations)
    shown = populations[0]
    right_before, right_after = correct(shown, shown.before), correct(shown, shown.after)
    return Table(
        rows=rows,
        gate=gate(
            None if drifted is None else correct(drifted, drifted.before),
            None if drifted is None else correct(drifted, drifted.after),
            correct(clean, clean.before),
            correct(clean, clean.after),
            clean_drop_max,
        ),
        action=action,
        candidate=candidate,
        confusion_before=confusion(shown.labels, shown.before, n_classes),
        confusion_after=confusion(shown.labels, shown.after, n_classes),
        now_right=named(shown, ~right_before & right_after),
        newly_wrong=named(shown, right_before & ~right_after),
        still_wrong=named(shown, ~right_before & ~right_after),
        sentence="; ".join(row_sentence(each) for each in rows) + ".",
    )


def row(population: Population) -> TableRow:
    """One line of the table, change and interval paired on the same samples.

    Wilson's interval also for the audit share: it is drawn in proportion from strata, which can
    only make the estimate better than the interval says.
    """
    before, after = correct(population, population.before), correct(population, population.after)
    baseline = population.no_labels
    return TableRow(
        data=population.name,
        before=accuracy(before),
        no_labels=None if baseline is None else accuracy(correct(population, baseline)),
        after=accuracy(after),
        delta=paired_change(before, after),
        worst_before=worst_class(population.labels, population.before),
        worst_after=worst_class(population.labels, population.after),
    )


def row_sentence(found: TableRow) -> str:
    """One line of the table in words."""
    accuracies = f"{share(found.before.value)} → {share(found.after.value)}"
    return f"{capital(found.data)} {accuracies}, {change(found.delta)}"


def correct(population: Population, guesses: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Which guesses (n,) are right."""
    right: npt.NDArray[np.bool_] = np.asarray(guesses) == np.asarray(population.labels)
    return right


def confusion(
    labels: npt.ArrayLike, guesses: npt.ArrayLike, n_classes: int
) -> tuple[tuple[int, ...], ...]:
    """How often each class (row) was guessed as each class (column)."""
    counts = np.zeros((n_classes, n_classes), dtype=np.int64)
    np.add.at(counts, (np.asarray(labels), np.asarray(guesses)), 1)
    return tuple(tuple(line) for line in counts.tolist())


def named(population: Population, chosen: npt.NDArray[np.bool_]) -> tuple[str, ...]:
    """Ids of the chosen samples, if the population has ids."""
    if not population.ids:
        return ()
    return tuple(population.ids[place] for place in np.flatnonzero(chosen).tolist())


def refuse_misfit(population: Population, n_classes: int) -> None:
    """Refuse a population that is empty, whose parts differ in size, or that has odd classes."""
    n = np.size(population.labels)
    parts = [population.labels, population.before, population.after]
    parts += [] if population.no_labels is None else [population.no_labels]
    where = f"evaluation on {population.name} data"
    if not n:
        raise InputError("there is no labelled sample", where=where)
    if {np.shape(part) for part in parts} != {(n,)} or len(population.ids) not in {0, n}:
        raise InputError("labels, guesses and ids differ in number", where=where)
    for part in parts:
        values: Ints = np.asarray(part)
        if not np.issubdtype(values.dtype, np.integer) or values.min() < 0:
            raise InputError("labels and guesses must be class indices", where=where)
        if values.max() >= n_classes:
            raise InputError(f"class {values.max()} is not one of {n_classes}", where=where)
