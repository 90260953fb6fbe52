"""What every check asks of its arrays first: the right number of axes, and finite numbers.

NaN compares false with everything and would become a p-value of 1 or 1/(m+1) by accident, so it is
refused before anything is computed.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scanflow_tui.contract.errors import InputError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def finite(values: npt.ArrayLike, name: str, *, axes: int = 1, rows_min: int = 0) -> Floats:
    """The values as float64 with this many axes; InputError names what is wrong with ``name``."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != axes:
        raise InputError(f"{name} has {array.ndim} axes, expected {axes}", where="check")
    if len(array) < rows_min:
        raise InputError(
            f"{name} has {len(array)} rows, expected at least {rows_min}", where="check"
        )
    bad = ~np.isfinite(array)
    if bad.any():
        row = int(np.argwhere(bad)[0][0])
        raise InputError(
            f"{name} holds {int(bad.sum())} values that are NaN or infinite, first in row {row}",
            where="check",
            hint="look at that image, and at the model's weights",
        )
    return array
