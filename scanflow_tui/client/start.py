"""Finds the supervisor of a session, or starts one; makes new sessions.

A supervisor that does not come up has said why: its own sentence is what a person reads. Nothing
here opens a session's database.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import scanflow_tui
from scanflow_tui.client.connection import Connection, Push
from scanflow_tui.contract import ids, wire
from scanflow_tui.contract.errors import EXIT_DEFECT, InputError, Missing, Refused, ScanflowError

START_S = 60.0
PAUSE_S = 0.05
BUSY_CODE = 75
"""A supervisor ends with this where another process holds the session's lock."""

SILENT_CODE = 76
"""And with this where it ended without a word."""

KILLED_MAX = 5
"""So many that are killed as they come up are no accident any more."""

SOCKET_NAME = "sock"
DATABASE_NAME = "session.duckdb"
LOG_NAME = "supervisor.log"


class Killed(ScanflowError):
    """A supervisor ended without a word while it came up; another one may well live."""


async def connect(folder: Path, client: str, program: str, push: Push) -> Connection:
    """A connection to the session's supervisor, started where none answers.

    Raises the ScanflowError that the supervisor gave, Missing where it does not come up in time.
    """
    deadline = time.monotonic() + START_S
    n_killed = 0
    while True:
        try:
            return await Connection.dial(folder / SOCKET_NAME, client, program, push)
        except ConnectionResetError:
            await asyncio.sleep(PAUSE_S)
        except (FileNotFoundError, ConnectionRefusedError):
            require_owner(folder)
            try:
                is_up = await asyncio.to_thread(launch, folder)
            except Killed:
                n_killed, is_up = n_killed + 1, False
                if n_killed == KILLED_MAX:
                    raise
            if not is_up:
                await asyncio.sleep(PAUSE_S)
        if time.monotonic() > deadline:
            raise Missing(
                f"the supervisor did not come up in {START_S:.0f} s",
                where=str(folder),
                hint=f"its log: {folder / LOG_NAME}",
            )


def require_owner(folder: Path) -> None:
    """Raises Missing where a supervisor would have to be started that is another user's."""
    owner = folder.stat().st_uid
    if owner != os.getuid():
        raise Missing(
            "the supervisor of this session does not run, and its owner alone may start it",
            where=str(folder),
            hint=f"ask user {owner} to run: scanflow {folder.name}",
        )


def launch(folder: Path, *options: str) -> bool:
    """Start a supervisor and wait until it listens; False where another one has the session.

    Raises the ScanflowError that it ended with, Killed where it said nothing.
    """
    command = [sys.executable, "-P", "-m", "scanflow_tui.supervisor", str(folder), *options]
    root = str(Path(scanflow_tui.__file__).parents[1])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
    try:
        ended = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            start_new_session=True,
            timeout=START_S,
            env=os.environ | {"PYTHONPATH": path},
            cwd="/",
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Missing(
            f"the supervisor did not come up in {START_S:.0f} s", where=str(folder)
        ) from None
    if ended.returncode == BUSY_CODE:
        return False
    if ended.returncode == 0:
        return True
    told = _told(ended.stderr, folder, ended.returncode)
    if ended.returncode < 0 or ended.returncode == SILENT_CODE:
        raise Killed(told.what, where=told.where, hint=told.hint)
    raise told


def create_session(root: Path, name: str, pipeline_dir: Path, engine: str = "auto") -> Path:
    """Make a session below ``root`` and start its supervisor; returns the session's folder.

    Raises InputError (name, pipeline), Refused where it exists, or what the supervisor ended with.
    """
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
    is_new = not folder.exists()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Missing(
            f"the session's folder cannot be made ({error.strerror})",
            where=str(folder),
            hint="--sessions DIR takes another place.",
        ) from None
    try:
        options = ("--create", name, "--pipeline", str(pipeline_dir), "--engine", engine)
        if not launch(folder, *options):
            raise Refused(f"session {name!r} is made by somebody else", where=str(folder))
    except ScanflowError as error:
        if is_new and error.exit_code != EXIT_DEFECT:
            _remove_unborn(folder)
        raise
    return folder


def _remove_unborn(folder: Path) -> None:
    """Take away what a supervisor left that never made a session; its sentence was told."""
    if (folder / DATABASE_NAME).exists():
        return
    with contextlib.suppress(OSError):
        (folder / "lock").unlink(missing_ok=True)
        (folder / LOG_NAME).unlink(missing_ok=True)
        if (folder / "runs").is_dir():
            (folder / "runs").rmdir()
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
