"""What every shipped step does first: threads, determinism, and a paced way to report progress.

Threads come from the step's CPU limit, never from the machine's cores: threads that share a core
spin at barriers and cost more than they bring.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from scanflow_tui.contract.step import Step

REPORT_EVERY_S = 0.25


def prepare(step: Step) -> None:
    """Set torch's threads, deterministic algorithms and seed for this process."""
    torch.set_num_threads(step.threads)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(step.seed)


def paced(step: Step, start: float = 0.0, end: float = 1.0) -> Callable[[float, str], None]:
    """A progress function for a part of the step, from ``start`` to ``end`` of the whole.

    It may be called as often as one likes; it reports four times a second, and its last word.
    """
    last = -REPORT_EVERY_S

    def progress(share: float, text: str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= REPORT_EVERY_S or share >= 1:
            last = now
            step.progress(start + (end - start) * share, text)

    return progress
