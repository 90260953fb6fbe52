"""What every shipped step does first: threads, determinism, and a paced way to report progress.

Threads come from the step's CPU limit, never from the machine's cores: threads that share a core
spin at barriers and cost more than they bring.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import torch

from scanflow_tui.contract.step import Step

REPORT_EVERY_S = 0.25
LOG_EVERY_S = 1.0


def prepare(step: Step) -> None:
    """Set torch's threads, deterministic algorithms and seed for this process."""
    torch.set_num_threads(step.threads)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(step.seed)
    step.echo = _logged()
    step.echo(f"seed {step.seed}, {step.threads} threads, torch {torch.__version__}")


def _logged() -> Callable[[str], None]:
    """Writes what a step reports to its log too, so that whoever reads only that sees it work.

    A second passes between two lines, but for metrics and last words.
    """
    last_s, last_text = -LOG_EVERY_S, ""

    def echo(text: str) -> None:
        nonlocal last_s, last_text
        now = time.monotonic()
        is_progress = "%" in text and not text.startswith("100%")
        if text != last_text and (now - last_s >= LOG_EVERY_S or not is_progress):
            last_s, last_text = now, text
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()

    return echo


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
