"""One thread a container: it reads the log, waits for the end, and writes down what became of it.

It never waits for a client, holds the attempt to its limits, and marks what cannot be known because
the engine was away. Whoever holds the attempt's lock is its only follower.
"""

from __future__ import annotations

import math
import os
import select
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from scanflow_tui.contract import limits
from scanflow_tui.engine import attempt
from scanflow_tui.engine.docker import place
from scanflow_tui.engine.docker.client import (
    Daemon,
    EngineAway,
    EngineRefused,
    NoSuchContainer,
    signal_of,
)
from scanflow_tui.engine.docker.events import Events, Told
from scanflow_tui.engine.docker.lived import UNKNOWN, has_lived
from scanflow_tui.engine.docker.log import REPLACED, Frames, Kept, Record, stamped
from scanflow_tui.engine.docker.spec import Job
from scanflow_tui.engine.docker.truth import INIT_CODES, Known, State, exited, state_of
from scanflow_tui.engine.protocol import Exited, Hit, Lost

READ_BYTES = 65536
IDLE_S = 1.0
END_S_MAX = 2.0
PAUSE_S = 0.2
DISK_LOOK_S = 1.0
LAST_BYTES = 4096
HITS: dict[str, Hit] = {"time": "time", "log": "log", "memory": "memory", "disk": "disk"}
GAP = "The engine was away from {} to {}: what the step wrote meanwhile may be missing."
TAKEN_UP = "Read on from the engine's own log, which replaces bytes that are not UTF-8."
NOT_EXACT = "What follows may be missing lines, or repeat some: the engine's own log was cut."
IN_DOUBT = "Here bytes were replaced in the engine's own log."


@dataclass(frozen=True, slots=True)
class Container:
    """The container that is followed, and its attempt."""

    id: str
    job: Job
    claimed_at: int
    incarnation: str


@dataclass(frozen=True, slots=True)
class Watching:
    """What all followers of an engine share. ``hint`` is called when an outcome is written."""

    daemon: Daemon
    events: Events
    hint: Callable[[], None]


