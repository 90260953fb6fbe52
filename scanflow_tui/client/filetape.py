"""A tape over a copy of a session's file. The only part of the client that loads DuckDB."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from scanflow_tui.session.copy import CopiedStore, named_after, open_copy
from scanflow_tui.session.places import SessionFolder
from scanflow_tui.session.store import Store, require_file
from scanflow_tui.session.swap import wal_of
from scanflow_tui.session.verify import verify_store

T = TypeVar("T")


class FileTape:
    """A copy of the file, read in one thread."""

    def __init__(self, store: Store, thread: ThreadPoolExecutor) -> None:
        self._store = store
        self._thread = thread
        head = store.head()
        self.last = -1 if head is None else head.seq

    @classmethod
    async def open(cls, path: Path) -> FileTape:
        """Copy a session's folder or file. Raises Refused where a supervisor holds it."""
        thread = ThreadPoolExecutor(1, "tape")
        try:
            running = asyncio.get_running_loop()
            return cls(await running.run_in_executor(thread, _copy, path), thread)
        except BaseException:
            thread.shutdown(wait=False)
            raise

    async def bodies(self, first: int, last: int) -> list[bytes]:
        rows = await self._run(lambda: self._store.read(first, last))
        return [bytes(row.body) for row in rows]

    async def content(self, digest: str) -> bytes | None:
        found = await self._run(lambda: self._store.content(digest))
        return None if found is None else found.data

    async def verdict(self) -> str:
        report = await self._run(lambda: verify_store(self._store))
        if report.holds:
            return f"✔ verified to event {self.last:,}"
        return "✖ " + report.sentences()[0]

    async def close(self) -> None:
        await self._run(self._store.close)
        self._thread.shutdown(wait=False)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _copy(path: Path) -> Store:
    """A copy of a session by folder, by its file, or of a file anywhere under any name."""
    if path.is_dir():
        return open_copy(SessionFolder(path))
    folder = SessionFolder(path.parent)
    return open_copy(folder) if path.name == folder.database.name else _copy_of(path)


def _copy_of(path: Path) -> Store:
    """A copy of a file that lies anywhere, under any name."""
    require_file(path)
    aside = Path(tempfile.mkdtemp(prefix="scanflow-"))
    target = aside / "session.duckdb"
    try:
        shutil.copyfile(path, target)
        if wal_of(path).exists():
            shutil.copyfile(wal_of(path), wal_of(target))
        with named_after(target, path):
            return CopiedStore(target)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
