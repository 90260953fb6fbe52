"""What DuckDB says, as one sentence for a person. Only texts are looked at; nothing is opened."""

from __future__ import annotations

import re
from pathlib import Path

from scanflow_tui.contract.errors import DamagedSession, Missing, ScanflowError

_PID = re.compile(r"PID (\d+)")

_NO_ROOM = ("no space left", "disk full", "disk quota", "file too large")
_NO_MEMORY = ("out of memory", "could not allocate block", "failed to allocate")
_LOCKED = ("could not set lock", "conflicting lock", "already attached", "unique file handle")
_NEWER = ("version number", "newer version", "storage version")
_NONE = ("not a valid duckdb database", "is a directory")


def explain(
    error: Exception, path: Path, *, undone: str = "the last events were not written"
) -> ScanflowError:
    """The error that a person is told; the kind decides the exit code. ``undone``: without room."""
    text = str(error)
    low = text.lower()
    where = str(path)
    if _any(_NO_ROOM, low):
        return Missing(
            f"disk full, {undone}",
            where=where,
            hint="Make room and try again; nothing that was acknowledged is lost.",
        )
    if _any(_NO_MEMORY, low):
        return Missing(f"there is not enough memory, {undone}", where=where)
    if _any(_LOCKED, low):
        pid = _PID.search(text)
        holder = f"process {pid.group(1)}" if pid else "this process"
        return Missing(f"the session file is in use by {holder}", where=where)
    if _any(_NEWER, low):
        return Missing(
            "the session file was written by a newer DuckDB",
            where=where,
            hint="Upgrade ScanFlow.",
        )
    if "permission denied" in low:
        return Missing("the session file may not be read or written by you", where=where)
    if _any(_NONE, low):
        return DamagedSession("this is no session file", where=where)
    if "catalog error" in low or "binder error" in low:
        return DamagedSession("this DuckDB file holds no ScanFlow session", where=where)
    if "wal" in low:
        return DamagedSession(
            f"the log beside the session file is damaged{_position(text)}", where=where
        )
    if "read-only" in low:
        return Missing("the session file's folder is read-only", where=where)
    return DamagedSession(f"the session file is damaged ({_first_line(text)})", where=where)


def _any(words: tuple[str, ...], text: str) -> bool:
    return any(word in text for word in words)


def _position(text: str) -> str:
    found = re.search(r"byte position (\d+)", text)
    return f" at byte {found.group(1)}" if found else ""


def _first_line(text: str) -> str:
    line = text.strip().splitlines()[0] if text.strip() else "no reason given"
    return line.removeprefix("IO Error: ")[:200]
