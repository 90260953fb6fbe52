"""The Docker engine: a step is a hardened container, found again by its name.

The container's name is the claim and its inspection the first truth; what became of it is written
into the attempt's folder before it is told. It stops and removes nothing that ScanFlow did not
make.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from scanflow_tui.contract.errors import Missing
from scanflow_tui.engine import attempt
from scanflow_tui.engine.docker import doctor as docker_doctor
from scanflow_tui.engine.docker import place as docker_place
from scanflow_tui.engine.docker.client import (
    Daemon,
    EngineAway,
    EngineRefused,
    NoSuchContainer,
    NoSuchImage,
)
from scanflow_tui.engine.docker.doctor import HostFacts
from scanflow_tui.engine.docker.events import Events
from scanflow_tui.engine.docker.follow import Container, Follower, Watching
from scanflow_tui.engine.docker.link import Link, here
from scanflow_tui.engine.docker.spec import LABEL, Job, job_from
from scanflow_tui.engine.docker.start import NO_IMAGE, Starter, missing
from scanflow_tui.engine.docker.truth import state_of
from scanflow_tui.engine.images.recipe import PREFIX
from scanflow_tui.engine.protocol import (
    Absent,
    Accepted,
    Capacity,
    Engine,
    Entry,
    LogChunk,
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


class DockerEngine:
    """Runs steps in containers that outlive it."""

    name = "docker"

    def __init__(self, link: Link, facts: HostFacts | None = None) -> None:
        """``facts`` are what is known of the engine already; else it is asked when it is used."""
        self._link = link
        self._daemon = Daemon(link)
        self._follows: dict[str, Follower] = {}
        self._poke: Callable[[], None] = _nobody
        self._watching = Watching(self._daemon, Events(self._daemon), self._hint)
        self._starter = Starter(self._watching, self._follows, facts)
        self.unheld: tuple[str, ...] = ()
        self._looked_s = float("-inf")
        self._unreachable = ""

    def start(self, spec: Spec) -> Accepted | StartUnknown | StartRefused:
        """Idempotent by name: an attempt that is already there is returned, not started twice."""
        return self._starter.start(spec)

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
            except (EngineRefused, NoSuchContainer):
                continue
            except EngineAway:
                break
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
        """The engine's cores, memory and GPUs; this machine's where it does not answer now."""
        try:
            info = self._daemon.info()
        except (EngineAway, EngineRefused):
            info = {}
        self.unheld = docker_doctor.unheld(info)
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
        self._starter.images[image] = found
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

    def on_hint(self, poke: Callable[[], None]) -> None:
        """Call ``poke`` whenever the end of an attempt is written down."""
        self._poke = poke

    def enter(self, spec: Spec, argv: tuple[str, ...]) -> Entry:
        """A docker command that runs ``argv`` in the same image, hardened the same way."""
        return self._starter.enter(spec, argv)

    def close(self) -> None:
        """Let go of what is followed; containers go on."""
        for follower in self._follows.values():
            follower.leave()
        self._follows.clear()
        self._watching.events.close()
        self._daemon.close()

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
            is_unwanted = attempt.read_cancel(record) is not None
            return missing(self._daemon, name, claim, is_unwanted=is_unwanted)
        job = job_from(found.get("Config", {}).get("Labels") or {})
        if job is None or job.folder != folder:
            return Absent()
        state = state_of(found)
        if state.never_ran:
            return Absent()
        lock = docker_place.take(record)
        if lock is not None:
            incarnation = claim.incarnation if claim else ""
            claimed_at = docker_place.began_at(claim, state.started_at)
            container = Container(str(found["Id"]), job, claimed_at, incarnation)
            self._take_up(name, container, lock)
        return Running(state.started_at)

    def _take_up(self, name: str, container: Container, lock: int) -> None:
        follower = Follower(self._watching, container, lock).begin(None)
        self._follows[name] = follower
        follower.enforce()

    def _hint(self) -> None:
        self._poke()

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


def _nobody() -> None:
    """Nobody wants hints."""
