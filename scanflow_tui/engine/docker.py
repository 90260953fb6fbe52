"""The Docker engine: a step is a hardened container, found again by its name.

The container's name is the claim and its inspection the first truth; what became of it is written
into the attempt's folder before it is told. It stops and removes nothing that ScanFlow did not
make.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scanflow_tui.contract.errors import Missing
from scanflow_tui.contract.step import STEP_FILE
from scanflow_tui.engine import attempt, docker_doctor, docker_place, procfs
from scanflow_tui.engine.docker_client import (
    Daemon,
    EngineAway,
    EngineRefused,
    NameTaken,
    NoSuchContainer,
    NoSuchImage,
)
from scanflow_tui.engine.docker_follow import Container, Follower
from scanflow_tui.engine.docker_link import Link, here
from scanflow_tui.engine.docker_place import Claim
from scanflow_tui.engine.docker_spec import LABEL, Host, Job, body, job_from, job_of
from scanflow_tui.engine.docker_truth import State, state_of
from scanflow_tui.engine.images_recipe import PREFIX
from scanflow_tui.engine.protocol import (
    Absent,
    Accepted,
    Capacity,
    Engine,
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

LOOK_S = 2.0
BUILD_IT = "`scanflow images build PIPELINE` makes it, or choose --engine process."
NO_IMAGE = "the pipeline names no image, and the Docker engine runs steps in images alone"


class DockerEngine:
    """Runs steps in containers that outlive it."""

    name = "docker"

    def __init__(self, link: Link) -> None:
        self._link = link
        self._daemon = Daemon(link)
        self._follows: dict[str, Follower] = {}
        self._starting: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()
        self._images: dict[str, str] = {}
        self._host: tuple[bool, str] | None = None
        self._looked_s = float("-inf")
        self._unreachable = ""

    def start(self, spec: Spec) -> Accepted | StartUnknown | StartRefused:
        """Idempotent by name: an attempt that is already there is returned, not started twice."""
        with self._guard:
            lock = self._starting.setdefault(spec.name, threading.Lock())
        with lock:
            try:
                return self._start(spec)
            except EngineAway as error:
                return StartUnknown(str(error))
            except (EngineRefused, NoSuchContainer) as error:
                return StartRefused(f"the Docker engine refused: {error}")
            except OSError as error:
                return StartRefused(f"cannot prepare {spec.folder}: {error.strerror or error}")

    def watch(self, attempts: dict[str, str]) -> Watched:
        """What became of these attempts (name → folder), in one call for all."""
        return self._watch(attempts)

    def adopt(self, session: str, attempts: dict[str, str]) -> Watched:
        """Take up what is there of this session, and remove what was told and not forgotten."""
        watched = self._watch(attempts)
        if watched.engine.reachable:
            self._sweep(session, attempts)
        return watched

    def vitals(self, attempts: dict[str, str]) -> dict[str, Vital]:
        """CPU and memory of each running container that this object follows."""
        found = {}
        for name in attempts:
            follower = self._follows.get(name)
            if follower is None or follower.outcome is not None:
                continue
            try:
                cpu_s, rss_bytes = docker_doctor.costs(self._daemon.stats(follower.container.id))
            except (EngineAway, EngineRefused, NoSuchContainer):
                continue
            if cpu_s is not None:
                follower.cpu_s = cpu_s
                follower.rss_bytes = max(follower.rss_bytes or 0, rss_bytes or 0)
            found[name] = Vital(cpu_s, rss_bytes, follower.record.size)
        return found

    def log(self, name: str, folder: str, offset: int, length: int) -> LogChunk:
        """Bytes of the attempt's log record, from ``offset`` on."""
        return attempt.read_log(Path(folder), offset, length)

    def cancel(self, name: str, folder: str, grace_s: float) -> None:
        """Ask for TERM, grace, KILL; it is kept, so that whoever watches next carries it out."""
        place, record = Path(folder), docker_place.record_of(folder)
        if not place.is_dir() or attempt.read_exit(record) is not None:
            return
        record.mkdir(mode=0o700, exist_ok=True)
        attempt.write_cancel(record, asked_at=time.time_ns() // 1000, grace_s=grace_s)
        follower = self._follows.get(name)
        if follower is not None:
            follower.enforce()

    def forget(self, name: str, folder: str) -> None:
        """Remove the container; the record stays."""
        follower = self._follows.pop(name, None)
        claim = docker_place.read_claim(docker_place.record_of(folder))
        container = follower.container.id if follower else claim.container if claim else ""
        if not container:
            return
        # What is left then is removed at the next adoption.
        try:
            self._daemon.remove(container)
        except (EngineAway, EngineRefused):
            return

    def capacity(self) -> Capacity:
        """The engine's cores and memory; this machine's where it does not answer now."""
        try:
            info = self._daemon.info()
        except (EngineAway, EngineRefused):
            return Capacity(float(len(os.sched_getaffinity(0))), procfs.memory_free_bytes())
        return docker_doctor.capacity(info, is_local=self._link.is_local)

    def environment(self, image: str) -> str:
        """The image's id. Raises Missing where there is no such image, or no engine."""
        if not image:
            raise Missing(NO_IMAGE, hint="Write `image: {name: …}`, or choose --engine process.")
        try:
            found = str(self._daemon.image(image)["Id"])
        except NoSuchImage:
            raise Missing(
                f"the image {image!r} is not in the Docker engine",
                where=self._link.address.url,
                hint=BUILD_IT if image.startswith(PREFIX) else f"docker pull {image}",
            ) from None
        except (EngineAway, EngineRefused) as error:
            raise Missing(str(error), where=self._link.address.url) from None
        self._images[image] = found
        return found

    def doctor(self) -> list[str]:
        """What was found, and which limits really hold, in sentences."""
        silent = self._link.why_silent()
        if silent:
            return [silent[0].upper() + silent[1:]]
        try:
            return docker_doctor.sentences(
                self._link.address, self._daemon.info(), self._daemon.version()
            )
        except (EngineAway, EngineRefused) as error:
            return [f"The Docker engine at {self._link.address.url} does not speak: {error}."]

    def close(self) -> None:
        """Let go of what is followed; containers go on."""
        for follower in self._follows.values():
            follower.leave()
        self._follows.clear()
        self._daemon.close()

    # starting

    def _start(self, spec: Spec) -> Accepted | StartUnknown | StartRefused:
        if not spec.argv:
            return StartRefused("the step has no command to run")
        if not spec.image:
            return StartRefused(NO_IMAGE)
        if not Path(spec.folder).is_dir():
            return StartRefused(f"the attempt's folder is missing: {spec.folder}")
        record = docker_place.record_of(spec.folder)
        if spec.name in self._follows or attempt.read_exit(record) is not None:
            return _accepted(record)
        is_rootless, userns = self._host_facts()
        user = docker_place.prepare(spec.folder, is_rootless=is_rootless)
        lock = docker_place.take(record)
        if lock is None:
            # Another process starts or follows it, so it is started.
            return _accepted(record)
        try:
            if attempt.read_cancel(record) is not None:
                _end_before_start(record)
                return _accepted(record)
            has_step = (Path(spec.folder) / STEP_FILE).is_file()
            answer = self._create(spec, Host(user, userns, has_step))
            if isinstance(answer, StartRefused):
                return answer
            container, state = answer
            if state is None or (state.never_ran and not state.error):
                return self._launch(spec, container, lock)
            handed, lock = lock, -1
            if state.never_ran:
                os.close(handed)
                return StartRefused(f"the Docker engine could not start it: {state.error}")
            self._take_up(spec.name, container, handed)
            return Accepted(container.id)
        finally:
            if lock >= 0 and spec.name not in self._follows:
                os.close(lock)

    def _create(self, spec: Spec, host: Host) -> tuple[Container, State | None] | StartRefused:
        """The container, and its state where it was there already."""
        pinned = self._images.get(spec.image, spec.image)
        request = body(spec, host) | {"Image": pinned}
        claim = docker_place.read_claim(docker_place.record_of(spec.folder))
        state = None
        try:
            made = self._daemon.create(spec.name, request)
            incarnation, claimed_at = self._link.incarnation(), 0
        except NoSuchImage:
            return StartRefused(f"the image {spec.image!r} is not in the Docker engine")
        except NameTaken:
            found = self._daemon.inspect(spec.name)
            if not _is_ours(found, spec.folder):
                return StartRefused(f"a container {spec.name!r} is there that is none of ours")
            made, state = str(found["Id"]), state_of(found)
            claimed_at = state.started_at
            incarnation = claim.incarnation if claim else self._link.incarnation()
        return Container(made, job_of(spec), claimed_at, incarnation), state

    def _launch(self, spec: Spec, container: Container, lock: int) -> Accepted | StartRefused:
        """Attach, claim, start, follow: in this order, so that no byte and no outcome is lost."""
        record = docker_place.record_of(spec.folder)
        stream = self._daemon.attach(container.id)
        docker_place.write_claim(record, Claim(container.id, container.incarnation, _now_us()))
        try:
            self._daemon.start(container.id)
        except EngineRefused as error:
            stream.close()
            self._daemon.remove(container.id)
            return StartRefused(f"the Docker engine could not start it: {error}")
        began = Container(container.id, container.job, _now_us(), container.incarnation)
        self._follows[spec.name] = Follower(self._daemon, began, lock).begin(stream)
        return Accepted(container.id)

    def _host_facts(self) -> tuple[bool, str]:
        """Whether the engine is rootless, and which user namespace a container asks for."""
        if self._host is None:
            self._host = docker_doctor.host_facts(self._daemon.info())
        return self._host

    # watching

    def _watch(self, attempts: dict[str, str]) -> Watched:
        seen: dict[str, Observation] = {}
        unknown: dict[str, str] = {}
        for name, folder in attempts.items():
            observation = self._known(name, folder)
            if observation is None:
                unknown[name] = folder
            else:
                seen[name] = observation
        if not unknown and time.monotonic() - self._looked_s < LOOK_S and not self._unreachable:
            return Watched(Reachable(True), seen)
        try:
            self._looked_s = time.monotonic()
            if not unknown:
                self._daemon.ping()
            for name, folder in unknown.items():
                seen[name] = self._look(name, folder)
            self._unreachable = ""
        except (EngineAway, EngineRefused) as error:
            self._unreachable = str(error)
            return Watched(Reachable(False, self._unreachable))
        return Watched(Reachable(True), seen)

    def _known(self, name: str, folder: str) -> Observation | None:
        """What can be said without asking the engine."""
        follower = self._follows.get(name)
        if follower is None:
            return attempt.read_exit(docker_place.record_of(folder))
        if follower.outcome is not None:
            return follower.outcome
        if follower.defect:
            del self._follows[name]
            return None
        follower.enforce()
        return Running(follower.claimed_at)

    def _look(self, name: str, folder: str) -> Observation:
        """Ask the engine about an attempt that nobody here follows, and take it up."""
        record = docker_place.record_of(folder)
        claim = docker_place.read_claim(record)
        try:
            found = self._daemon.inspect(name)
        except NoSuchContainer:
            exited = attempt.read_exit(record)
            if exited is not None or claim is None:
                return exited or Absent()
            return Lost("its container was removed by somebody else")
        job = job_from(found.get("Config", {}).get("Labels") or {})
        if job is None or job.folder != folder:
            return Absent()
        state = state_of(found)
        if state.never_ran:
            return Absent()
        lock = docker_place.take(record)
        if lock is not None:
            incarnation = claim.incarnation if claim else ""
            container = Container(str(found["Id"]), job, state.started_at, incarnation)
            self._take_up(name, container, lock)
        return Running(state.started_at)

    def _take_up(self, name: str, container: Container, lock: int) -> None:
        self._follows[name] = Follower(self._daemon, container, lock).begin(None)
        self._follows[name].enforce()

    def _sweep(self, session: str, attempts: Mapping[str, str]) -> None:
        """Remove ended containers of this session whose outcome lies in their folder."""
        try:
            for found in self._daemon.containers(f"{LABEL}.session={session.lower()}"):
                labels = found.get("Labels") or {}
                job: Job | None = job_from(labels)
                if job is None or labels.get(f"{LABEL}.name") in attempts:
                    continue
                exited = attempt.read_exit(docker_place.record_of(job.folder))
                if exited is not None and found.get("State") in ("exited", "dead"):
                    self._daemon.remove(str(found["Id"]))
        except (EngineAway, EngineRefused):
            return


def create() -> Engine:
    """The engine, as ``engine.choose`` makes it. Raises Missing for a context that is not there."""
    return DockerEngine(here())


def _is_ours(found: dict[str, Any], folder: str) -> bool:
    job = job_from(found.get("Config", {}).get("Labels") or {})
    return job is not None and job.folder == folder


def _accepted(record: Path) -> Accepted:
    claim = docker_place.read_claim(record)
    return Accepted(claim.container if claim else "")


def _end_before_start(record: Path) -> None:
    now_us = _now_us()
    attempt.write_exit(record, Exited(None, None, now_us, now_us, cancelled=True))


def _now_us() -> int:
    return time.time_ns() // 1000
