"""Conformal p-values: how strange a sample is among held-out ones, valid for every score and model.

They promise nothing where the calibration set has already chosen a score, a threshold or a
temperature.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scanflow_tui.checks.arrays import Floats, finite


def conformal(calibration: npt.ArrayLike, scores: npt.ArrayLike) -> Floats:
    """p = (1 + number of calibration scores >= s) / (m + 1) for each score s (high = strange).

    Split conformal p-values (Vovk, Gammerman, Shafer 2005; Bates et al. 2023, arXiv 2104.08279).
    Ties count as greater, which is conservative; p is never 0. ``calibration`` (m,) in any order,
    ``scores`` (n,); raises InputError for NaN, infinity or an empty calibration set.
    """
    ordered = np.sort(finite(calibration, "calibration scores", rows_min=1))
    m = len(ordered)
    below = np.searchsorted(ordered, finite(scores, "scores"), side="left")
    p: Floats = (1 + m - below) / (m + 1)
    return p
