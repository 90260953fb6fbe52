"""``index.json``: what the list of sessions shows, without opening a database.

A hint beside the log, written by the supervisor and thrown away at will. Standard library only.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from scanflow_tui.contract.records import dataclass
from scanflow_tui.session.places import FILE_MODE, SessionFolder, session_names

INDEX_BYTES_MAX = 64 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """A session in the list. ``at`` is the last event's (microseconds UTC), ``needs`` open asks.

    ``damaged`` is a sentence where the index cannot be believed; then only the name holds.
    """

    name: str
    ulid: str = ""
    pipeline: str = ""
    seq: int = -1
    head: str = ""
    at: int = 0
    state: str = "unknown"
    summary: str = ""
    champion: int | None = None
    n_runs: int = 0
    n_batches: int = 0
    n_labels: int = 0
    needs: int = 0
    bytes: int = 0
    damaged: str = ""


def write(folder: SessionFolder, entry: Entry) -> None:
    """Replace a session's index; a reader sees the old or the new one, whole. Raises OSError."""
    draft = folder.path / f".index.{os.getpid()}.new"
    data = json.dumps(asdict(entry), sort_keys=True, allow_nan=False).encode("ascii")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, FILE_MODE)
    try:
        with open(descriptor, "wb") as out:
            out.write(data)
        draft.replace(folder.index)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def read(folder: SessionFolder) -> Entry:
    """A session's index; a broken or absent one gives an entry that says so. Never raises."""
    try:
        with open(folder.index, "rb") as source:
            data = source.read(INDEX_BYTES_MAX + 1)
    except FileNotFoundError:
        return _damaged(folder, "it has no index yet")
    except OSError as error:
        return _damaged(folder, f"its index cannot be read ({error.strerror})")
    try:
        raw = json.loads(data) if len(data) <= INDEX_BYTES_MAX else None
    except ValueError:
        raw = None
    if not isinstance(raw, dict):
        return _damaged(folder, "its index is damaged")
    known = {item.name: item for item in fields(Entry)}
    given = {key: value for key, value in raw.items() if key in known}
    if any(not _fits(str(known[key].type), value) for key, value in given.items()):
        return _damaged(folder, "its index is damaged")
    return Entry(**(given | {"name": folder.name}))


def entries(root: Path) -> list[Entry]:
    """Every session of a root, by name; a broken one is listed as damaged."""
    return [read(SessionFolder(root / name)) for name in session_names(root)]


def _damaged(folder: SessionFolder, reason: str) -> Entry:
    return Entry(folder.name, damaged=f"{reason}; `scanflow verify {folder.name}` looks deeper")


def _fits(annotation: str, value: Any) -> bool:
    if value is None:
        return "None" in annotation
    if annotation.startswith("int"):
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, str)
