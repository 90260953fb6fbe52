"""The checker's finding: scores, p-values, flags and verdict put together for people and planners.

It states what the tests found and computes no verdict of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from scanflow_tui.checks.arrays import Bools, Floats, Ints, finite
from scanflow_tui.checks.batch import STATISTIC, BatchTest
from scanflow_tui.checks.flags import floor, floor_sentence
from scanflow_tui.contract.errors import InputError
from scanflow_tui.contract.evidence import ClassRow, Finding, Histogram

HISTOGRAM_BINS = 64
P_BINS = 20
SPREADS_SHOWN = 10
"""A histogram reaches this many spreads (90th percentile minus median) from the median held out."""


def finding(
    *,
    p: npt.ArrayLike,
    flagged: npt.ArrayLike,
    guesses: npt.ArrayLike,
    test: BatchTest,
    n_calibration: int,
    flag_share: float = 0.1,
    scores: Mapping[str, tuple[npt.ArrayLike, npt.ArrayLike]] | None = None,
    slices: Mapping[str, str] | None = None,
) -> Finding:
    """The finding about one batch of n samples.

    ``p``, ``flagged`` and ``guesses`` (predicted classes) are (n,); ``scores`` maps a score's name
    to its values held out (m,) and in the batch (n,); ``slices`` maps the name of a calibration
    slice to its SHA-256 (see ``slice_hash``); ``flag_share`` is the share of false flags allowed.
    Raises InputError if the sizes differ.
    """
    values = finite(p, "p-values")
    marks = np.asarray(flagged, dtype=np.bool_)
    classes: Ints = np.asarray(guesses, dtype=np.int64)
    if not len(values) == len(marks) == len(classes) == test.n:
        raise InputError("p-values, flags, guesses and verdict are not of one batch")
    n_flagged = int(marks.sum())
    return Finding(
        verdict=test.verdict,
        n=test.n,
        alpha=test.alpha,
        p=test.p,
        statistic=STATISTIC,
        n_calibration=n_calibration,
        n_flagged=n_flagged,
        flag_share=flag_share,
        histograms=tuple(
            histogram(name, held_out, batch) for name, (held_out, batch) in (scores or {}).items()
        ),
        p_values=p_counts(values),
        classes=class_rows(classes, marks, values),
        tests=dict(test.tests),
        slices=dict(slices or {}),
        sentence=sentence(test, n_flagged, n_calibration, flag_share),
    )


def histogram(name: str, held_out: npt.ArrayLike, batch: npt.ArrayLike) -> Histogram:
    """Counts of one score held out and in the batch, over the same 64 bins.

    The edges cover all held-out values; what lies far beyond them is counted in the outermost bins,
    or a few wild samples would press all others into one bin.
    """
    reference = finite(held_out, f"held-out values of {name}", rows_min=1)
    values = finite(batch, f"values of {name}")
    everything = np.concatenate([reference, values])
    median, upper = np.quantile(reference, [0.5, 0.9])
    reach = SPREADS_SHOWN * (upper - median)
    low = max(everything.min(), min(reference.min(), median - reach))
    high = min(everything.max(), max(reference.max(), median + reach))
    if not low < high:
        low, high = low - 0.5, low + 0.5
    edges = np.linspace(low, high, HISTOGRAM_BINS + 1)
    return Histogram(name, tuple(edges.tolist()), binned(reference, edges), binned(values, edges))


def binned(values: Floats, edges: Floats) -> tuple[int, ...]:
    """How many values are in each bin, those outside in the outermost."""
    return tuple(np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0].tolist())


def p_counts(p: Floats) -> tuple[int, ...]:
    """How many p-values are in each of 20 equal bins (low, high] of 0..1."""
    bins = np.clip(np.ceil(p * P_BINS - 1e-9) - 1, 0, P_BINS - 1).astype(np.int64)
    return tuple(np.bincount(bins, minlength=P_BINS).tolist())


def class_rows(classes: Ints, flagged: Bools, p: Floats) -> tuple[ClassRow, ...]:
    """What the check saw of each predicted class that occurs."""
    rows = []
    for label in np.unique(classes):
        of_class = classes == label
        rows.append(
            ClassRow(
                label=int(label),
                n=int(of_class.sum()),
                flagged=int(flagged[of_class].sum()),
                median_p=float(np.median(p[of_class])),
            )
        )
    return tuple(rows)


def sentence(test: BatchTest, n_flagged: int, m: int, q: float) -> str:
    """The finding in one sentence."""
    if test.p is None:
        return f"No verdict on {test.why}; {n_flagged} flagged."
    found = {"drift": "Drift", "clean": "Nothing unusual"}[test.verdict]
    said = f"{found} in {test.n} samples: {p_text(test.p)}, alarm limit {number(test.alpha)}"
    if n_flagged:
        return f"{said}; {n_flagged} flagged."
    if test.verdict == "drift" and floor(test.n, m, q) > 1:
        return f"{said}; none flagged ({floor_sentence(test.n, m, q)})."
    if test.verdict == "drift":
        return f"{said}; none flagged, as no single sample stands out."
    return f"{said}."


def p_text(p: float) -> str:
    """A p-value as people read it: ``p = .03``, ``p < .001``."""
    return "p < .001" if p < 0.001 else f"p = {number(p)}"


def number(value: float) -> str:
    """A probability in two significant digits, without its leading zero."""
    text = f"{value:.2g}"
    return text[1:] if text.startswith("0.") else text


def slice_hash(samples: npt.NDArray[np.generic]) -> str:
    """SHA-256 of an array's type, shape and values: which calibration slice was used."""
    digest = sha256(f"{samples.dtype.str} {samples.shape} ".encode())
    digest.update(np.ascontiguousarray(samples).tobytes())
    return digest.hexdigest()
