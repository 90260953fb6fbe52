"""Waiting for a condition, with a deadline that only a defect reaches."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

DEADLINE_S = 60.0
PAUSE_S = 0.005
T = TypeVar("T")


def until(look: Callable[[], T | None], what: str, deadline_s: float = DEADLINE_S) -> T:
    """The first true answer of ``look``; fails with ``what`` was waited for."""
    end_s = time.monotonic() + deadline_s
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end_s:
            raise AssertionError(f"waited {deadline_s:.0f} s for {what}")
        time.sleep(PAUSE_S)
