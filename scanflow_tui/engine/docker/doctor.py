"""What a Docker engine says of itself, as facts and as sentences for people."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from scanflow_tui.contract import limits
from scanflow_tui.engine import gpus, procfs
from scanflow_tui.engine.docker.address import Address
from scanflow_tui.engine.protocol import Capacity

PODMAN_DIFFERS = {
    "memory": "Podman never tells that memory ran out: such a step just ends by SIGKILL.",
    "signals": "Podman never tells who ended a step: one that somebody stops from outside, and "
    "that ends with 0, is judged by its outputs alone.",
    "gpus": "Podman ignores requests for GPUs: a step that asks for one is refused.",
    "namespaces": "Podman's filter of system calls lets a step make user namespaces of its own.",
}
"""What is known not to hold with Podman, by what it is about."""


@dataclass(frozen=True, slots=True)
class HostFacts:
    """What a container's making depends on. ``userns`` is the user namespace to ask for.

    ``identity`` tells this engine from every other one, ``cpus`` is how many cores it has; empty
    and 0 where it is not known.
    """

    is_rootless: bool
    userns: str
    is_podman: bool
    identity: str = ""
    cpus: float = 0.0


def host_facts(info: dict[str, Any], version: dict[str, Any]) -> HostFacts:
    """The facts that an engine tells of itself."""
    options = _options(info)
    return HostFacts(
        "rootless" in options,
        "host" if "userns" in options else "",
        is_podman(version),
        identity(info, version),
        float(info.get("NCPU") or 0),
    )


def identity(info: dict[str, Any], version: dict[str, Any]) -> str:
    """Which engine it is, whatever way leads to it; empty where it does not say.

    Podman makes up another id for every answer, and engines of one host may share a key: where an
    engine keeps its containers tells them apart.
    """
    place = str(info.get("DockerRootDir") or "")
    name = str(info.get("Name" if is_podman(version) else "ID") or "")
    return f"{name}:{place}" if place and name else ""


def is_podman(version: dict[str, Any]) -> bool:
    """Whether it is Podman that speaks as Docker does."""
    parts = [part for part in version.get("Components") or [] if isinstance(part, dict)]
    return any("podman" in str(part.get("Name", "")).lower() for part in parts)


def capacity(info: dict[str, Any], *, is_local: bool) -> Capacity:
    """Cores, memory and GPUs; of a local engine the memory that is free now."""
    memory_bytes = procfs.memory_free_bytes() if is_local else None
    here = gpus.found() if is_local else ()
    return Capacity(
        cpus=float(info.get("NCPU") or len(os.sched_getaffinity(0))),
        memory_bytes=memory_bytes or int(info.get("MemTotal") or 0) or None,
        gpus=len(here),
        gpu_ids=here,
        is_here=is_local,
    )


def costs(stats: dict[str, Any]) -> tuple[float | None, int | None]:
    """CPU seconds and bytes of memory without the file cache; None where nothing is told."""
    total = (stats.get("cpu_stats") or {}).get("cpu_usage", {}).get("total_usage")
    memory = stats.get("memory_stats") or {}
    usage = memory.get("usage")
    if not total or usage is None:
        return None, None
    details = memory.get("stats") or {}
    cache = details.get("total_inactive_file", details.get("inactive_file", 0))
    return round(total / 1e9, 2), max(0, int(usage) - int(cache))


def sentences(address: Address, info: dict[str, Any], version: dict[str, Any]) -> list[str]:
    """The engine, where it was found, and which limits hold there."""
    options = _options(info)
    kind = "Podman" if is_podman(version) else "Docker"
    said = [
        f"{kind} {version.get('Version', '?')} (API {version.get('ApiVersion', '?')}) answers at "
        f"{address.url}, found by {address.origin}.",
        f"{info.get('NCPU', '?')} cores and "
        f"{(info.get('MemTotal') or 0) / limits.GIB:.1f} GiB of memory, "
        f"storage {info.get('Driver', '?')}, cgroups {info.get('CgroupVersion') or '1'} by "
        f"{info.get('CgroupDriver', '?')}.",
        _limits(info, options),
    ]
    said.append(
        "System calls are filtered (seccomp)."
        if "seccomp" in options
        else "System calls are not filtered: this engine has no seccomp."
    )
    if "apparmor" not in options and "selinux" not in options:
        said.append("The kernel has no AppArmor and no SELinux, so no profile of theirs holds.")
    if "rootless" in options:
        said.append("The engine is rootless: a step is this very user outside of its container.")
    if address.url.startswith("unix:"):
        said.append(gpus.sentence(gpus.found()))
    said.append(
        "Steps go on while the engine restarts; an exit code of 0 after that is doubted."
        if info.get("LiveRestoreEnabled") or is_podman(version)
        else "An engine that restarts ends its steps; they are tried again."
    )
    if not address.url.startswith("unix:"):
        said.append(_secrecy(address))
        said.append("The engine is elsewhere: it must see the sessions' folder at the same path.")
    return said + list(PODMAN_DIFFERS.values() if is_podman(version) else ())


def _secrecy(address: Address) -> str:
    """Who can listen, or be taken for the engine, on the way to it."""
    if address.url.startswith("ssh:"):
        return "The way to it is your ssh client's: its keys, hosts and configuration hold."
    if not address.is_encrypted:
        return "The way to it is not encrypted: whoever can reach the port is root on its host."
    return (
        "The way to it is encrypted, and its certificate is checked."
        if address.verify
        else "The way to it is encrypted, but its certificate is not checked, as was asked for."
    )


def unheld(info: dict[str, Any]) -> tuple[str, ...]:
    """The limits, as a pipeline names them, that this engine does not hold."""
    told = {
        "memory": "MemoryLimit",
        "swap": "SwapLimit",
        "cpus": "CpuCfsQuota",
        "pids": "PidsLimit",
    }
    has_none = info.get("CgroupDriver") == "none"
    return tuple(name for name, key in told.items() if has_none or info.get(key) is False)


def _limits(info: dict[str, Any], options: set[str]) -> str:
    if info.get("CgroupDriver") == "none":
        return "Limits of memory, CPU and processes do not hold here: no cgroups are delegated."
    wanted = {
        "MemoryLimit": "memory",
        "SwapLimit": "swap",
        "CpuCfsQuota": "CPU",
        "PidsLimit": "processes",
    }
    lacking = [word for key, word in wanted.items() if info.get(key) is False]
    if lacking:
        return f"Limits that do not hold here: {', '.join(lacking)}; all others do."
    return "Limits that hold here: time, log, memory, CPU, processes, disk (looked at each second)."


def _options(info: dict[str, Any]) -> set[str]:
    """The names of the engine's security options."""
    rows = [str(row) for row in info.get("SecurityOptions") or []]
    return {row.split(",")[0].removeprefix("name=") for row in rows}
