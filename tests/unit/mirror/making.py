"""Closed sessions of the demo's events below a root, and what a mirror has to be told of them."""

from __future__ import annotations

from pathlib import Path

from scanflow_tui.mirror import translate as op
from scanflow_tui.session import chain, index, store
from scanflow_tui.session.index import Entry
from scanflow_tui.session.places import SessionFolder
from tests.fakes.demo_events import SESSION, demo_events


def rows(chapter: str) -> list[chain.Row]:
    """The chained events of the demo up to a chapter."""
    return chain.rows(demo_events(chapter), chain.first(SESSION))


def closed_session(root: Path, chapter: str, name: str = "demo") -> Entry:
    """Write a session and its index; one that is there is replaced."""
    folder = SessionFolder(root / name)
    folder.path.mkdir(parents=True, exist_ok=True)
    for path in folder.path.iterdir():
        path.unlink()
    found = rows(chapter)
    store.create(folder.database, found).close()
    entry = Entry(name, SESSION, "mnist", found[-1].seq, found[-1].hash, found[-1].at)
    index.write(folder, entry)
    return index.read(folder)


class Noting:
    """A tracker that notes what it is told; it fails as often as it is asked to."""

    def __init__(self, n_failures: int = 0) -> None:
        self.applied: list[list[op.Operation]] = []
        self._n_failures = n_failures

    def apply(self, operations: list[op.Operation]) -> None:
        if self._n_failures:
            self._n_failures -= 1
            raise OSError("no room")
        self.applied.append(operations)
