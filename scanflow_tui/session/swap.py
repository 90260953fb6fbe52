"""A new database file takes the old one's name, and a kill at any moment loses nothing.

The database and its log are two names, and the old log must neither be lost before the new file is
in place nor be read with it. So: the draft is whole and durable; the log steps aside; the draft
takes the name; the log goes. ``settle`` finishes that from the names alone. A draft is thrown away
only where no log stands aside, and only by who has the database open. Opens no database.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from scanflow_tui.contract.errors import Missing


def wal_of(path: Path) -> Path:
    """The log that DuckDB keeps beside a database."""
    return path.with_name(path.name + ".wal")


def draft_of(path: Path) -> Path:
    """Where the next database file is built."""
    return path.with_name(path.name + ".new")


def aside_of(path: Path) -> Path:
    """Where the log stands while the file is changed. While it is there, the draft is whole."""
    return path.with_name(path.name + ".wal.old")


def files_of(path: Path) -> list[Path]:
    """Every file that together is a database now; a copy is of all of them, then ``settle``."""
    changing = [aside_of(path), draft_of(path)] if aside_of(path).exists() else []
    return [file for file in (path, wal_of(path), *changing) if file.exists()]


def swap(path: Path) -> None:
    """Let the draft, whole and durable, take the database's name. Nobody has either open."""
    assert draft_of(path).exists(), path
    if wal_of(path).exists():
        wal_of(path).rename(aside_of(path))
        sync_folder(path.parent)
    _complete(path)


def settle(path: Path) -> None:
    """Finish a change that a kill interrupted. Raises Missing where that is not permitted."""
    try:
        if aside_of(path).exists():
            _complete(path)
    except OSError as error:
        told = f"an interrupted change of the session file cannot be finished ({error.strerror})"
        raise Missing(told, where=str(path)) from None


def discard(path: Path) -> None:
    """Remove a draft that is not whole."""
    assert not aside_of(path).exists(), path
    for end in ("", ".wal", ".wal.checkpoint", ".wal.recovery"):
        draft = draft_of(path)
        draft.with_name(draft.name + end).unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _complete(path: Path) -> None:
    with suppress(FileNotFoundError):
        draft_of(path).rename(path)
    sync_folder(path.parent)
    aside_of(path).unlink(missing_ok=True)
