"""Finds the supervisor of a session, or starts one, and connects to it."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from scanflow_tui.client.connection import Connection, Push
from scanflow_tui.client.starting import LOG_NAME, SOCKET_NAME, START_S, Killed, launch
from scanflow_tui.contract.errors import Missing

PAUSE_S = 0.05
KILLED_MAX = 5
"""So many that are killed as they come up are no accident any more."""


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
