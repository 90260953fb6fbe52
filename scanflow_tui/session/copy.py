"""A session file for reading while nobody writes it: a copy, opened read-only.

A reader would keep the writer out, and nobody reads beside one. So the session's ``lock`` is taken
shared for the moment of the copy alone. Database and log are copied together: without its log a
database may lack its newest events, or every table (measured).
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from scanflow_tui.contract.errors import Missing, Refused, ScanflowError
from scanflow_tui.session.places import FILE_MODE, SessionFolder
from scanflow_tui.session.store import Store, require_file
from scanflow_tui.session.swap import files_of, settle


class CopiedStore(Store):
    """A store over a copy of its own, which goes when it is closed."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, read_only=True)

    def close(self) -> None:
        """Close the copy and remove it."""
        super().close()
        shutil.rmtree(self.path.parent, ignore_errors=True)


def open_copy(folder: SessionFolder) -> Store:
    """Copy a session's file and open the copy, read-only.

    Raises Refused where a supervisor holds the session (read it there), Missing where there is
    none or no room for the copy, DamagedSession where it is no session.
    """
    if not folder.database.exists():
        raise Missing("there is no session file", where=str(folder.database))
    aside = Path(tempfile.mkdtemp(prefix="scanflow-"))
    try:
        with shared_lock(folder):
            for source in files_of(folder.database):
                _copy(source, aside / source.name)
        with named_after(aside, folder.path):
            settle(aside / folder.database.name)
            require_file(aside / folder.database.name)
            return CopiedStore(aside / folder.database.name)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


@contextmanager
def named_after(copy: Path, original: Path) -> Iterator[None]:
    """An error within names the original, which a person knows, and not the copy."""
    try:
        yield
    except ScanflowError as error:
        error.what = error.what.replace(str(copy), str(original))
        error.where = error.where.replace(str(copy), str(original))
        raise


@contextmanager
def shared_lock(folder: SessionFolder) -> Iterator[None]:
    """Hold a session's lock shared. Raises Refused where somebody holds it exclusively.

    In a folder that cannot be written, where no lock lies, no supervisor can be either.
    """
    descriptor = _lock_file(folder.lock)
    if descriptor is None:
        yield
        return
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(
                "a supervisor has this session open", where=str(folder.path), hint="Ask it instead."
            ) from None
        yield
    finally:
        os.close(descriptor)


def _lock_file(path: Path) -> int | None:
    with suppress(FileNotFoundError):
        try:
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except PermissionError:
            raise Refused(
                "this session is another user's", where=str(path.parent), hint="Ask its supervisor."
            ) from None
    try:
        return os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    except OSError:
        return None


def _copy(source: Path, target: Path) -> None:
    try:
        shutil.copyfile(source, target)
        target.chmod(FILE_MODE)
    except OSError as error:
        raise Missing(
            f"the session cannot be copied for reading ({error.strerror})", where=str(source)
        ) from None
