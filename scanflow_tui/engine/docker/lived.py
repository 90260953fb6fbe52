"""Whether an engine elsewhere lived on while nobody watched it, by what it remembers.

Its processes cannot be seen from here, and a link that breaks is not an engine that restarts. An
engine keeps its last events in memory alone: one that remembers a start was not restarted since.
"""

from __future__ import annotations

from scanflow_tui.engine.docker import doctor
from scanflow_tui.engine.docker.client import Daemon, EngineRefused
from scanflow_tui.engine.docker.truth import State, time_us

UNKNOWN = "the Docker engine may have been restarted while nobody could watch it"


def has_lived(daemon: Daemon, container: str, state: State, *, was_followed: bool) -> bool:
    """Whether the engine's word about the end of a container is that of the life it began in.

    ``was_followed`` says that the container was seen running, and every event of it since then.
    False where it is not known. Raises EngineAway.
    """
    info = daemon.info()
    now_us = time_us(str(info.get("SystemTime") or "")) or state.finished_at
    try:
        if daemon.past(container, "start", state.started_at / 1e6 - 1.0, now_us / 1e6):
            return True
    except EngineRefused:
        return False
    # Many events push a start out of memory. Without live-restore a restart ends all containers.
    goes_on = info.get("LiveRestoreEnabled") or doctor.is_podman(daemon.version())
    return was_followed and not goes_on
