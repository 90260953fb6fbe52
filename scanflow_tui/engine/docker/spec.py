"""How a container of a step is made: one attempt in, the body of the create call out (pure).

Hardened by default; a step asks for less in its limits, and only there. The attempt's folder has
the same path inside as outside; what the engine keeps in it is hidden from the step.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import Any

from scanflow_tui.contract import limits
from scanflow_tui.contract.step import ENV, STEP_FILE
from scanflow_tui.engine.attempt import ENGINE_DIR
from scanflow_tui.engine.protocol import Spec
from scanflow_tui.engine.surroundings import PYTHON, THREADS

LABEL = "scanflow"
SCHEMA = "1"
RECORD_DIR = ENGINE_DIR
"""The folder in the attempt's that holds claim, log and exit record; a step sees an empty one."""

PIDS = 512
SHM_BYTES = 64 * limits.MIB
TMP_BYTES = 256 * limits.MIB
OPEN_FILES = 4096
TMP_OPTIONS = f"rw,nosuid,nodev,noexec,size={TMP_BYTES},mode=1777"
HIDDEN_OPTIONS = "ro,nosuid,nodev,noexec,size=4k,mode=0555"
LOG_SPARE = 1.5
"""The engine's own log is written as JSON, which is longer than what was said."""


@dataclass(frozen=True, slots=True)
class Host:
    """What must be known of engine and folder: who the step is, as ``uid:gid``.

    ``userns`` is ``host`` where the engine shifts user ids, ``has_step`` whether step.json lies
    there, ``processes_max`` a limit of the user's processes where the engine has to be told one,
    ``no_network`` the mode that takes the network away where the plain field is not heeded,
    ``cpus`` the engine's cores (0: not known): it refuses who asks for more, who gets all instead.
    """

    user: str
    userns: str = ""
    has_step: bool = True
    processes_max: int = 0
    no_network: str = ""
    cpus: float = 0.0


@dataclass(frozen=True, slots=True)
class Job:
    """What the adapter holds an attempt to, kept in a label so that any adapter finds it."""

    folder: str
    time_s: float
    grace_s: float
    log_bytes: int
    disk_bytes: int


def job_of(spec: Spec) -> Job:
    """The limits that the adapter itself watches."""
    given = spec.limits
    disk_bytes = limits.OUTPUT_BYTES_MAX if given.disk_bytes is None else given.disk_bytes
    return Job(spec.folder, given.time_s, given.grace_s, given.log_bytes, disk_bytes)


def job_from(labels: dict[str, str]) -> Job | None:
    """The job of a container; None where ScanFlow did not make it."""
    try:
        return Job(**json.loads(labels[f"{LABEL}.job"]))
    except (KeyError, TypeError, ValueError):
        return None


def labels_of(spec: Spec) -> dict[str, str]:
    """What a container is found again by."""
    parts = spec.name.split("-")
    keys = ("session", "run", "node", "attempt")
    found = dict(zip(keys, parts[1:], strict=True)) if len(parts) == 5 else {}
    return {
        LABEL: SCHEMA,
        **{f"{LABEL}.{key}": value for key, value in found.items()},
        f"{LABEL}.name": spec.name,
        f"{LABEL}.job": json.dumps(asdict(job_of(spec))),
    }


def body(spec: Spec, host: Host) -> dict[str, Any]:
    """The whole body of the create call."""
    return {
        "Image": spec.image,
        # As an entry point: the image's own is not wanted, and its command neither.
        "Entrypoint": [spec.argv[0]],
        "Cmd": list(spec.argv[1:]),
        "Env": [f"{name}={value}" for name, value in variables(spec).items()],
        "WorkingDir": spec.code,
        "User": host.user,
        "Labels": labels_of(spec),
        "NetworkDisabled": not spec.limits.network,
        "StopSignal": "SIGTERM",
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": _host_config(spec, host),
    }


def variables(spec: Spec) -> dict[str, str]:
    """What is set beside the image's own variables; what the pipeline lets through wins."""
    threads = str(max(1, math.ceil(spec.limits.cpus)))
    return {
        "HOME": "/tmp",
        "TMPDIR": "/tmp",
        "LANG": "C.UTF-8",
        **dict.fromkeys(THREADS, threads),
        **PYTHON,
        **spec.env,
        ENV: f"{spec.folder}/{STEP_FILE}",
    }


def _host_config(spec: Spec, host: Host) -> dict[str, Any]:
    given, job = spec.limits, job_of(spec)
    config: dict[str, Any] = {
        "Init": True,
        "ReadonlyRootfs": True,
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges:true"],
        "IpcMode": "private",
        "PidsLimit": given.pids or PIDS,
        "NanoCpus": int(min(given.cpus, host.cpus or given.cpus) * 1e9),
        "ShmSize": given.shm_bytes or SHM_BYTES,
        "Tmpfs": {"/tmp": TMP_OPTIONS, f"{spec.folder}/{RECORD_DIR}": HIDDEN_OPTIONS},
        "Ulimits": [
            {"Name": "core", "Soft": 0, "Hard": 0},
            {"Name": "nofile", "Soft": OPEN_FILES, "Hard": OPEN_FILES},
            {"Name": "fsize", "Soft": job.disk_bytes, "Hard": job.disk_bytes},
        ],
        "Mounts": _mounts(spec, host),
        "LogConfig": {
            "Type": "json-file",
            "Config": {"max-size": f"{_log_kib(job.log_bytes)}k", "max-file": "1"},
        },
        "AutoRemove": False,
        "Privileged": False,
    }
    if host.processes_max:
        limit = host.processes_max
        config["Ulimits"].append({"Name": "nproc", "Soft": limit, "Hard": limit})
    if given.memory_bytes is not None:
        # Equal: no swap.
        config["Memory"] = config["MemorySwap"] = given.memory_bytes
    if given.gpus:
        which = {"DeviceIDs": list(spec.gpus)} if spec.gpus else {"Count": given.gpus}
        config["DeviceRequests"] = [which | {"Capabilities": [["gpu"]]}]
    if host.no_network and not given.network:
        config["NetworkMode"] = host.no_network
    if host.userns:
        config["UsernsMode"] = host.userns
    return config


def _mounts(spec: Spec, host: Host) -> list[dict[str, Any]]:
    """Everything a step sees of the host; of it, only its own folder can be written."""
    step_file = [f"{spec.folder}/{STEP_FILE}"] if host.has_step else []
    seen = dict.fromkeys((spec.code, *spec.reads, *spec.limits.mounts, *step_file))
    found = [_bind(spec.folder, spec.folder, is_read_only=False)]
    found += [_bind(path, path) for path in seen]
    if not spec.limits.network:
        # Without a network the engine writes no hosts file, and localhost would have no address.
        found.append(_bind(f"{spec.folder}/{RECORD_DIR}/hosts", "/etc/hosts"))
    return found


def _bind(source: str, target: str, *, is_read_only: bool = True) -> dict[str, Any]:
    return {
        "Type": "bind",
        "Source": source,
        "Target": target,
        "ReadOnly": is_read_only,
        "BindOptions": {"Propagation": "rprivate"},
    }


def _log_kib(log_bytes: int) -> int:
    return max(1024, math.ceil(log_bytes * LOG_SPARE / limits.KIB))
