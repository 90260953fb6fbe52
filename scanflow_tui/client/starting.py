"""Starts a session's supervisor, and hears what became of it; makes new sessions.

A supervisor that does not come up has said why: its own sentence is what a person reads. Nothing
here opens a session's database, and nothing loads asyncio: a command starts the supervisor first,
and loads what it talks with it by meanwhile.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import scanflow_tui
from scanflow_tui.contract import ids, wire
from scanflow_tui.contract.errors import EXIT_DEFECT, InputError, Missing, Refused, ScanflowError
from scanflow_tui.session import locking

START_S = 60.0
ENDING_S, ENDING_PAUSE_S = 2.0, 0.005
BUSY_CODE = 75
"""A supervisor ends with this where another process holds the session's lock."""

SILENT_CODE = 76
"""And with this where it ended without a word."""

SOCKET_NAME = "sock"
DATABASE_NAME = "session.duckdb"
LOG_NAME = "supervisor.log"


class Killed(ScanflowError):
    """A supervisor ended without a word while it came up; another one may well live."""


class Starting:
    """A supervisor that is on its way up; whoever holds this waits for its word once."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        command = [sys.executable, "-P", "-m", "scanflow_tui.supervisor", str(folder), *options]
        root = str(Path(scanflow_tui.__file__).parents[1])
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
        self._child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env=os.environ | {"PYTHONPATH": path},
            cwd="/",
        )

    def wait(self) -> bool:
        """Wait until it listens; False where another one has the session.

        Raises the ScanflowError that it ended with, Killed where it said nothing.
        """
        try:
            _, said = self._child.communicate(timeout=START_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.communicate()
            raise Missing(
                f"the supervisor did not come up in {START_S:.0f} s", where=str(self.folder)
            ) from None
        code = self._child.returncode
        if code in (0, BUSY_CODE):
            return code == 0
        told = _told(said, self.folder, code)
        if code < 0 or code == SILENT_CODE:
            raise Killed(told.what, where=told.where, hint=told.hint)
        raise told


_begun: dict[Path, Starting] = {}


def begin(folder: Path) -> None:
    """Start the supervisor of a session where none seems to live; ``launch`` waits for it.

    Nothing is said here: a session that is absent or another user's is judged by who connects.
    """
    with contextlib.suppress(OSError):
        is_down = (folder / DATABASE_NAME).exists() and not (folder / SOCKET_NAME).exists()
        if is_down and folder.stat().st_uid == os.getuid():
            _begun[folder] = Starting(folder)


def launch(folder: Path, *options: str) -> bool:
    """Start a supervisor, or take the one that was begun, and wait. Returns, raises as ``wait``."""
    begun = None if options else _begun.pop(folder, None)
    return (begun or Starting(folder, *options)).wait()


class Making:
    """A session that is being made by its supervisor."""

    def __init__(self, starting: Starting, *, is_new: bool) -> None:
        self._starting = starting
        self._is_new = is_new

    def finish(self) -> Path:
        """The session's folder, once it is there. Raises what the supervisor ended with."""
        folder = self._starting.folder
        try:
            is_ours = self._starting.wait()
        except ScanflowError as error:
            if self._is_new and error.exit_code != EXIT_DEFECT:
                _remove_unborn(folder)
            raise
        if not is_ours:
            raise Refused(
                f"session {folder.name!r} is made by somebody else",
                where=str(folder),
                hint="The same command again works in it, once it is there.",
            )
        return folder


def create_session(root: Path, name: str, pipeline_dir: Path, engine: str = "auto") -> Path:
    """Make a session below ``root`` and start its supervisor; returns the session's folder.

    Raises InputError (name, pipeline), Refused where it exists, or what the supervisor ended with.
    """
    return begin_session(root, name, pipeline_dir, engine).finish()


def begin_session(root: Path, name: str, pipeline_dir: Path, engine: str = "auto") -> Making:
    """The same without waiting for the supervisor."""
    if not ids.SESSION_NAME.fullmatch(name):
        raise InputError(
            f"{name!r} is no session name",
            hint="small letters, digits, dot, dash and underscore, at most 64",
        )
    pipeline_dir = pipeline_dir.resolve()
    if not (pipeline_dir / "pipeline.yaml").is_file():
        raise InputError("there is no pipeline.yaml", where=str(pipeline_dir))
    folder = root.resolve() / name
    if (folder / DATABASE_NAME).exists():
        raise Refused(f"session {name!r} exists already", where=str(folder))
    try:
        is_new = _make_folder(folder)
    except OSError as error:
        raise Missing(
            f"the session's folder cannot be made ({error.strerror})",
            where=str(folder),
            hint="--sessions DIR takes another place.",
        ) from None
    options = ("--create", name, "--pipeline", str(pipeline_dir), "--engine", engine)
    return Making(Starting(folder, *options), is_new=is_new)


def _make_folder(folder: Path) -> bool:
    """Whether it was made here; of several who try at once, by one alone. Raises OSError."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        if not folder.is_dir():
            raise
        return False
    return True


def _remove_unborn(folder: Path) -> None:
    """Take away what a supervisor left that never made a session; its sentence was told.

    Under the session's lock, which one that has told its sentence holds a moment more: one that
    others start, or that lives though its starter was killed, keeps what is its own.
    """
    lock = folder / "lock"
    with contextlib.suppress(OSError), open(lock, "a+b") as held:
        is_ours = locking.taken(held.fileno(), ENDING_S, ENDING_PAUSE_S)
        if not is_ours or (folder / DATABASE_NAME).exists():
            return
        (folder / LOG_NAME).unlink(missing_ok=True)
        if (folder / "runs").is_dir():
            (folder / "runs").rmdir()
        lock.unlink(missing_ok=True)
        folder.rmdir()


def _told(stderr: bytes, folder: Path, code: int) -> ScanflowError:
    """The error that a supervisor ended with: its last line on stderr, as it travels."""
    lines = stderr.decode("utf-8", "replace").strip().splitlines()
    try:
        return wire.error_from(json.loads(lines[-1]))
    except (IndexError, ValueError, AttributeError):
        last = f": {lines[-1]}" if lines else ""
        return ScanflowError(
            f"the supervisor ended with code {code}{last}",
            where=str(folder),
            hint=f"its log: {folder / LOG_NAME}",
        )
