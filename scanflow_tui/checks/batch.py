"""Has this batch drifted? An exact test on the conformal p-values of its samples.

The p-values share one calibration set and are dependent, but without drift their joint law is known
and the same for every continuous score: so the null is simulated once for each size and kept. The
promise is for one batch; over a stream of batches the false alarms add up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.special import xlog1py, xlogy

from scanflow_tui.checks.arrays import Floats, Ints, finite
from scanflow_tui.contract.errors import InputError
from scanflow_tui.contract.evidence import Verdict

SAMPLES_MIN = 20
"""Fewer samples get p-values but no verdict."""
CRITICISM_MAX = 50
"""Higher criticism is shown up to this size, where it sees few strange samples best."""
STATISTIC = "min(Fisher, Berk-Jones)"
JOINED = ("fisher", "berk_jones")
CRITICISM = "higher_criticism"
MINIMUM = "minimum"
CELLS_MAX = 4_000_000
"""Cells simulated at once, which bounds memory."""
TOLERANCE = 1e-9
"""Sums that differ by rounding alone count as equal, hence as extreme: the cautious side."""


@dataclass(frozen=True, slots=True)
class NullTable:
    """Simulated values of each statistic without drift, each sorted (draws,).

    One for each (n, m, draws, seed): n samples in the batch, m in the calibration set.
    """

    n: int
    m: int
    draws: int
    seed: int
    values: Mapping[str, Floats]

    def to_arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """The table as named arrays, for one file of arrays."""
        key = np.array([self.n, self.m, self.draws, self.seed], dtype=np.int64)
        return {"key": key, **self.values}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> NullTable:
        """The table that ``to_arrays`` wrote; InputError if something is missing."""
        names = {"key", MINIMUM, *JOINED}
        if not names <= set(arrays) or np.shape(arrays["key"]) != (4,):
            raise InputError("this is no null table", hint="delete it; it is simulated again")
        n, m, draws, seed = (int(part) for part in arrays["key"])
        values = {
            name: np.asarray(values, dtype=np.float64)
            for name, values in arrays.items()
            if name != "key"
        }
        return cls(n, m, draws, seed, values)


@dataclass(frozen=True, slots=True)
class BatchTest:
    """The verdict on one batch; ``p`` is None and ``why`` says the reason when it is ``too_few``.

    ``statistics`` and ``tests`` hold the value and the p-value of each single statistic.
    """

    verdict: Verdict
    p: float | None
    alpha: float
    n: int
    statistics: dict[str, float] = field(default_factory=dict)
    tests: dict[str, float] = field(default_factory=dict)
    why: str = ""


def null_table(n: int, m: int, draws: int = 20_000, seed: int = 0) -> NullTable:
    """Simulate the joint law of n conformal p-values against m calibration scores, without drift.

    All orders of the n + m exchangeable scores are equally likely (Polya urn: Gazin, Blanchard,
    Roquain 2024, arXiv 2310.18108): each draw is a random choice of the batch's places among them.
    """
    if n < 1 or m < 1 or draws < 1:
        raise InputError(f"no null table for n={n}, m={m}, draws={draws}: all must be at least 1")
    rng = np.random.default_rng(seed)
    rows_max = max(1, CELLS_MAX // (n + m))
    parts = [
        statistics(simulated_ranks(n, m, min(rows_max, draws - start), rng), m)
        for start in range(0, draws, rows_max)
    ]
    raw = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    values = {name: np.sort(drawn) for name, drawn in raw.items()}
    # A draw's own place counts among its equals, as it does for the observed batch: see batch_test.
    shares = [at_least(values[name], raw[name]) / (draws + 1) for name in JOINED]
    values[MINIMUM] = np.sort(np.minimum.reduce(shares))
    return NullTable(n, m, draws, seed, values)


def batch_test(p: npt.ArrayLike, table: NullTable | None, alpha: float = 0.01) -> BatchTest:
    """Test a batch's conformal p-values (n,): the smaller p-value of Fisher and Berk-Jones.

    Exact at any ``alpha`` over batch, calibration set and table together: the batch counts as one
    more draw of the null, and its minimum is ranked among the draws' minima. ``table`` is that of
    (n, m), and may be None below 20 samples. Raises InputError if the table does not fit.
    """
    values = finite(p, "p-values")
    n = len(values)
    if n < SAMPLES_MIN:
        why = f"{n} samples: a verdict needs at least {SAMPLES_MIN}"
        return BatchTest("too_few", None, alpha, n, why=why)
    if table is None or table.n != n:
        had = "none" if table is None else f"one for {table.n}"
        raise InputError(f"a batch of {n} needs a null table of its size, there is {had}")
    if alpha * (table.draws + 1) < 1:
        raise InputError(
            f"alpha {alpha:g} is below what {table.draws:,} draws can show",
            hint=f"simulate at least {int(1 / alpha):,} draws",
        )
    observed = statistics(ranks_of(values, table.m)[None], table.m)
    tests = {
        name: float((1 + at_least(table.values[name], observed[name])[0]) / (table.draws + 1))
        for name in observed
    }
    minimum = min(tests[name] for name in JOINED)
    as_small = np.searchsorted(table.values[MINIMUM], minimum + TOLERANCE, side="right")
    combined = float((1 + as_small) / (table.draws + 1))
    shown = {name: float(value[0]) for name, value in observed.items()}
    verdict: Verdict = "drift" if combined <= alpha else "clean"
    return BatchTest(verdict, combined, alpha, n, shown, tests)


def simulated_ranks(n: int, m: int, draws: int, rng: np.random.Generator) -> Ints:
    """For each draw the ascending numbers of calibration scores above each sample: (draws, n)."""
    in_batch = np.zeros((draws, n + m), dtype=np.bool_)
    in_batch[:, :n] = True
    rng.permuted(in_batch, axis=1, out=in_batch)
    places = np.nonzero(in_batch)[1].reshape(draws, n)
    ranks: Ints = places - np.arange(n)
    return ranks


def ranks_of(p: Floats, m: int) -> Ints:
    """The ascending numbers of calibration scores above each sample, from its p-value."""
    scaled = p * (m + 1) - 1
    ranks = np.rint(scaled).astype(np.int64)
    if np.abs(scaled - ranks).max() > 1e-6 or ranks.min() < 0 or ranks.max() > m:
        raise InputError(f"these are no conformal p-values against {m} calibration scores")
    return np.sort(ranks)


def statistics(ranks: Ints, m: int) -> dict[str, Floats]:
    """Each batch statistic (large = drift) of rows of ascending ranks (rows, n): (rows,) each.

    Fisher 1932: -2 sum log p. Berk and Jones 1979: the largest n KL(i/n, p_(i)) over p_(i) < i/n,
    KL between Bernoulli laws. Donoho and Jin 2004: the largest
    sqrt(n) (i/n - p_(i)) / sqrt(p_(i) (1 - p_(i))) over the smaller half.
    """
    n = ranks.shape[1]
    p = np.arange(1, m + 2) / (m + 1)
    share = np.arange(1, n + 1) / n
    log_p, log_rest = np.log(p), np.log(np.maximum(1 - p, np.finfo(np.float64).tiny))
    of_p = log_p[ranks]
    divergence = xlogy(share, share) + xlog1py(1 - share, -share)
    divergence = divergence - share * of_p - (1 - share) * log_rest[ranks]
    divergence[p[ranks] >= share] = 0
    found = {"fisher": -2 * of_p.sum(axis=1), "berk_jones": n * divergence.max(axis=1)}
    if n <= CRITICISM_MAX:
        half = max(1, n // 2)
        smaller = p[ranks[:, :half]]
        deviation = np.sqrt(smaller * (1 - smaller)) + np.finfo(np.float64).tiny
        found[CRITICISM] = np.sqrt(n) * ((share[:half] - smaller) / deviation).max(axis=1)
    return found


def at_least(ordered: Floats, values: Floats) -> Ints:
    """How many of the ascending values are as large as each of these, or larger."""
    below = np.searchsorted(ordered, values - TOLERANCE, side="left")
    counts: Ints = len(ordered) - below
    return counts
