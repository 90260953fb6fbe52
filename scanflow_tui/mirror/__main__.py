"""``python -m scanflow_tui.mirror SESSIONS_ROOT``: mirrors the sessions of a root to MLflow.

One process a root, by a lock; a second one ends at once, well. It leaves after two minutes without
news, and whoever commits events starts it again.
"""

from __future__ import annotations

import argparse
import fcntl
import logging
import os
import time
from logging.handlers import RotatingFileHandler
from pathlib import Path

from scanflow_tui.contract.errors import ScanflowError
from scanflow_tui.mirror.carrying import Applies, carry
from scanflow_tui.mirror.cursor import FOLDER_NAME
from scanflow_tui.mirror.rounds import Rounds
from scanflow_tui.session import index
from scanflow_tui.session.places import objects_of

LOCK_NAME = ".mirror.lock"
LOG_NAME = "mirror.log"
LOG_BYTES_MAX = 256 * 1024
POLL_S = 2.0
NICE = 10

log = logging.getLogger("scanflow.mirror")


class Mirror:
    """The sessions of a root and their trackers; MLflow is loaded when the first news comes."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._trackers: dict[tuple[str, str], Applies] = {}
        self._rounds = Rounds(time.monotonic())

    def round(self) -> None:
        """Mirror every session that has news; a failure is logged and tried again later."""
        for entry in self._due():
            try:
                at = carry(self._root, entry, self._tracker)
            except Exception as error:
                said = error.sentence() if isinstance(error, ScanflowError) else repr(error)
                pause_s = self._rounds.failed(entry.name, time.monotonic())
                log.error("%s: %s; again in %.0f s", entry.name, said, pause_s)
                self._trackers.pop((entry.ulid, entry.name), None)
            else:
                self._rounds.done(entry.name, at.session, at.seq)

    def has_news(self) -> bool:
        """Whether a session may be mirrored now."""
        return bool(self._due())

    def is_over(self) -> bool:
        """Whether nothing came for long enough to leave."""
        return self._rounds.is_over(time.monotonic())

    def _due(self) -> list[index.Entry]:
        return self._rounds.due(index.entries(self._root), time.monotonic())

    def _tracker(self, session: str, name: str) -> Applies:
        key = (session, name)
        if key not in self._trackers:
            # Imported here: MLflow takes seconds, and without news it is not needed.
            from scanflow_tui.mirror.tracker import Tracker

            uri = f"sqlite:///{self._root / 'mlflow.db'}"
            self._trackers[key] = Tracker(
                uri, objects_of(self._root), self._root / "mlruns", session, name
            )
        return self._trackers[key]


def main(arguments: list[str] | None = None) -> int:
    """Mirror until nothing comes any more; 0, also where another mirror is at it."""
    parser = argparse.ArgumentParser("scanflow_tui.mirror")
    parser.add_argument("root", type=Path)
    parser.add_argument("--once", action="store_true", help="Leave after one round.")
    options = parser.parse_args(arguments)
    root = options.root.absolute()
    if not root.is_dir():
        return 0
    os.umask(0o077)
    lock = _take_lock(root)
    if lock is None:
        return 0
    os.nice(NICE)
    _open_log(root)
    mirror = Mirror(root)
    while lock is not None:
        mirror.round()
        while not options.once and not mirror.is_over():
            time.sleep(POLL_S)
            mirror.round()
        os.close(lock)
        # What came between the last look and the lock's end started a mirror in vain.
        lock = _take_lock(root) if not options.once and mirror.has_news() else None
    return 0


def _take_lock(root: Path) -> int | None:
    """The root's lock as an open descriptor, None where another mirror holds it."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    handle = os.open(root / LOCK_NAME, flags, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def _open_log(root: Path) -> None:
    folder = root / FOLDER_NAME
    folder.mkdir(mode=0o700, exist_ok=True)
    handler = RotatingFileHandler(folder / LOG_NAME, maxBytes=LOG_BYTES_MAX, backupCount=1)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    log.addHandler(handler)
    log.propagate = False


if __name__ == "__main__":
    raise SystemExit(main())
