"""Reading a file or folder that nobody vouches for, and the manifest that names it by hash.

Only regular files and folders pass. Every name is opened relative to its folder's descriptor and
never through a link, so nothing that is swapped meanwhile leads outside.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from scanflow_tui.contract import canonical
from scanflow_tui.contract.errors import InputError, Missing
from scanflow_tui.contract.limits import MIB, OUTPUT_BYTES_MAX, OUTPUT_FILES_MAX
from scanflow_tui.contract.records import dataclass

DEPTH_MAX = 64
READ_BYTES = MIB

_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC

Skip = Callable[[str, bool], bool]
"""Whether to leave out a path (relative, with '/'); the second argument: it is a folder."""


class Item(NamedTuple):
    """One file of an artifact. ``path`` is relative with '/', empty if the artifact is the file."""

    path: str
    size: int
    sha: str
    executable: bool


@dataclass(frozen=True, slots=True)
class Rules:
    """What passes. ``links`` lets files with several hard links pass (where bytes are copied)."""

    files_max: int = OUTPUT_FILES_MAX
    bytes_max: int = OUTPUT_BYTES_MAX
    links: bool = False


class Found(NamedTuple):
    """An open regular file of a tree. The descriptor is closed when the next one is asked for."""

    path: str
    descriptor: int
    executable: bool


def digest(items: Iterable[Item]) -> str:
    """An artifact's name: SHA-256 of the canonical manifest [[path, size, sha, executable], …]."""
    return canonical.digest([list(item) for item in sorted(items)])


def manifest(path: Path, rules: Rules | None = None) -> list[Item]:
    """The manifest of a file or folder, sorted by path. Raises InputError: what does not pass."""
    rules = rules or Rules()
    left = rules.bytes_max
    items = []
    with opened(path.parent, path.name) as descriptor:
        for found in tree(descriptor, rules):
            item = hashed(found, left)
            left -= item.size
            items.append(item)
    return sorted(items)


def hashed(found: Found, bytes_max: int, write: Callable[[bytes], object] | None = None) -> Item:
    """Read a file to its end, hash it, hand each piece to ``write``. Raises InputError if large."""
    sha = hashlib.sha256()
    size = 0
    while data := os.read(found.descriptor, READ_BYTES):
        size += len(data)
        if size > bytes_max:
            raise InputError("it is larger than is allowed", where=found.path)
        sha.update(data)
        if write is not None:
            write(data)
    return Item(found.path, size, sha.hexdigest(), found.executable)


@contextmanager
def opened(trusted: Path, relative: str) -> Iterator[int]:
    """A descriptor of a file or folder below a trusted folder, no link followed on the way.

    Raises InputError where it is absent, a link, or neither file nor folder.
    """
    parts = relative.split("/")
    assert ".." not in parts and "" not in parts, relative
    with opened_parent(trusted, parts[:-1]) as parent:
        descriptor = _open(parts[-1], parent, relative)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def opened_parent(trusted: Path, folders: Iterable[str]) -> Iterator[int]:
    """A descriptor of a folder below a trusted one, no link followed below it."""
    try:
        descriptor = os.open(trusted, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        told = f"this folder cannot be opened ({error.strerror})"
        raise Missing(told, where=str(trusted)) from None
    try:
        for name in folders:
            inner = _open(name, descriptor, name)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def tree(descriptor: int, rules: Rules, skip: Skip | None = None) -> Iterator[Found]:
    """Every file below an open folder (or the file itself), in the order of the names.

    Raises InputError at a link, pipe, socket or device, a name that is not UTF-8, too many
    entries, too deep a nesting.
    """
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode):
        yield _found("", descriptor, status, rules)
        return
    count = [0]
    yield from _below(descriptor, "", 0, rules, skip, count)


def _below(
    folder: int, prefix: str, depth: int, rules: Rules, skip: Skip | None, count: list[int]
) -> Iterator[Found]:
    if depth > DEPTH_MAX:
        raise InputError(f"it is nested more than {DEPTH_MAX} folders deep", where=prefix)
    for name in _names(folder, prefix):
        path = f"{prefix}{name}"
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        if skip is not None and skip(path, stat.S_ISDIR(mode)):
            continue
        count[0] += 1
        if count[0] > rules.files_max:
            raise InputError(f"it has more than {rules.files_max} files")
        # By the mode first: opening a device can have effects.
        _require_plain(mode, path)
        descriptor = _open(name, folder, path)
        try:
            status = os.fstat(descriptor)
            if stat.S_ISDIR(status.st_mode):
                yield from _below(descriptor, f"{path}/", depth + 1, rules, skip, count)
            else:
                yield _found(path, descriptor, status, rules)
        finally:
            os.close(descriptor)


def _names(folder: int, prefix: str) -> list[str]:
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries)
    for name in names:
        try:
            name.encode("utf-8")
        except UnicodeEncodeError:
            raise InputError(f"the file name {name!r} is not UTF-8", where=prefix) from None
    return names


def _found(path: str, descriptor: int, status: os.stat_result, rules: Rules) -> Found:
    _require_plain(status.st_mode, path)
    if status.st_nlink != 1 and not rules.links:
        raise InputError("a file with several hard links is not taken", where=path)
    return Found(path, descriptor, bool(status.st_mode & stat.S_IXUSR))


def _open(name: str, folder: int, path: str) -> int:
    try:
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        _require_plain(mode, path)
        return os.open(name, _FOLDER if stat.S_ISDIR(mode) else _FILE, dir_fd=folder)
    except FileNotFoundError:
        raise InputError("it was not made", where=path) from None
    except OSError as error:
        raise InputError(f"it cannot be read ({error.strerror})", where=path) from None


def _require_plain(mode: int, path: str) -> None:
    if stat.S_ISLNK(mode):
        raise InputError("a symbolic link is not taken", where=path)
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise InputError("only files and folders are taken, no pipe, socket or device", where=path)
