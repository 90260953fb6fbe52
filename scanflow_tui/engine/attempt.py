"""The files that an attempt's folder holds for its engine, read without trust.

A step can write into its own folder: whatever lies there may be a link, a pipe or nonsense. Reading
must never block, follow a link, or raise for what a step has put there.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

from scanflow_tui.contract import canonical, limits
from scanflow_tui.contract.records import dataclass
from scanflow_tui.engine.protocol import Exited, Hit, LogChunk

SPEC = "spec.json"
CLAIM = "claim"
HEARTBEAT = "heartbeat"
LOG = "log"
CANCEL = "cancel"
EXIT = "exit.json"
SHIM_ERROR = "shim.err"
ENGINE_DIR = "engine"
RECORD_BYTES_MAX = 64 * limits.KIB
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_HITS: dict[str, Hit] = {"time": "time", "log": "log", "memory": "memory", "disk": "disk"}


@dataclass(frozen=True, slots=True)
class Claim:
    """Who runs the attempt. ``start`` is the start time of ``pid`` in ticks, ``boot`` the boot."""

    pid: int
    start: int
    boot: str
    claimed_at: int


def read(path: Path, offset: int = 0, length: int = RECORD_BYTES_MAX) -> tuple[bytes, int] | None:
    """Bytes of a regular file and its whole size; None where there is no such file."""
    try:
        handle = os.open(path, _FLAGS)
    except OSError:
        return None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            return None
        return os.pread(handle, max(0, length), max(0, offset)), status.st_size
    except OSError:
        return None
    finally:
        os.close(handle)


def has_claim(folder: Path) -> bool:
    """Whether anybody has claimed the attempt, readable or not."""
    return os.path.lexists(folder / CLAIM)


def read_claim(folder: Path) -> Claim | None:
    """The claim; None where there is none yet, or none that can be read."""
    raw = _json(folder / CLAIM)
    try:
        return Claim(int(raw["pid"]), int(raw["start"]), str(raw["boot"]), int(raw["claimed_at"]))
    except (KeyError, TypeError, ValueError):
        return None


def read_exit(folder: Path) -> Exited | None:
    """The exit record; None where there is none, or none that can be read."""
    raw = _json(folder / EXIT)
    try:
        return Exited(
            code=_optional_int(raw["code"]),
            signal=_optional_int(raw["signal"]),
            claimed_at=int(raw["claimed_at"]),
            ended_at=int(raw["ended_at"]),
            hit=_HITS.get(str(raw.get("hit")), ""),
            cancelled=bool(raw.get("cancelled")),
            cpu_s=_optional_float(raw.get("cpu_s")),
            rss_bytes=_optional_int(raw.get("rss_bytes")),
            exec_error=str(raw.get("exec_error") or ""),
            doubt=str(raw.get("doubt") or ""),
            log_error=str(raw.get("log_error") or ""),
        )
    except (KeyError, TypeError, ValueError):
        return None


def write_exit(folder: Path, exited: Exited) -> None:
    """Write an exit record in the place of a shim that cannot; only after that shim has ended."""
    record = {
        "code": exited.code,
        "signal": exited.signal,
        "claimed_at": exited.claimed_at,
        "ended_at": exited.ended_at,
        "hit": exited.hit,
        "cancelled": exited.cancelled,
        "cpu_s": exited.cpu_s,
        "rss_bytes": exited.rss_bytes,
        "exec_error": exited.exec_error,
        "doubt": exited.doubt,
        "log_error": exited.log_error,
    }
    write(folder / EXIT, canonical.encode(record))


def write(path: Path, data: bytes) -> None:
    """Write a private file whole or not at all, safe against writers beside this one."""
    part = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def heartbeat(folder: Path) -> int:
    """When the heartbeat, or else the claim, was last touched: nanoseconds, to compare only."""
    for name in (HEARTBEAT, CLAIM):
        try:
            return (folder / name).lstat().st_mtime_ns
        except OSError:
            continue
    return 0


def write_cancel(folder: Path, *, asked_at: int, grace_s: float) -> None:
    """Ask the shim to end its step; a request that is there already stays."""
    if not os.path.lexists(folder / CANCEL):
        write(folder / CANCEL, canonical.encode({"asked_at": asked_at, "grace_s": grace_s}))


def read_cancel(folder: Path) -> tuple[int, float] | None:
    """When a cancel was asked for (microseconds) and its grace (s)."""
    raw = _json(folder / CANCEL)
    try:
        return int(raw["asked_at"]), float(raw["grace_s"])
    except (KeyError, TypeError, ValueError):
        return None


def read_log(folder: Path, offset: int, length: int) -> LogChunk:
    """A piece of the log record; empty where there is none yet.

    It lies in the folder that an engine keeps from its step, or in the attempt's own.
    """
    found = read(folder / ENGINE_DIR / LOG, offset, length) or read(folder / LOG, offset, length)
    data, size = found or (b"", 0)
    return LogChunk(offset, data, size)


def shim_error(folder: Path) -> str:
    """Why the shim itself failed, if it could still say so."""
    data, _ = read(folder / SHIM_ERROR) or (b"", 0)
    lines = data.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else ""


def _json(path: Path) -> dict[str, Any]:
    data, size = read(path) or (b"", 0)
    if not data or size > RECORD_BYTES_MAX:
        return {}
    try:
        raw = json.loads(data)
    except ValueError:
        return {}
    return raw if isinstance(raw, dict) else {}


def _optional_int(value: Any) -> int | None:
    return None if value is None else int(value)


def _optional_float(value: Any) -> float | None:
    return None if value is None else float(value)
