"""Starting a container once, whatever crashes meanwhile, and whoever else starts it too.

The order is create, attach, claim, start: no byte of the log is missed, a container that was not
started is never taken for one that ended, and one that has ended is never started again.
"""

from __future__ import annotations

import os
import resource
import threading
import time
from pathlib import Path
from typing import Any

from scanflow_tui.contract.step import STEP_FILE
from scanflow_tui.engine import attempt
from scanflow_tui.engine.docker import doctor, place
from scanflow_tui.engine.docker.client import (
    Daemon,
    EngineAway,
    EngineRefused,
    NameTaken,
    NoSuchContainer,
    NoSuchImage,
)
from scanflow_tui.engine.docker.doctor import HostFacts
from scanflow_tui.engine.docker.enter import command, surroundings
from scanflow_tui.engine.docker.follow import Container, Follower, Watching
from scanflow_tui.engine.docker.place import Claim
from scanflow_tui.engine.docker.spec import Host, body, job_from, job_of
from scanflow_tui.engine.docker.truth import State, state_of
from scanflow_tui.engine.protocol import (
    Accepted,
    Entry,
    Exited,
    Lost,
    Spec,
    StartRefused,
    StartUnknown,
)

NO_IMAGE = "the pipeline names no image, and the Docker engine runs steps in images alone"

PODMAN_PROCESSES_MAX = 32_768
"""What Podman's service allows itself."""
UNSEEN = "bind source path does not exist"
SEES_NOTHING = "An engine elsewhere must see the sessions' folder at the same path"
NO_GPUS = "Podman ignores a request for GPUs that comes this way, so the step is not started"


