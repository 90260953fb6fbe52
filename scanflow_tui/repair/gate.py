"""May a candidate be promoted? Refusals forbid it, warnings are said to the human who decides.

It never judges by labels that chose or trained the candidate: only audit and clean data come in.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scanflow_tui.checks.estimate import paired_change
from scanflow_tui.contract.evidence import Gate
from scanflow_tui.repair.words import change, points

CLEAN_DROP_MAX = 0.01
ROUNDING = 1e-9


def gate(
    audit_before: npt.ArrayLike | None,
    audit_after: npt.ArrayLike | None,
    clean_before: npt.ArrayLike,
    clean_after: npt.ArrayLike,
    clean_drop_max: float = CLEAN_DROP_MAX,
) -> Gate:
    """Judge a candidate by which guesses were correct before and after, on the same samples.

    Refuses when the accuracy on audit samples (n,) falls, or that on clean data (k,) falls by more
    than ``clean_drop_max``, both as estimated; warns when a gain may be chance, when a harm beyond
    the limit is possible, and when there is no audit (None or empty).
    """
    refusals, warnings = [], []
    if audit_before is None or audit_after is None or not np.size(audit_before):
        warnings.append("No audit sample has a label: nothing proves a gain on drifted data.")
    else:
        gain = paired_change(audit_before, audit_after)
        if gain.value < 0:
            refusals.append(f"Accuracy on the drifted audit samples falls: {change(gain)}.")
        elif gain.low <= 0:
            warnings.append(f"The gain on drifted data may be chance: {change(gain)}.")
    clean = paired_change(clean_before, clean_after)
    limit = f"{points(clean_drop_max).lstrip('+')} points"
    if clean.value < -clean_drop_max - ROUNDING:
        refusals.append(f"Accuracy on clean data falls by more than {limit}: {change(clean)}.")
    elif clean.low < -clean_drop_max:
        warnings.append(f"A loss of more than {limit} on clean data is possible: {change(clean)}.")
    return Gate(not refusals, tuple(refusals), tuple(warnings))
