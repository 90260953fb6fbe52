"""What a step says in its report file, line by line: progress, metrics, messages, an error. Pure.

A line that is no JSON object, too long, or holds what is not a finite number is left out, and
counted. Metrics beyond the rate are coalesced: one event stands for several, and says for how many.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

from scanflow_tui.contract import limits
from scanflow_tui.contract.records import dataclass, field
from scanflow_tui.session.events import StepError

TEXT_CHARS_MAX = 500
NAME_CHARS_MAX = 100
MESSAGES_MAX = 1000
NAMES_MAX = 100
WHOLE_MAX = 2**53

Metric = tuple[str, float, int | None]
Counted = tuple[str, float, int | None, int]
"""(name, value, step, how many more it stands for)"""
Message = tuple[str, str, str]
"""(topic, receiver, text)"""


@dataclass(slots=True)
class Tail:
    """How far one report was read, and what of it was not handed on yet.

    ``n_metrics`` and ``n_messages`` were handed on already, by this supervisor or an earlier one.
    """

    n_metrics: int = 0
    n_messages: int = 0
    offset: int = 0
    progress: float | None = None
    text: str = ""
    error: StepError | None = None
    n_bad: int = 0
    metrics: list[Metric] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    _seen_metrics: int = 0
    _seen_messages: int = 0

    def feed(self, data: bytes, *, ended: bool = False) -> None:
        """Take bytes from ``offset`` on; a last line without its end waits, unless it ``ended``."""
        whole, mark, rest = data.rpartition(b"\n")
        if ended and rest:
            whole, mark, rest = data, b"", b""
        elif not mark:
            if len(data) > limits.REPORT_LINE_BYTES_MAX:
                self.offset += len(data)
                self.n_bad += 1
            return
        self.offset += len(whole) + len(mark)
        for line in whole.split(b"\n"):
            if line.strip():
                self._line(line)

    def _line(self, line: bytes) -> None:
        said = None if len(line) > limits.REPORT_LINE_BYTES_MAX else _object(line)
        if said is None:
            self.n_bad += 1
            return
        if "progress" in said:
            share = finite(said["progress"])
            self.progress = self.progress if share is None else min(1.0, max(0.0, share))
            self.text = clean(said.get("text", ""), TEXT_CHARS_MAX)
        if "metric" in said:
            self._metric(said)
        if "message" in said and self._seen_messages < MESSAGES_MAX:
            self._seen_messages += 1
            if self._seen_messages > self.n_messages:
                topic = clean(said["message"], NAME_CHARS_MAX)
                receiver = clean(said.get("to", ""), NAME_CHARS_MAX)
                self.messages.append((topic, receiver, clean(said.get("text", ""), TEXT_CHARS_MAX)))
        if isinstance(said.get("error"), dict):
            told = said["error"]
            words = (clean(told.get(key, ""), TEXT_CHARS_MAX) for key in ("what", "where", "hint"))
            self.error = StepError(*words)

    def _metric(self, said: dict[str, Any]) -> None:
        value = finite(said.get("value"))
        if value is None:
            self.n_bad += 1
            return
        self._seen_metrics += 1
        if self._seen_metrics > self.n_metrics:
            step = said.get("step")
            whole = None
            if isinstance(step, int) and not isinstance(step, bool) and abs(step) <= WHOLE_MAX:
                whole = step
            self.metrics.append((clean(said["metric"], NAME_CHARS_MAX), value, whole))

    def take(self, n_max: int) -> tuple[int, tuple[Counted, ...], int, tuple[Message, ...]]:
        """Hand on what waits: first metric, at most ``n_max`` of them, first message, messages."""
        first, first_message = self.n_metrics, self.n_messages
        metrics = coalesce(self.metrics, n_max)
        messages = tuple(self.messages)
        self.n_metrics += len(self.metrics)
        self.n_messages += len(messages)
        self.metrics.clear()
        self.messages.clear()
        return first, metrics, first_message, messages

    @property
    def waits(self) -> bool:
        """Whether something was not handed on."""
        return bool(self.metrics or self.messages)


def coalesce(metrics: Iterable[Metric], n_max: int) -> tuple[Counted, ...]:
    """At most ``n_max`` metrics (at least one a name): of each name, evenly spread, the last kept.

    The counts add up: each stands for itself and ``coalesced`` earlier ones of its name.
    """
    given = list(metrics)
    if len(given) <= n_max:
        return tuple((name, value, step, 0) for name, value, step in given)
    by_name: dict[str, list[Metric]] = {}
    for metric in given:
        name = (
            metric[0] if metric[0] in by_name or len(by_name) < NAMES_MAX else next(iter(by_name))
        )
        by_name.setdefault(name, []).append(metric)
    share = max(1, n_max // len(by_name))
    kept: list[Counted] = []
    for values in by_name.values():
        n_parts = min(share, len(values))
        ends = [len(values) * (part + 1) // n_parts for part in range(n_parts)]
        for start, end in zip([0, *ends], ends, strict=False):
            name, value, step = values[end - 1]
            kept.append((name, value, step, end - start - 1))
    return tuple(kept)


def finite(value: Any) -> float | None:
    """A finite number as a float, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def clean(value: Any, chars_max: int) -> str:
    """A short text that UTF-8 can hold, without control characters."""
    text = value if isinstance(value, str) else json.dumps(value)
    text = text[:chars_max].encode("utf-8", "replace").decode("utf-8")
    return "".join(
        char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in text
    )


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None
