"""What a step asks for beyond the hardened default: said by lint, recorded by the session. Pure.

Nothing here grants anything: the engine does, and only what stands in the limits.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scanflow_tui.contract.limits import GIB, KIB, MIB
from scanflow_tui.contract.step import StepLimits

FORBIDDEN_MOUNTS = ("/proc", "/sys", "/dev", "/run", "/var/run")
"""Kernel files, devices, and where the daemons' sockets lie."""


def asks(limits: StepLimits) -> tuple[str, ...]:
    """Each ask in a few words; empty for a step that is content with the default."""
    return tuple(words for _, words, _ in _each(limits))


def warnings(limits: StepLimits) -> Iterator[tuple[str, str]]:
    """The limit's key and a sentence for each ask."""
    for key, words, consequence in _each(limits):
        yield key, f"asks for less hardening: {words}; {consequence}"


def mount_problem(path: str) -> str:
    """Why a path must not be mounted; empty where it may."""
    if ".." in path.split("/"):
        return f"the mount {path[:60]!r} is no plain path (it has '..')"
    plain = "/" + posixpath.normpath(path).strip("/")
    for closed in FORBIDDEN_MOUNTS:
        inside = plain == closed or plain.startswith(closed + "/")
        around = closed.startswith(plain.rstrip("/") + "/")
        if inside or around:
            return f"{path[:60]!r} is never mounted: it holds kernel files, devices or sockets"
    if plain.endswith(".sock"):
        return f"{path[:60]!r} is never mounted: it is a socket by its name"
    return ""


def _each(limits: StepLimits) -> Iterator[tuple[str, str, str]]:
    if limits.network:
        yield "network", "network", "what it loads is not part of its cache key"
    if limits.gpus:
        words = f"{limits.gpus} GPU{'s' if limits.gpus > 1 else ''}"
        yield "gpus", words, "the driver's devices are shared with it"
    if limits.shm_bytes is not None:
        yield "shm", f"{_size(limits.shm_bytes)} of shared memory", "it is the host's memory"
    for path in limits.mounts:
        words = f"{path} mounted read-only"
        yield "mounts", words, "what lies there is not part of its cache key"


def _size(n_bytes: int) -> str:
    for unit, word in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if n_bytes >= unit:
            return f"{n_bytes / unit:.4g} {word}"
    return f"{n_bytes} bytes"
