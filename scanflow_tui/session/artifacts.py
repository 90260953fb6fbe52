"""The object store that the sessions of a root share: ``objects/<aa>/<sha>``, immutable.

An artifact appears there whole, by one rename, or not at all. What a step made is judged as
hostile.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scanflow_tui.contract import canonical
from scanflow_tui.contract.errors import InputError, Missing
from scanflow_tui.contract.ids import SHA
from scanflow_tui.session.events import Artifact
from scanflow_tui.session.manifest import (
    Found,
    Item,
    Rules,
    Skip,
    digest,
    hashed,
    manifest,
    opened,
    opened_parent,
    tree,
)
from scanflow_tui.session.swap import sync_folder

SYNC_EACH_FILES_MAX = 100
_DRAFT = ".new-"


def path_of(objects: Path, sha: str) -> Path:
    """Where an artifact lies. Raises InputError for what is no hash."""
    if not SHA.fullmatch(sha):
        raise InputError(f"{sha!r} is no artifact's hash")
    return Path(f"{objects}/{sha[:2]}/{sha}")


def collect(trusted: Path, relative: str, objects: Path, rules: Rules | None = None) -> Artifact:
    """Move what a step made into the store: the file or folder ``relative`` below ``trusted``.

    No link is followed below ``trusted`` (an attempt's folder). Raises InputError with the reason
    where it does not pass (then it stays where it is), Missing when the disk is full.
    """
    rules = rules or Rules()
    with _disk(objects):
        with opened(trusted, relative) as descriptor:
            items = _freeze(descriptor, rules)
        artifact = _artifact(items)
        if verify(objects, artifact.sha):
            _remove(trusted / relative)
            return artifact
        target = _free_place(objects, artifact.sha)
        *folders, name = relative.split("/")
        try:
            with opened_parent(trusted, folders) as parent:
                os.rename(name, target, src_dir_fd=parent)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            return _copy_in(trusted, relative, objects, rules, None)
        _settle(target)
    return artifact


def ingest(path: Path, objects: Path, skip: Skip | None = None) -> Artifact:
    """Copy a file or folder of the user's into the store. ``path`` may be a link, nothing in it.

    Raises InputError where something in it does not pass, Missing when it is absent or the disk
    full.
    """
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError):
        raise Missing("there is no such file or folder", where=str(path)) from None
    if real == real.parent:
        raise InputError("the whole file system is not taken", where=str(path))
    with _disk(objects):
        return _copy_in(real.parent, real.name, objects, Rules(links=True), skip)


def verify(objects: Path, sha: str) -> bool:
    """Whether an artifact is there and its bytes still have this hash."""
    path = path_of(objects, sha)
    if not path.exists():
        return False
    try:
        return digest(manifest(path)) == sha
    except InputError:
        return False


def files(objects: Path, sha: str) -> list[Item]:
    """The manifest of an artifact in the store. Raises Missing where it is not there."""
    path = path_of(objects, sha)
    if not path.exists():
        raise Missing(f"artifact {sha[:12]} is not in the store", where=str(objects))
    return manifest(path)


def read(objects: Path, sha: str, relative: str, offset: int, length: int) -> tuple[bytes, int]:
    """Bytes of a file of an artifact, and the file's length. ``relative`` empty: the artifact.

    ``.`` reads its list of files instead: ``[[path, bytes], ...]``, "" for a lone file.
    Raises Missing where there is no such file, InputError for a path that leaves the artifact.
    """
    if relative == ".":
        data = canonical.encode(_listing(objects, sha))
        return data[offset : offset + length], len(data)
    inner = relative.split("/") if relative else []
    if any(part in ("", ".", "..") for part in inner):
        raise InputError(f"the path {relative!r} leaves its artifact")
    path = path_of(objects, sha)
    try:
        with opened(path.parent, "/".join([path.name, *inner])) as descriptor:
            size = os.fstat(descriptor).st_size
            return os.pread(descriptor, length, offset), size
    except (InputError, IsADirectoryError):
        where = f"{sha[:12]}/{relative}" if relative else sha[:12]
        raise Missing("there is no such file in the store", where=where) from None


def _listing(objects: Path, sha: str) -> list[tuple[str, int]]:
    path = path_of(objects, sha)
    try:
        with opened(path.parent, path.name) as descriptor:
            found = tree(descriptor, Rules(links=True))
            return [(file.path, os.fstat(file.descriptor).st_size) for file in found]
    except InputError:
        raise Missing("there is no such artifact in the store", where=sha[:12]) from None


def _freeze(descriptor: int, rules: Rules) -> list[Item]:
    """Hash every file, take its write permission and make it durable."""
    left = rules.bytes_max
    items: list[Item] = []
    for found in tree(descriptor, rules):
        item = hashed(found, left)
        left -= item.size
        _make_durable(found, len(items))
        items.append(item)
    _sync_many(items)
    return items


def _copy_in(
    trusted: Path, relative: str, objects: Path, rules: Rules, skip: Skip | None
) -> Artifact:
    objects.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=objects))
    try:
        items = _copy(trusted, relative, draft / "it", rules, skip)
        artifact = _artifact(items)
        if not verify(objects, artifact.sha):
            target = _free_place(objects, artifact.sha)
            (draft / "it").rename(target)
            _settle(target)
        return artifact
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _copy(
    trusted: Path, relative: str, target: Path, rules: Rules, skip: Skip | None
) -> list[Item]:
    left = rules.bytes_max
    items: list[Item] = []
    with opened(trusted, relative) as descriptor:
        for found in tree(descriptor, rules, skip):
            place = target / found.path if found.path else target
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(place, "xb") as out:
                item = hashed(found, left, out.write)
                out.flush()
                _make_durable(Found(found.path, out.fileno(), found.executable), len(items))
            left -= item.size
            items.append(item)
    if not target.exists():
        target.mkdir(mode=0o700)
    _sync_many(items)
    return items


def _make_durable(found: Found, n_before: int) -> None:
    os.fchmod(found.descriptor, 0o555 if found.executable else 0o444)
    if n_before < SYNC_EACH_FILES_MAX:
        os.fsync(found.descriptor)


def _sync_many(items: list[Item]) -> None:
    # One sync of everything costs less than hundreds of one file each.
    if len(items) > SYNC_EACH_FILES_MAX:
        os.sync()


def _artifact(items: list[Item]) -> Artifact:
    return Artifact(digest(items), sum(item.size for item in items), len(items))


def _free_place(objects: Path, sha: str) -> Path:
    """Where the artifact goes; what lies there with other bytes is put aside."""
    target = path_of(objects, sha)
    if not target.parent.exists():
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync_folder(objects)
    if target.exists():
        aside = Path(tempfile.mkdtemp(prefix=".altered-", dir=objects))
        target.rename(aside / sha)
    return target


def _settle(target: Path) -> None:
    """After the rename (a folder is moved while writable): folders read-only, names durable."""
    if target.is_dir():
        for folder, _, _ in os.walk(target, topdown=False):
            Path(folder).chmod(0o555)
    sync_folder(target.parent)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def _disk(objects: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Missing("disk full, the artifact was not stored", where=str(objects)) from None
        told = f"the artifact cannot be stored ({error.strerror})"
        raise Missing(told, where=str(objects)) from None
