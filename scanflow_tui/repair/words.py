"""Accuracies, changes and costs as people read them. Words only, no rules."""

from __future__ import annotations

from collections.abc import Sequence

from scanflow_tui.contract.evidence import Interval


def share(value: float) -> str:
    """An accuracy in two digits: ``.52``, ``1.00``."""
    text = f"{value:.2f}"
    return text[1:] if text.startswith("0.") else text


def points(change: float) -> str:
    """A change of accuracy in points: ``+41.0``, ``-0.3``, ``0.0``."""
    rounded = round(100 * change, 1)
    return f"{rounded:+.1f}" if rounded else "0.0"


def change(interval: Interval) -> str:
    """A change of accuracy with its interval and size: ``+5.0 points (-2.1 to +9.8, n 20)``."""
    between = f"{points(interval.low)} to {points(interval.high)}"
    return f"{points(interval.value)} points ({between}, n {interval.n})"


def listed(names: Sequence[str]) -> str:
    """Names as a sentence lists them: ``a``, ``a and b``, ``a, b and c``."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def capital(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]
