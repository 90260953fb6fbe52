"""Watches open attempts: one question to the engine for all, reports read from where they were.

Only changes become stimuli. Progress and vitals are shown and not stored, but for one sample of a
running attempt every 10 s. It concludes nothing from what it does not see.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from scanflow_tui.contract import limits
from scanflow_tui.contract.records import dataclass, field
from scanflow_tui.contract.step import REPORT_FILE
from scanflow_tui.engine.protocol import (
    Absent,
    Engine,
    Exited,
    Observation,
    Reachable,
    Running,
    Vital,
    Watched,
)
from scanflow_tui.supervisor.machine.reports import Tail
from scanflow_tui.supervisor.machine.stimuli import (
    EngineObserved,
    Observed,
    Reported,
    Sampled,
    Stimulus,
)

POLL_FAST_S = 0.05
POLL_HINTED_S = 0.2
POLL_SLOW_S = 0.5
SLOWER = 1.25
VITALS_S = 0.25
REPORT_S = 1.0
READ_BYTES = limits.MIB


@dataclass(slots=True)
class Seen:
    """What is known of one open attempt."""

    folder: Path
    tail: Tail
    observation: Observation | None = None
    vital: Vital | None = None
    reported_s: float = float("-inf")
    sampled_s: float = float("-inf")


@dataclass(slots=True)
class Open:
    """An attempt to watch: its folder, and what of its report is in the log already."""

    folder: Path
    n_metrics: int
    n_messages: int


@dataclass(slots=True)
class Watch:
    """The watcher's memory. ``poll`` blocks, so the shell calls it in a thread, one at a time."""

    engine: Engine
    seen: dict[str, Seen] = field(default_factory=dict)
    reachable: Reachable = field(default_factory=lambda: Reachable(True))
    fast_s: float = POLL_FAST_S
    """Between two looks while something happens; more where the engine hints at what ends."""
    pause_s: float = POLL_FAST_S
    _vitals_s: float = float("-inf")

    def follow(self, attempts: dict[str, Open]) -> None:
        """Watch these and no others."""
        for name in list(self.seen):
            if name not in attempts:
                del self.seen[name]
        for name, known in attempts.items():
            if name not in self.seen:
                self.seen[name] = Seen(known.folder, Tail(known.n_metrics, known.n_messages))
                self.pause_s = self.fast_s

    def poll(
        self, now_s: float, ask: Callable[[dict[str, str]], Watched] | None = None
    ) -> list[Stimulus]:
        """Ask once about all; what changed, as stimuli. ``now_s`` is a monotonic clock."""
        attempts = {name: str(seen.folder) for name, seen in list(self.seen.items())}
        watched = (ask or self.engine.watch)(attempts)
        stimuli: list[Stimulus] = []
        if watched.engine != self.reachable:
            self.reachable = watched.engine
            stimuli.append(EngineObserved(watched.engine))
        reachable = self.reachable.reachable
        if reachable and now_s - self._vitals_s >= VITALS_S:
            self._vitals_s = now_s
            self._ask_vitals()
        for name, seen in list(self.seen.items()):
            stimuli += _report(name, seen, now_s)
            if reachable:
                stimuli += _sample(name, seen, now_s)
            observation = watched.seen.get(name)
            if observation is not None and observation != seen.observation:
                seen.observation = observation
                stimuli.append(Observed(name, observation))
        quiet = not any(isinstance(item, Observed | Reported) for item in stimuli)
        self.pause_s = min(POLL_SLOW_S, self.pause_s * SLOWER) if quiet else self.fast_s
        return stimuli

    def note(self, name: str, observation: Observation) -> None:
        """The engine told this by itself: it is no news at the next look."""
        seen = self.seen.get(name)
        if seen is not None:
            seen.observation = observation

    def look_again(self, name: str) -> None:
        """Tell what is seen next even if it is what was seen before: an attempt that never
        started does not change when it is cancelled.
        """
        seen = self.seen.get(name)
        if seen is not None:
            seen.observation = None
            self.pause_s = self.fast_s

    def vitals(self) -> dict[str, Any]:
        """What runs now, by engine name, as it travels."""
        return {
            name: {"progress": seen.tail.progress, "text": seen.tail.text}
            | (asdict(seen.vital) if seen.vital else {})
            for name, seen in self.seen.items()
            if isinstance(seen.observation, Running)
        }

    def tail_of(self, name: str) -> Tail | None:
        """The report of an attempt as far as it was read; the caller reads the rest."""
        seen = self.seen.pop(name, None)
        return seen.tail if seen is not None else None

    def _ask_vitals(self) -> None:
        running = {
            name: str(seen.folder)
            for name, seen in list(self.seen.items())
            if isinstance(seen.observation, Running)
        }
        if running:
            for name, vital in self.engine.vitals(running).items():
                seen = self.seen.get(name)
                if seen is not None:
                    seen.vital = vital


def read_report(folder: Path, tail: Tail, *, ended: bool = False) -> None:
    """Read on in a report, up to its limit; a report that is not there says nothing."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        handle = os.open(folder / REPORT_FILE, flags)
    except OSError:
        return
    with os.fdopen(handle, "rb", buffering=0) as file:
        while tail.offset < limits.REPORT_BYTES_MAX:
            before = tail.offset
            data = os.pread(file.fileno(), READ_BYTES, tail.offset)
            is_last = len(data) < READ_BYTES
            if data:
                tail.feed(data, ended=ended and is_last)
            if is_last or tail.offset == before:
                return


def _report(name: str, seen: Seen, now_s: float) -> list[Stimulus]:
    """New lines, at most 10 metrics a second."""
    if isinstance(seen.observation, Exited | Absent):
        return []
    read_report(seen.folder, seen.tail)
    if not seen.tail.waits or now_s - seen.reported_s < REPORT_S:
        return []
    seen.reported_s = now_s
    return [Reported(name, *seen.tail.take(limits.REPORT_EVENTS_PER_S_MAX))]


def _sample(name: str, seen: Seen, now_s: float) -> list[Stimulus]:
    if not isinstance(seen.observation, Running) or seen.vital is None:
        return []
    if now_s - seen.sampled_s < limits.VITAL_SAMPLE_S:
        return []
    seen.sampled_s = now_s
    vital, tail = seen.vital, seen.tail
    return [Sampled(name, tail.progress, tail.text, vital.cpu_s, vital.rss_bytes, vital.log_bytes)]