class Starter:
    """Starts containers and hands them to followers. ``images`` pins names to ids."""

    def __init__(
        self, watching: Watching, follows: dict[str, Follower], facts: HostFacts | None
    ) -> None:
        self.images: dict[str, str] = {}
        self._watching = watching
        self._daemon = watching.daemon
        self._follows = follows
        self._starting: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()
        self._facts = facts

    def start(self, spec: Spec) -> Accepted | StartUnknown | StartRefused:
        """Start an attempt, or find it started. Never raises for what the engine answers."""
        with self._guard:
            lock = self._starting.setdefault(spec.name, threading.Lock())
        with lock:
            try:
                return self._start(spec)
            except EngineAway as error:
                return StartUnknown(str(error))
            except (EngineRefused, NoSuchContainer) as error:
                return StartRefused(f"the Docker engine refused: {error}{self._advice(str(error))}")
            except OSError as error:
                return StartRefused(f"cannot prepare {spec.folder}: {error.strerror or error}")

    def enter(self, spec: Spec, argv: tuple[str, ...]) -> Entry:
        """The command of the docker program that a person runs. Raises Missing without it."""
        host = self._prepare(spec.folder)
        address = self._daemon.link.address
        return Entry(command(spec, argv, host), surroundings(address), "/")

    def _start(self, spec: Spec) -> Accepted | StartUnknown | StartRefused:
        if not spec.argv:
            return StartRefused("the step has no command to run")
        if not spec.image:
            return StartRefused(NO_IMAGE)
        if not Path(spec.folder).is_dir():
            return StartRefused(f"the attempt's folder is missing: {spec.folder}")
        record = place.record_of(spec.folder)
        if spec.name in self._follows or attempt.read_exit(record) is not None:
            return _accepted(record)
        claim = place.read_claim(record)
        if claim is not None:
            # Where another engine has it, it is there that it runs, or ran.
            require_same_engine(self._daemon, spec.name, claim, self._known().identity)
        host = self._prepare(spec.folder)
        obstacle = self._obstacle(spec)
        if obstacle:
            return StartRefused(obstacle)
        lock = place.take(record)
        if lock is None:
            # Another process starts or follows it, so it is started.
            return _accepted(record)
        try:
            if attempt.read_cancel(record) is not None:
                _end_before_start(record)
                return _accepted(record)
            answer = self._create(spec, host)
            if isinstance(answer, StartRefused):
                return answer
            container, state = answer
            if state is None or (state.never_ran and not state.error):
                return self._launch(spec, container, lock)
            handed, lock = lock, -1
            if state.never_ran:
                os.close(handed)
                return StartRefused(f"the Docker engine could not start it: {state.error}")
            follower = Follower(self._watching, container, handed).begin(None)
            self._follows[spec.name] = follower
            return Accepted(container.id)
        finally:
            if lock >= 0 and spec.name not in self._follows:
                os.close(lock)

    def _create(self, spec: Spec, host: Host) -> tuple[Container, State | None] | StartRefused:
        """The container, and its state where it was there already."""
        pinned = self.images.get(spec.image, spec.image)
        request = body(spec, host) | {"Image": pinned}
        claim = place.read_claim(place.record_of(spec.folder))
        state = None
        try:
            made = self._daemon.create(spec.name, request)
            incarnation, claimed_at = self._daemon.link.incarnation(), 0
        except NoSuchImage:
            return StartRefused(f"the image {spec.image!r} is not in the Docker engine")
        except NameTaken:
            found = self._daemon.inspect(spec.name)
            if not _is_ours(found, spec.folder):
                return StartRefused(f"a container {spec.name!r} is there that is none of ours")
            made, state = str(found["Id"]), state_of(found)
            claimed_at = state.started_at
            incarnation = claim.incarnation if claim else self._daemon.link.incarnation()
        return Container(made, job_of(spec), claimed_at, incarnation), state

    def _launch(self, spec: Spec, container: Container, lock: int) -> Accepted | StartRefused:
        """Attach, claim, start, follow: in this order, so that no byte and no outcome is lost."""
        record = place.record_of(spec.folder)
        self._watching.events.expect(container.id)
        stream = self._daemon.attach(container.id)
        place.write_claim(
            record,
            Claim(
                container.id,
                container.incarnation,
                _now_us(),
                self._known().identity,
                self._daemon.link.address.url,
            ),
        )
        try:
            self._daemon.start(container.id)
        except EngineRefused as error:
            stream.close()
            self._daemon.remove(container.id)
            return StartRefused(f"the Docker engine could not start it: {error}")
        began = Container(container.id, container.job, _now_us(), container.incarnation)
        self._follows[spec.name] = Follower(self._watching, began, lock).begin(stream)
        return Accepted(container.id)

    def _obstacle(self, spec: Spec) -> str:
        """What an engine may overlook: Podman makes what is missing, and gives no GPUs."""
        if spec.limits.gpus and self._known().is_podman:
            return NO_GPUS
        if not self._daemon.link.is_local:
            return ""
        sources = (spec.code, *spec.reads, *spec.limits.mounts)
        missing = [path for path in sources if not os.path.lexists(path)]
        return f"what is to be mounted is missing: {missing[0]}" if missing else ""

    def _advice(self, said: str) -> str:
        """What to do where an engine elsewhere does not find the session's files."""
        is_blind = UNSEEN in said and not self._daemon.link.is_local
        return f". {SEES_NOTHING}" if is_blind else ""

    def _known(self) -> HostFacts:
        if self._facts is None:
            self._facts = doctor.host_facts(self._daemon.info(), self._daemon.version())
        return self._facts

    def _prepare(self, folder: str) -> Host:
        """Make the folder ready for a container of this engine."""
        facts = self._known()
        user = place.prepare(folder, is_rootless=facts.is_rootless)
        processes_max, no_network = 0, ""
        if facts.is_podman:
            no_network = "none"
            # Not told, it would raise this one beyond what it may.
            known = resource.getrlimit(resource.RLIMIT_NPROC)[1]
            processes_max = min(known, PODMAN_PROCESSES_MAX) if known > 0 else PODMAN_PROCESSES_MAX
        has_step = (Path(folder) / STEP_FILE).is_file()
        return Host(user, facts.userns, has_step, processes_max, no_network, facts.cpus)


def require_same_engine(daemon: Daemon, name: str, claim: Claim, identity: str) -> None:
    """Raise EngineAway where an attempt was claimed in another engine than the one that answers."""
    if not claim.engine or not identity or claim.engine == identity:
        return
    raise EngineAway(
        f"{name} was started in another Docker engine, which was reached at {claim.url}; the one "
        f"at {daemon.link.address.url} does not know what became of it. Name the first one again "
        "(DOCKER_HOST, or its context), or cancel the node"
    )


def missing(daemon: Daemon, name: str, claim: Claim, *, is_unwanted: bool) -> Lost:
    """A claimed container that this engine has not was removed. Raises EngineAway where another
    engine may have it, unless somebody wants it ended.
    """
    identity = doctor.identity(daemon.info(), daemon.version())
    try:
        require_same_engine(daemon, name, claim, identity)
    except EngineAway:
        if is_unwanted:
            return Lost(f"it was cancelled while another Docker engine had it ({claim.url})")
        raise
    return Lost("its container was removed by somebody else")


def _is_ours(found: dict[str, Any], folder: str) -> bool:
    job = job_from(found.get("Config", {}).get("Labels") or {})
    return job is not None and job.folder == folder


def _accepted(record: Path) -> Accepted:
    claim = place.read_claim(record)
    return Accepted(claim.container if claim else "")


def _end_before_start(record: Path) -> None:
    now_us = _now_us()
    attempt.write_exit(record, Exited(None, None, now_us, now_us, cancelled=True))


def _now_us() -> int:
    return time.time_ns() // 1000
