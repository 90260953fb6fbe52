"""An engine in memory that does only what the test says: nothing moves by itself, nothing is timed.

``World`` is what a real engine keeps outside its process; a second ``FakeEngine`` over the same
world is the engine after a restart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from scanflow_tui.contract.loglines import Encoder, Stream
from scanflow_tui.engine.protocol import (
    Absent,
    Accepted,
    Capacity,
    Exited,
    Hit,
    LogChunk,
    Lost,
    Observation,
    Queued,
    Reachable,
    Running,
    Spec,
    StartRefused,
    StartUnknown,
    Vital,
    Watched,
)

START_US = 1_764_064_000_000_000
STEP_US = 1_000
SIGTERM = 15
SIGKILL = 9


@dataclass
class Attempt:
    """One attempt as the world holds it."""

    spec: Spec
    observation: Observation
    log: bytes = b""
    encoder: Encoder = field(default_factory=Encoder)
    vital: Vital | None = None
    ignores_term: bool = False


@dataclass
class World:
    """What outlives the engine object. ``started`` holds each name once for each true start."""

    attempts: dict[str, Attempt] = field(default_factory=dict)
    started: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    engine: Reachable = field(default_factory=lambda: Reachable(True))
    now_us: int = START_US

    def tick_us(self) -> int:
        """A clock that moves only when it is looked at."""
        self.now_us += STEP_US
        return self.now_us


class FakeEngine:
    """The engine protocol, played by a test.

    ``on_start`` is called with each true start, after it is recorded: there a test writes outputs
    into the attempt's folder, or ends the attempt at once.
    """

    name = "fake"

    def __init__(
        self,
        world: World | None = None,
        *,
        on_start: Callable[[FakeEngine, Spec], None] | None = None,
        queues: bool = False,
    ) -> None:
        self.world = world or World()
        self.on_start = on_start
        self.queues = queues
        self.refuse_next = ""
        self.lose_reply_next = ""

    # what a test does

    def claim(self, name: str) -> None:
        """A queued attempt begins."""
        self.world.attempts[name].observation = Running(self.world.tick_us())

    def write(self, name: str, stream: Stream, data: bytes) -> None:
        """The step writes."""
        attempt = self.world.attempts[name]
        attempt.log += attempt.encoder.feed(stream, data, self.world.tick_us())

    def use(self, name: str, *, cpu_s: float, rss_bytes: int) -> None:
        """The step costs."""
        attempt = self.world.attempts[name]
        attempt.vital = Vital(cpu_s, rss_bytes, len(attempt.log))

    def exit(
        self,
        name: str,
        code: int | None = 0,
        *,
        signal: int | None = None,
        hit: Hit = "",
        cancelled: bool = False,
        exec_error: str = "",
        doubt: str = "",
    ) -> None:
        """The step ends; with a signal it has no code."""
        attempt = self.world.attempts[name]
        now_us = self.world.tick_us()
        attempt.log += attempt.encoder.flush(now_us)
        seen = attempt.observation
        attempt.observation = Exited(
            code=None if signal is not None else code,
            signal=signal,
            claimed_at=seen.claimed_at if isinstance(seen, Running) else now_us,
            ended_at=now_us,
            hit=hit,
            cancelled=cancelled,
            exec_error=exec_error,
            doubt=doubt,
        )

    def lose(self, name: str, reason: str = "its shim is gone and left no exit record") -> None:
        """The attempt vanishes without an exit record."""
        self.world.attempts[name].observation = Lost(reason)

    def away(self, text: str) -> None:
        """The engine cannot be reached until ``back``."""
        self.world.engine = Reachable(False, text)

    def back(self) -> None:
        """The engine answers again."""
        self.world.engine = Reachable(True)

    # the protocol

    def start(self, spec: Spec) -> Accepted | StartUnknown | StartRefused:
        if not self.world.engine.reachable:
            return StartUnknown(self.world.engine.text)
        if spec.name in self.world.attempts:
            return Accepted(spec.name)
        if self.refuse_next or not Path(spec.folder).is_dir():
            reason, self.refuse_next = self.refuse_next, ""
            return StartRefused(reason or f"the attempt's folder is missing: {spec.folder}")
        begun: Observation = Queued("waits") if self.queues else Running(self.world.tick_us())
        self.world.attempts[spec.name] = Attempt(spec, begun)
        self.world.started.append(spec.name)
        if self.on_start is not None:
            self.on_start(self, spec)
        if self.lose_reply_next:
            reason, self.lose_reply_next = self.lose_reply_next, ""
            return StartUnknown(reason)
        return Accepted(spec.name)

    def watch(self, attempts: dict[str, str]) -> Watched:
        if not self.world.engine.reachable:
            return Watched(self.world.engine)
        known = self.world.attempts
        seen = {name: known[name].observation if name in known else Absent() for name in attempts}
        return Watched(self.world.engine, seen)

    def adopt(self, session: str, attempts: dict[str, str]) -> Watched:
        return self.watch(attempts)

    def vitals(self, attempts: dict[str, str]) -> dict[str, Vital]:
        return {
            name: attempt.vital or Vital(0.0, 0, len(attempt.log))
            for name, attempt in self.world.attempts.items()
            if name in attempts and isinstance(attempt.observation, Running)
        }

    def log(self, name: str, folder: str, offset: int, length: int) -> LogChunk:
        attempt = self.world.attempts.get(name)
        record = attempt.log if attempt is not None else b""
        return LogChunk(offset, record[offset : offset + length], len(record))

    def cancel(self, name: str, folder: str, grace_s: float) -> None:
        attempt = self.world.attempts.get(name)
        if attempt is None or isinstance(attempt.observation, Exited | Lost):
            return
        self.world.cancelled.append(name)
        number = SIGKILL if attempt.ignores_term else SIGTERM
        self.exit(name, signal=number, cancelled=True)

    def forget(self, name: str, folder: str) -> None:
        self.world.forgotten.append(name)

    def capacity(self) -> Capacity:
        return Capacity(cpus=2.0, memory_bytes=8 * 1024**3)

    def environment(self, image: str) -> str:
        return "fake-environment"

    def doctor(self) -> list[str]:
        return ["A fake engine: nothing runs, no limit holds."]

    def close(self) -> None:
        """Nothing is held."""
