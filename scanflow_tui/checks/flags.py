"""Which samples to flag, with a controlled share of false flags among them.

Flags are few: samples that look clean one by one are not flagged although their batch has drifted.
"""

from __future__ import annotations

from math import ceil

import numpy as np
import numpy.typing as npt

from scanflow_tui.checks.arrays import Bools, Ints, finite

ROUNDING = 1e-12
"""A p-value equal to its level but for the last bit is under it."""


def flag(p: npt.ArrayLike, q: float = 0.1) -> Bools:
    """Which p-values (n,) to flag so that on average at most the share q of flags is false.

    Benjamini and Hochberg 1995; holds for conformal p-values (Bates et al. 2023, arXiv 2104.08279).
    """
    values = finite(p, "p-values")
    n = len(values)
    levels = q * np.arange(1, n + 1) / n * (1 + ROUNDING)
    under: Ints = np.flatnonzero(np.sort(values) <= levels)
    flagged: Bools = values <= (levels[under[-1]] if len(under) else -1)
    return flagged


def floor(n: int, m: int, q: float = 0.1) -> int:
    """How many samples must share the smallest possible p-value before any is flagged."""
    return max(1, ceil(n / (q * (m + 1)) / (1 + ROUNDING)))


def floor_sentence(n: int, m: int, q: float = 0.1) -> str:
    """The floor in words, for a batch of n and m calibration samples."""
    least = floor(n, m, q)
    if least == 1:
        return f"with {m} calibration samples a single strange one of {n} can be flagged"
    return (
        f"with {m} calibration samples none of {n} is flagged "
        f"unless at least {least} are stranger than all of them"
    )