class Follower:
    """Follows one container. ``outcome`` is set last, when everything is on the disk."""

    def __init__(self, watching: Watching, container: Container, lock: int) -> None:
        self.daemon = watching.daemon
        self._events = watching.events
        self._hint = watching.hint
        self.container = container
        self.folder = container.job.folder
        self.record_folder = place.record_of(self.folder)
        self.record = Record(self.record_folder, container.job.log_bytes)
        self.outcome: Exited | Lost | None = None
        self.claimed_at = container.claimed_at
        self.cpu_s: float | None = None
        self.rss_bytes: int | None = None
        self.defect = ""
        self._lock = lock
        self._ran_on = False
        self._has_lived = False
        self._is_away = False
        self._is_stopping = False
        self._is_left = False
        self._guard = threading.Lock()
        self._looked_s = time.monotonic()
        # Whether the lives of the engine cannot be told apart: it is elsewhere, or was.
        self._is_blind = not (self.daemon.link.is_local and container.incarnation)

    def begin(self, stream: socket.socket | None) -> Follower:
        """Read the stream of a container that starts now, or take one up that runs already."""
        threading.Thread(
            target=self._run, args=(stream,), name=f"docker-{self.container.id[:12]}", daemon=True
        ).start()
        return self

    def leave(self) -> None:
        """Follow no longer; the container goes on, and another follower may take it up."""
        self._is_left = True
        self._release()

    def enforce(self) -> None:
        """Stop the container where a limit is passed or a cancel was asked for; does not wait."""
        with self._guard:
            if self._is_stopping or self.outcome is not None:
                return
            grace_s = self._grace_s()
            if grace_s is None:
                return
            self._is_stopping = True
        threading.Thread(target=self._stop, args=(grace_s,), daemon=True).start()

    def _grace_s(self) -> float | None:
        """How long the step has to end by itself; None where nothing ends it."""
        job = self.container.job
        asked = attempt.read_cancel(self.record_folder)
        if asked is not None:
            return asked[1]
        hit = place.read_mark(self.record_folder, place.HIT)
        if not hit:
            hit = self._passed()
            if not hit:
                return None
            place.write_mark(self.record_folder, place.HIT, hit)
        return job.grace_s

    def _passed(self) -> Hit:
        job = self.container.job
        if _now_us() > self.claimed_at + job.time_s * 1e6:
            return "time"
        if self.record.is_over:
            return "log"
        now_s = time.monotonic()
        if now_s - self._looked_s > DISK_LOOK_S:
            n_bytes, n_files = place.usage(self.folder)
            self._looked_s = time.monotonic()
            if n_bytes > job.disk_bytes or n_files > limits.OUTPUT_FILES_MAX:
                return "disk"
        return ""

    def _stop(self, grace_s: float) -> None:
        try:
            self.daemon.stop(self.container.id, math.ceil(grace_s))
        except NoSuchContainer:
            return
        except (EngineAway, EngineRefused):
            time.sleep(PAUSE_S)
            self._is_stopping = False

    def _run(self, stream: socket.socket | None) -> None:
        try:
            if stream is not None:
                self._drain(stream)
            self._follow(must_resume=stream is None)
        except Exception as error:
            # Never a silent end: the engine reports it, and another follower may take it up.
            if not self._is_left:
                self.defect = f"{type(error).__name__}: {error}"
        finally:
            self._release()
            self._hint()

    def _drain(self, stream: socket.socket) -> None:
        """Store all that comes, until the stream ends; that it ends says nothing."""
        frames = Frames()
        poll = select.poll()
        poll.register(stream.fileno(), select.POLLIN)
        # What an encrypted stream has decrypted already cannot be polled for.
        pending = getattr(stream, "pending", lambda: 0)
        while not self._is_left:
            if not pending() and not poll.poll(IDLE_S * 1000):
                self.record.flush(_now_us())
                self.enforce()
                continue
            try:
                data = stream.recv(READ_BYTES)
            except OSError:
                data = b""
            if not data:
                break
            now_us = _now_us()
            for name, payload in frames.feed(data):
                self.record.feed(name, payload, now_us)
            if self.record.is_over:
                self.enforce()
        stream.close()

    def _follow(self, *, must_resume: bool) -> None:
        """Until the truth about the end is known and written down."""
        is_resumed = False
        while not self._is_left:
            try:
                if must_resume:
                    is_resumed = True
                    self._resume()
                told = self._events.await_end(self.container.id, END_S_MAX)
                if told is None:
                    # A far engine may need longer to answer: that it has ended is asked for next.
                    self.daemon.wait(self.container.id, END_S_MAX)
                state = state_of(self.daemon.inspect(self.container.id))
                if state.has_ended:
                    self._notice_restart(state)
                    if is_resumed:
                        # A last line without a newline is kept only after the stream's end.
                        self._read_kept()
                    self._judge_link(state, told, is_resumed=is_resumed)
                    self._finish(state, self._foreign(state, None if is_resumed else told))
                    return
                # It runs although its stream ended: closed by the step, or broken.
                must_resume = True
                time.sleep(PAUSE_S)
            except NoSuchContainer:
                self._lose("its container was removed by somebody else")
                return
            except EngineRefused:
                time.sleep(PAUSE_S)
            except EngineAway:
                self._wait_for_engine()
                must_resume = True

    def _wait_for_engine(self) -> None:
        """Note that the engine is away, until it is back; then whether the step ran on."""
        since = datetime.now(UTC)
        self._is_away = True
        sentence = f"the Docker engine was away from {since:%H:%M:%S} UTC on"
        place.write_mark(self.record_folder, place.AWAY, sentence)
        while not self._is_left:
            try:
                state = state_of(self.daemon.inspect(self.container.id))
            except (EngineAway, EngineRefused):
                time.sleep(PAUSE_S)
                continue
            except NoSuchContainer:
                break
            self._ran_on = not state.has_ended
            break
        self._is_away = False
        until = datetime.now(UTC)
        self.record.note(GAP.format(f"{since:%H:%M:%S}", f"{until:%H:%M:%S} UTC"), _now_us())

    def _resume(self) -> None:
        """Fill the gap from what the engine kept, and go on with it to the end of the stream."""
        if self._is_blind:
            self._events.expect(self.container.id)
        state = state_of(self.daemon.inspect(self.container.id))
        self._notice_restart(state)
        if self._is_blind:
            self._ran_on = not state.has_ended
            if state.has_ended:
                self._events.forget(self.container.id)
        if self.record.size:
            self.record.note(TAKEN_UP, _now_us())
        self._read_kept()

    def _read_kept(self) -> None:
        """Store what the engine kept and the record lacks; while the step runs, all that comes."""
        record = self.record
        record.flush(_now_us())
        kept = {stream: Kept(position) for stream, position in record.positions().items()}
        frames = Frames()
        is_replaced = False
        for data in self.daemon.logs(self.container.id):
            for stream, payload in frames.feed(data):
                at_us, text = stamped(payload)
                was_exact = kept[stream].is_exact
                new = kept[stream].feed(text)
                if was_exact and not kept[stream].is_exact:
                    record.note(NOT_EXACT, _now_us())
                if new and (REPLACED in new) != is_replaced:
                    is_replaced = not is_replaced
                    if is_replaced:
                        record.note(IN_DOUBT, _now_us())
                record.feed(stream, new, at_us or _now_us())
            if record.is_over:
                self.enforce()
            if self._is_left:
                return
        if not all(one.is_reached for one in kept.values()):
            record.note(NOT_EXACT, _now_us())

    def _notice_restart(self, state: State) -> None:
        """A restart can be so short that no call failed; the engine's life is another then."""
        if self._is_blind or self.container.incarnation == self.daemon.link.incarnation():
            return
        away = "the Docker engine was restarted meanwhile"
        place.write_mark(self.record_folder, place.AWAY, away)
        self._ran_on = self._ran_on or not state.has_ended

    def _judge_link(self, state: State, told: Told | None, *, is_resumed: bool) -> None:
        """Was an engine restarted that cannot be seen, while the link broke or nobody was there?"""
        away = place.read_mark(self.record_folder, place.AWAY)
        if not self._is_blind or not (away or is_resumed or told is None):
            return
        was_followed = self._ran_on and told is not None
        self._has_lived = has_lived(
            self.daemon, self.container.id, state, was_followed=was_followed
        )
        if not self._has_lived:
            place.write_mark(self.record_folder, place.AWAY, UNKNOWN)

    def _foreign(self, state: State, told: Told | None) -> tuple[int, ...]:
        """Signals that others had the engine send: it stops, or a person stops the container."""
        if self._is_stopping:
            return ()
        if told is not None:
            return tuple(told.signals)
        until_us = _now_us() if self.daemon.link.is_local else state.finished_at
        try:
            rows = self.daemon.past(
                self.container.id, "kill", state.started_at / 1e6 - 1.0, until_us / 1e6
            )
        except EngineRefused:
            return ()
        return tuple(number for row in rows if (number := signal_of(row)) is not None)

    def _finish(self, state: State, foreign: tuple[int, ...]) -> None:
        """Write the outcome down: the log, the owner, the exit record, in this order."""
        record = self.record_folder
        self.record.close(_now_us())
        place.reclaim(self.folder)
        last = b""
        if state.code in INIT_CODES:
            last, _ = attempt.read(
                record / attempt.LOG, max(0, self.record.size - LAST_BYTES), LAST_BYTES
            ) or (b"", 0)
        known = Known(
            hit=HITS.get(place.read_mark(record, place.HIT), ""),
            is_cancelled=attempt.read_cancel(record) is not None,
            away="" if self._has_lived else place.read_mark(record, place.AWAY),
            ran_on=self._ran_on,
            foreign=foreign,
            last_line=last,
            cpu_s=self.cpu_s,
            rss_bytes=self.rss_bytes,
            log_error=self.record.error,
        )
        self._end(exited(state, known))

    def _end(self, outcome: Exited) -> None:
        attempt.write_exit(self.record_folder, outcome)
        self.outcome = outcome

    def _lose(self, reason: str) -> None:
        self.record.close(_now_us())
        place.reclaim(self.folder)
        self.outcome = Lost(reason)

    def _release(self) -> None:
        self._events.forget(self.container.id)
        with self._guard:
            lock, self._lock = self._lock, -1
            self.record.let_go()
        if lock >= 0:
            os.close(lock)


def _now_us() -> int:
    return time.time_ns() // 1000
