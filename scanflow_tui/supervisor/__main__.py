"""``python -m scanflow_tui.supervisor SESSION_FOLDER``: takes the session's lock and serves it.

The lock comes before everything, the forks before DuckDB, threads and asyncio. The process that
was started ends when the daemon listens, or with the error that it ended with (75: somebody else
has the session; 76: it ended without a word).
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import os
import sys
import traceback
from pathlib import Path

from scanflow_tui.contract import limits, plain_asyncio, wire
from scanflow_tui.contract.errors import EXIT_DEFECT, Missing, ScanflowError
from scanflow_tui.supervisor.daemon import BUSY_CODE, Starter, detach, take_lock

SOCKET_NAME = "sock"
LOCK_NAME = "lock"
LOG_NAME = "supervisor.log"


def main(arguments: list[str] | None = None) -> int:
    """Take the lock, become a daemon, serve; the exit code."""
    options = _options(arguments)
    folder = options.folder.absolute()
    os.umask(0o077)
    if not folder.is_dir():
        absent = Missing("there is no session here", where=str(folder))
        sys.stderr.write(json.dumps(wire.error_json(absent)) + "\n")
        return absent.exit_code
    try:
        lock = take_lock(folder / LOCK_NAME, folder / SOCKET_NAME)
    except OSError as error:
        shut = Missing(f"the session's lock cannot be taken ({error.strerror})", where=str(folder))
        sys.stderr.write(json.dumps(wire.error_json(shut)) + "\n")
        return shut.exit_code
    if lock is None:
        return BUSY_CODE
    starter = detach(folder / LOG_NAME)
    os.chdir("/")
    return _serve(folder, options, starter)


def _serve(folder: Path, options: argparse.Namespace, starter: Starter) -> int:
    """Everything after the forks; a defect leaves its traceback in the log."""
    try:
        # Nothing that a module holds is garbage, so none is looked for while they are loaded.
        gc.disable()
        plain_asyncio.load()
        # Imported here: DuckDB and asyncio must not be loaded before the forks.
        from scanflow_tui.supervisor.opening import serve

        gc.freeze()
        gc.enable()
        serve(
            folder,
            name=options.create,
            pipeline=options.pipeline,
            engine=options.engine,
            idle_s=options.idle_s,
            ready=starter.ready,
        )
    except ScanflowError as error:
        starter.failed(error)
        _keep(error.sentence() + "\n")
        return error.exit_code
    except Exception as error:
        defect = ScanflowError(
            f"the supervisor ended with {type(error).__name__}: {error}",
            hint=f"its log: {folder / LOG_NAME}",
        )
        starter.failed(defect)
        _keep(traceback.format_exc())
        return EXIT_DEFECT
    return 0


def _keep(text: str) -> None:
    """Write to the log, last of all: on a full disk it takes nothing."""
    with contextlib.suppress(OSError):
        sys.stderr.write(text)
        sys.stderr.flush()


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("scanflow_tui.supervisor")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--create", metavar="NAME", default="")
    parser.add_argument("--pipeline", type=Path, default=None)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--idle-s", type=float, default=float(limits.IDLE_LEAVE_S))
    return parser.parse_args(arguments)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads that copy or hash are left behind: what they do is asked again by the next supervisor.
    os._exit(code)
