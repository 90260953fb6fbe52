"""Shares, p-values, intervals and changes as people read them: ``.41``, ``+.12 ±.05``."""

from __future__ import annotations

from scanflow_tui.contract.evidence import Interval


def share(value: float | None) -> str:
    """A number in 0..1 with two decimals and no leading zero; ``—`` where there is none."""
    if value is None:
        return "—"
    return f"{value:.2f}".removeprefix("0") if abs(value) < 1 else f"{value:.2f}"


def p_value(p: float | None) -> str:
    """A p-value with as many decimals as it needs; below .0001 only that."""
    if p is None:
        return "—"
    if p < 0.0001:
        return "< .0001"
    digits = 4 if p < 0.001 else 3 if p < 0.1 else 2
    return f"{p:.{digits}f}".removeprefix("0")


def half_width(interval: Interval) -> str:
    """``±.09``: half the interval's width."""
    return f"±{share((interval.high - interval.low) / 2)}"


def change(interval: Interval | None) -> str:
    """A difference with its sign and its interval: ``+.12 ±.05``."""
    if interval is None:
        return "—"
    sign = "+" if interval.value > 0.005 else "-" if interval.value < -0.005 else ""
    return f"{sign}{share(abs(interval.value))} {half_width(interval)}"


def count(number: int, one: str, many: str = "") -> str:
    """``1 label``, ``2 labels``, ``1,000 labels``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def seconds(value: float | None) -> str:
    """A time that was estimated: ``~12 s``, ``~3 min``, ``ready``, ``—``."""
    if value is None:
        return "—"
    if value < 1:
        return "ready"
    return f"~{value:.0f} s" if value < 120 else f"~{value / 60:.0f} min"
