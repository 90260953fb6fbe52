"""The cache of outcomes, shared by the sessions of a root: ``cache/<key>.json``.

An entry is a hint: before use every output is hashed again, and a hint that does not hold is as
none.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any

import msgspec

from scanflow_tui.contract import canonical
from scanflow_tui.contract.errors import InputError
from scanflow_tui.contract.ids import SHA
from scanflow_tui.contract.records import dataclass
from scanflow_tui.session.artifacts import verify
from scanflow_tui.session.events import Artifact

ENTRY_BYTES_MAX = 1024 * 1024
PARSED_MAX = 2048


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """An outcome that may be used again. ``origin``: the attempt's name, ``made_at``: its end."""

    key: str
    outputs: dict[str, Artifact]
    values: dict[str, Any]
    origin: str
    made_at: int


def write(cache: Path, entry: CacheEntry) -> None:
    """Keep an outcome; an entry that is there is replaced whole. Raises OSError.

    Not made durable by force: an entry that a power cut has broken is as none.
    """
    path = _path(cache, entry.key)
    draft = cache / f".new-{os.urandom(8).hex()}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        descriptor = os.open(draft, flags, 0o600)
    except FileNotFoundError:
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(draft, flags, 0o600)
    try:
        with open(descriptor, "wb", buffering=0) as out:
            out.write(canonical.encode(msgspec.to_builtins(entry)))
        draft.rename(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def read(cache: Path, key: str) -> CacheEntry | None:
    """The entry of a key as written, not yet believed; None where there is none or it is broken."""
    path = _path(cache, key)
    try:
        now = path.stat()
    except OSError:
        return None
    entry = _parsed(path, now.st_ino, now.st_mtime_ns, now.st_size)
    return entry if entry is not None and entry.key == key else None


@functools.lru_cache(maxsize=PARSED_MAX)
def _parsed(path: Path, _inode: int, _changed_ns: int, _n_bytes: int) -> CacheEntry | None:
    """An entry as its file says; a run asks for each twice or more, and a file is never changed in
    place.
    """
    try:
        with open(path, "rb") as source:
            return msgspec.convert(canonical.decode(source.read(ENTRY_BYTES_MAX)), CacheEntry)
    except (OSError, ValueError):
        return None


def lookup(cache: Path, objects: Path, key: str) -> CacheEntry | None:
    """The entry of a key, with every output hashed again; None where anything does not hold."""
    entry = read(cache, key)
    if entry is None:
        return None
    try:
        holds = all(verify(objects, artifact.sha) for artifact in entry.outputs.values())
    except InputError:
        return None
    return entry if holds else None


def _path(cache: Path, key: str) -> Path:
    if not SHA.fullmatch(key):
        raise InputError(f"{key!r} is no cache key")
    return cache / f"{key}.json"
