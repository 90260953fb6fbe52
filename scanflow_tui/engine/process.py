"""The process engine: steps as processes of this user on this machine, each under its own shim.

All that it must know lies in the folders of the attempts and in /proc; a new object finds it again.
It concludes nothing from absence: after a dead shim, the exit record is read again.
"""

from __future__ import annotations

import os
import platform
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scanflow_tui.contract import canonical, limits
from scanflow_tui.contract.step import ENV, STEP_FILE
from scanflow_tui.engine import attempt, gpus, procfs, surroundings
from scanflow_tui.engine.attempt import Claim
from scanflow_tui.engine.endings import Endings
from scanflow_tui.engine.protocol import (
    Absent,
    Accepted,
    Capacity,
    Engine,
    Entry,
    Exited,
    LogChunk,
    Lost,
    Observation,
    Reachable,
    Running,
    Spec,
    StartRefused,
    StartUnknown,
    Vital,
    Watched,
)
from scanflow_tui.engine.shims import Shims

SHIM = Path(__file__).with_name("shim.py")
SPAWN_S_MAX = 30.0
CANCEL_MARGIN_S = 5.0


class ProcessEngine:
    """Runs steps under shims that outlive it."""

    name = "process"
    unheld = ("memory", "cpus", "pids", "disk", "network")

    def __init__(
        self,
        *,
        heartbeat_s: float = limits.HEARTBEAT_S,
        heartbeat_lost_s: float = limits.HEARTBEAT_LOST_S,
        cancel_margin_s: float = CANCEL_MARGIN_S,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._heartbeat_s = heartbeat_s
        self._heartbeat_lost_s = heartbeat_lost_s
        self._cancel_margin_s = cancel_margin_s
        self._clock_s = clock_s
        self._beats: dict[str, tuple[int, float]] = {}
        self._boot = procfs.boot_id()
        self._endings = Endings()
        self.shims = Shims()
        self.shims.hint = self._endings.heard

    def start(self, spec: Spec) -> Accepted | StartUnknown | StartRefused:
        """Idempotent by name: an attempt that is already there is returned, not started twice."""
        folder = Path(spec.folder)
        if attempt.has_claim(folder):
            return _accepted(folder)
        if not spec.argv:
            return StartRefused("the step has no command to run")
        if not folder.is_dir():
            return StartRefused(f"the attempt's folder is missing: {folder}")
        try:
            (folder / surroundings.HOME_DIR).mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            return StartRefused(f"cannot prepare {folder}: {error.strerror or error}")
        self._endings.expect(spec.name, folder)
        return self._spawn(spec, folder)

    def on_hint(self, poke: Callable[[], None]) -> None:
        """Call ``poke``, from a thread of this engine, as soon as an attempt has exited."""
        self._endings.poke = poke

    def on_seen(self, tell: Callable[[str, Observation], None]) -> None:
        """Tell the exit record of an attempt that was started here, as soon as it is there."""
        self._endings.tell = tell

    def watch(self, attempts: dict[str, str]) -> Watched:
        """What became of these attempts (name → folder), in one call for all."""
        seen = {name: self._observe(name, Path(folder)) for name, folder in attempts.items()}
        return Watched(Reachable(True), seen)

    def adopt(self, session: str, attempts: dict[str, str]) -> Watched:
        """The same as ``watch``: all that is true lies in the folders."""
        return self.watch(attempts)

    def vitals(self, attempts: dict[str, str]) -> dict[str, Vital]:
        """CPU and memory of each running attempt's processes."""
        found = {}
        for name, folder in attempts.items():
            claim = attempt.read_claim(Path(folder))
            if claim is None or not _is_alive(claim, self._boot):
                continue
            members = procfs.family(claim.pid)
            found[name] = Vital(
                cpu_s=round(sum(one.cpu_s for one in members), 2),
                rss_bytes=sum(one.rss_bytes for one in members),
                log_bytes=attempt.read_log(Path(folder), 0, 0).size,
            )
        return found

    def log(self, name: str, folder: str, offset: int, length: int) -> LogChunk:
        """Bytes of the attempt's log record, from ``offset`` on."""
        return attempt.read_log(Path(folder), offset, length)

    def cancel(self, name: str, folder: str, grace_s: float) -> None:
        """Ask for TERM, grace, KILL; a shim that does not answer is ended by ``watch``."""
        place = Path(folder)
        if not place.is_dir() or attempt.read_exit(place) is not None:
            return
        attempt.write_cancel(place, asked_at=_now_us(), grace_s=grace_s)
        claim = attempt.read_claim(place)
        if claim is not None and claim.boot == self._boot:
            procfs.send(claim.pid, claim.start, signal.SIGTERM)

    def forget(self, name: str, folder: str) -> None:
        """Remove the scratch folder; the record stays."""
        self._beats.pop(name, None)
        self._endings.forget(name)
        _remove(f"{folder}/{surroundings.HOME_DIR}")

    def enter(self, spec: Spec, argv: tuple[str, ...]) -> Entry:
        """The same variables and working directory, on a copy of the attempt's folder."""
        (Path(spec.folder) / surroundings.HOME_DIR).mkdir(mode=0o700, exist_ok=True)
        return Entry(argv, surroundings.variables(spec), spec.code)

    def capacity(self) -> Capacity:
        """The cores that this process may use, and the memory that is free now."""
        found = gpus.found()
        return Capacity(
            cpus=float(len(os.sched_getaffinity(0))),
            memory_bytes=procfs.memory_free_bytes(),
            gpus=len(found),
            gpu_ids=found,
            is_here=True,
        )

    def environment(self, image: str) -> str:
        """A digest of the interpreter and its distributions; the image is not used here."""
        return surroundings.interpreter_digest()

    def doctor(self) -> list[str]:
        """What was found, and which limits really hold, in sentences."""
        capacity = self.capacity()
        memory_gib = (capacity.memory_bytes or 0) / limits.GIB
        return [
            f"Steps run as processes of user {os.getuid()} with Python "
            f"{platform.python_version()} ({sys.executable}).",
            f"{capacity.cpus:.0f} cores and {memory_gib:.1f} GiB of memory are free to use.",
            gpus.sentence(capacity.gpu_ids),
            "Limits that hold here: time, log size, no core dumps.",
            f"Limits that do not hold here: {', '.join(self.unheld)}; a step is only told of cpus "
            "by the thread variables, and reaches the network and the files of the user.",
        ]

    def close(self) -> None:
        """Let the fork server go; attempts go on."""
        self.shims.close()

    def _spawn(self, spec: Spec, folder: Path) -> Accepted | StartUnknown | StartRefused:
        """Ask for a shim and wait for its claim; a claim in the folder is what counts."""
        shim_spec = _shim_spec(spec, self._heartbeat_s)
        request = {"folder": str(folder), "spec": shim_spec, "slot": spec.slot}
        try:
            asked = self.shims.ask(spec.name, canonical.encode(request), SPAWN_S_MAX)
        except OSError as error:
            return StartUnknown(f"cannot start a shim now: {error.strerror or error}")
        if attempt.has_claim(folder):
            return _accepted(folder)
        if asked.word == "failed":
            return StartRefused(f"the shim could not start: {asked.text}")
        if asked.word == "unknown":
            return StartUnknown(f"the shim could not be forked: {asked.text}")
        if asked.word:
            return StartUnknown("the server that forks the shims ended before the claim")
        return StartUnknown(f"the shim did not claim within {SPAWN_S_MAX:.0f} s")

    def _observe(self, name: str, folder: Path) -> Observation:
        exited = attempt.read_exit(folder)
        if exited is not None:
            return exited
        if not attempt.has_claim(folder):
            return Absent()
        claim = attempt.read_claim(folder)
        if claim is None:
            # Claimed in this moment, or by a shim that died before it could write its name.
            return self._still(name, folder, None) or Running(attempt.heartbeat(folder) // 1000)
        if claim.boot != self._boot:
            return self._conclude(folder, claim, "the machine was restarted meanwhile")
        if not _is_alive(claim, self._boot):
            return self._conclude(folder, claim, "its shim is gone and left no exit record")
        if _is_overdue(folder, self._cancel_margin_s):
            return self._force(folder, claim)
        return self._still(name, folder, claim) or Running(claim.claimed_at)

    def _still(self, name: str, folder: Path, claim: Claim | None) -> Observation | None:
        """Lost, if the heartbeat stood still for long while this engine looked on.

        Measured on the engine's own clock: a laptop that slept, or a clock that was set, has not
        lost its steps.
        """
        beat = attempt.heartbeat(folder)
        known, since_s = self._beats.get(name, (-1, 0.0))
        now_s = self._clock_s()
        if beat != known:
            self._beats[name] = (beat, now_s)
            return None
        if now_s - since_s <= self._heartbeat_lost_s:
            return None
        if claim is None:
            return Lost("it was claimed, but its shim died before it could say who it was")
        _end_shim(claim, self._cancel_margin_s)
        return self._conclude(
            folder, claim, f"its heartbeat stood still for {now_s - since_s:.0f} s"
        )

    def _conclude(self, folder: Path, claim: Claim, reason: str) -> Observation:
        """The exit record after all (it may have been written meanwhile), or lost."""
        exited = attempt.read_exit(folder)
        if exited is not None:
            return exited
        n_ended = _end_left(folder, claim) if claim.boot == self._boot else 0
        said = attempt.shim_error(folder)
        also = f"; {n_ended} processes that it left were ended" if n_ended else ""
        return Lost(f"{reason}{f' ({said})' if said else ''}{also}")

    def _force(self, folder: Path, claim: Claim) -> Observation:
        """End a cancelled attempt whose shim does not answer, and record it in the shim's place."""
        _end_shim(claim, self._cancel_margin_s)
        _end_left(folder, claim)
        exited = attempt.read_exit(folder) or Exited(
            code=None,
            signal=int(signal.SIGKILL),
            claimed_at=claim.claimed_at,
            ended_at=_now_us(),
            cancelled=True,
        )
        attempt.write_exit(folder, exited)
        return exited


def create() -> Engine:
    """The engine, as ``engine.choose`` makes it."""
    return ProcessEngine()


def _end_shim(claim: Claim, patience_s: float) -> None:
    procfs.send(claim.pid, claim.start, signal.SIGKILL)
    until_s = time.monotonic() + patience_s
    while procfs.is_alive(claim.pid, claim.start) and time.monotonic() < until_s:
        time.sleep(0.005)


def _is_alive(claim: Claim, boot: str) -> bool:
    return claim.boot == boot and procfs.is_alive(claim.pid, claim.start)


def _accepted(folder: Path) -> Accepted:
    claim = attempt.read_claim(folder)
    return Accepted(str(claim.pid) if claim else "")


def _remove(folder: str) -> None:
    """A scratch folder, most often an empty one."""
    try:
        Path(folder).rmdir()
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)


def _now_us() -> int:
    return time.time_ns() // 1000


def _end_left(folder: Path, claim: Claim) -> int:
    marker = f"{ENV}={folder / STEP_FILE}".encode()
    return procfs.end(session=claim.pid, not_before=claim.start, marker=marker)


def _shim_spec(spec: Spec, heartbeat_s: float) -> dict[str, Any]:
    return {
        "name": spec.name,
        "argv": surroundings.command(spec.argv),
        "cwd": spec.code,
        "env": surroundings.variables(spec),
        "time_s": spec.limits.time_s,
        "grace_s": spec.limits.grace_s,
        "log_bytes": spec.limits.log_bytes,
        "line_bytes": limits.LOG_LINE_BYTES_MAX,
        "heartbeat_s": heartbeat_s,
    }


def _is_overdue(folder: Path, margin_s: float) -> bool:
    """Whether a cancel was asked for so long ago that a shim which works would have ended."""
    asked = attempt.read_cancel(folder)
    if asked is None:
        return False
    asked_at, grace_s = asked
    return _now_us() > asked_at + (grace_s + margin_s) * 1_000_000
