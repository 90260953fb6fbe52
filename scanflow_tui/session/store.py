"""The session file: one DuckDB database, one writer. The only module that imports DuckDB.

Never ``open()`` a database that this process holds: closing any descriptor of it drops its lock.
A database file is never written in place. DuckDB's own checkpoint overwrites a block that the valid
header still points into; 1 kill of 1,500 in it left a file unreadable (measured, 2.0.1). So commits
go to the log alone, and a checkpoint builds a new file that takes the old one's name.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb
else:
    # The engine without the Python layers above it, which are not used and take longest to load.
    import _duckdb as duckdb

from scanflow_tui.contract.errors import DamagedSession, Missing, Refused, ScanflowError
from scanflow_tui.contract.limits import MIB
from scanflow_tui.session import copying, swap, views
from scanflow_tui.session.chain import Head, Row
from scanflow_tui.session.contents import Content
from scanflow_tui.session.store_errors import explain
from scanflow_tui.session.swap import sync_folder, wal_of

STORAGE_VERSION = "v1.4.0"
MEMORY_LIMIT = "512MB"
RANGE_EVENTS = 10_000
RANGE_EVENTS_FIRST, RANGE_BYTES = 200, 32 * MIB
"""A queue's events are long, so how many are read at once hangs on how long the last ones were."""
RANGE_CONTENTS = 500
CONTENTS_AT_ONCE = 10_000
WAL_CHECKPOINT_BYTES = 16 * MIB

_CONTENT_COLUMNS = "digest, salt, media, bytes"
_EVENT_COLUMNS = 'seq, "at", kind, actor, body, hash'


class Store:
    """An open session file. ``checkpoint_failed``: the disk had no room for the last one."""

    def __init__(self, path: Path, *, read_only: bool) -> None:
        self.path = path
        self.read_only = read_only
        self.checkpoint_failed = False
        self._con = _connect(path, read_only=read_only)
        self._fresh_wal = True
        self._rows_of: dict[int, int] = {}
        self._seen = -1
        try:
            self._head = self._read_head()
        except BaseException:
            self._con.close()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def head(self) -> Head | None:
        """The last event and its hash, None in an empty file."""
        return self._head

    def append(self, rows: Sequence[Row], contents: Sequence[Content] = ()) -> None:
        """Commit events and contents together; on return they are durable.

        Rows that are already in, by seq and hash, are left alone. Raises Missing when the disk is
        full: then nothing of this call is in, nothing else is lost, and the store can be used on.
        A checkpoint that fails after the commit is no error: ``checkpoint_failed`` tells.
        """
        assert not self.read_only, self.path
        rows = self._new(rows)
        if not rows and not contents:
            return
        try:
            _commit(self._con, rows, contents)
        except duckdb.Error as error:
            self._settle(rows, error)
        if rows:
            self._head = Head(rows[-1].seq, rows[-1].hash)
        if self._fresh_wal:
            # DuckDB syncs the log but not the folder that names it: after a power cut it could be
            # gone.
            sync_folder(self.path.parent)
            self._fresh_wal = False
        if not self.checkpoint_failed and self.wal_bytes() > _wal_bytes_max(self.path):
            with contextlib.suppress(Missing):
                self.checkpoint()

    def read(self, first: int, last: int) -> list[Row]:
        """The events from ``first`` to ``last``, both included; ask for ranges of 10,000.

        Raises DamagedSession where the file cannot be read there.
        """
        found = self._query(
            f"SELECT {_EVENT_COLUMNS} FROM event WHERE seq BETWEEN ? AND ? ORDER BY seq, rowid",
            [first, last],
        )
        return [Row(*row) for row in found]

    def all(self, first: int = 0) -> Iterator[Row]:
        """Every event from ``first`` on, read in ranges; memory stays bounded."""
        start: int | None = first
        n = RANGE_EVENTS_FIRST
        while start is not None:
            rows = self.read(start, start + n - 1)
            yield from rows
            # Asked, not counted: an altered file may hold a seq that no loop would ever reach.
            beyond = start + n
            n_bytes = sum(len(row.body) for row in rows)
            n = max(RANGE_EVENTS_FIRST, min(RANGE_EVENTS, n * RANGE_BYTES // max(1, n_bytes)))
            start = self._query("SELECT min(seq) FROM event WHERE seq >= ?", [beyond])[0][0]

    def content(self, digest: str) -> Content | None:
        """Erasable content, None where it was erased or never kept."""
        row = self._row_of(digest)
        if row is None:
            return None
        found = self._query(
            f"SELECT {_CONTENT_COLUMNS} FROM content WHERE rowid = ? AND digest = ?", [row, digest]
        )
        if not found:  # another digest has the same key
            found = self._query(
                f"SELECT {_CONTENT_COLUMNS} FROM content WHERE digest = ? LIMIT 1", [digest]
            )
        return Content(*found[0]) if found else None

    def _row_of(self, digest: str) -> int | None:
        """In which row a content is: a queue of 100,000 pictures is not searched for each."""
        key = hash(digest)
        if key not in self._rows_of:
            newer = self._query("SELECT rowid, digest FROM content WHERE rowid > ?", [self._seen])
            self._rows_of.update((hash(name), row) for row, name in newer)
            self._seen = max((row for row, _ in newer), default=self._seen)
        return self._rows_of.get(key)

    def contents(self) -> Iterator[Content]:
        """Every content that is there, read in ranges; memory stays bounded."""
        last = self._query("SELECT max(rowid) FROM content")[0][0]
        for first in range(0, 0 if last is None else last + 1, RANGE_CONTENTS):
            for found in self._query(
                f"SELECT {_CONTENT_COLUMNS} FROM content WHERE rowid BETWEEN ? AND ?",
                [first, first + RANGE_CONTENTS - 1],
            ):
                yield Content(*found)

    def erase(self, digest: str) -> bool:
        """Remove content for good, and say whether it was there.

        A deleted row's bytes stay in the file's free blocks (measured), so the file is written
        anew and takes the old one's place. Raises Missing when there is no room for that: try
        again with room.
        """
        assert not self.read_only, self.path
        if self.content(digest) is None:
            return False
        self._renew("nothing was erased", without=digest)
        return True

    def checkpoint(self) -> None:
        """Bring what lies in the log into the database file. Costs a copy of the whole file.

        Raises Missing when the disk is full; nothing is lost, and the store can be used on.
        """
        assert not self.read_only, self.path
        if self.wal_bytes():
            self._renew("what was committed stays in the log beside the session file")

    def _renew(self, undone: str, without: str = "") -> None:
        """Write the file anew beside itself, and let it take its own name."""
        try:
            _draft_of(self._con, self.path, without)
        except duckdb.Error as error:
            self._reopen()
            self.checkpoint_failed = True
            raise explain(error, self.path, undone=undone) from None
        self._con.close()
        try:
            swap.swap(self.path)
        finally:
            self._reopen()
        self.checkpoint_failed = False

    def wal_bytes(self) -> int:
        """How long the log beside the database is."""
        try:
            return wal_of(self.path).stat().st_size
        except FileNotFoundError:
            return 0

    def close(self) -> None:
        """Let go of the file, after a checkpoint where there is room for one."""
        if not self.read_only:
            with contextlib.suppress(ScanflowError):
                self.checkpoint()
        self._con.close()

    def _new(self, rows: Sequence[Row]) -> Sequence[Row]:
        """The rows that are not in yet; they have to follow the head."""
        if self._head is not None and rows and rows[0].seq <= self._head.seq:
            known = {row.seq: row.hash for row in self.read(rows[0].seq, self._head.seq)}
            for row in rows:
                assert known.get(row.seq, row.hash) == row.hash, f"event {row.seq} differs"
            rows = [row for row in rows if row.seq not in known]
        return _following(self._head, rows)

    def _settle(self, rows: Sequence[Row], error: duckdb.Error) -> None:
        """After a failed commit: return if it is in all the same, else raise what went wrong.

        A full disk in the automatic checkpoint raises after the commit succeeded, and the
        connection is invalid from then on; so the file is asked, not the error.
        """
        told = explain(error, self.path)
        before = self._head
        self._reopen()
        if rows and self._head == Head(rows[-1].seq, rows[-1].hash):
            self.checkpoint_failed = True
            return
        assert self._head == before, (self._head, before)
        raise told from None

    def _reopen(self) -> None:
        with contextlib.suppress(duckdb.Error):
            self._con.close()
        swap.settle(self.path)
        self._con = _connect(self.path, read_only=self.read_only)
        self._fresh_wal = True
        self._rows_of, self._seen = {}, -1
        self._head = self._read_head()

    def _read_head(self) -> Head | None:
        found = self._query("SELECT seq, hash FROM event ORDER BY seq DESC, rowid DESC LIMIT 1")
        return Head(*found[0]) if found else None

    def _query(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        try:
            return self._con.execute(sql, list(parameters)).fetchall()
        except duckdb.Error as error:
            raise explain(error, self.path) from None


def create(path: Path, rows: Sequence[Row] = (), contents: Sequence[Content] = ()) -> Store:
    """Make a session file with its first events, and open it for writing.

    It is made beside its place and renamed, so a crash leaves no half-made session. Raises Refused
    where something is there already, Missing where the disk is full or the folder absent.
    """
    if path.exists() or path.is_symlink():
        raise Refused("a session is there already", where=str(path))
    swap.settle(path)
    con = _database()
    try:
        _make(con, path)
        con.execute("BEGIN")
        _insert(con, _following(None, rows), contents)
        con.execute("COMMIT")
        _finish(con)
    except duckdb.Error as error:
        con.close()
        swap.discard(path)
        raise explain(error, path, undone="the session was not made") from None
    except BaseException:
        con.close()
        swap.discard(path)
        raise
    con.close()
    swap.swap(path)
    return Store(path, read_only=False)


def open_writer(path: Path) -> Store:
    """Open a session file as its one writer. The caller holds the session's lock.

    Raises Missing where there is none, or another process has it; DamagedSession where it is no
    session.
    """
    swap.settle(path)
    require_file(path)
    try:
        return Store(path, read_only=False)
    except Missing:
        # A database of somebody else may look like a newer session: reading tells them apart.
        Store(path, read_only=True).close()
        raise


def open_reader(path: Path) -> Store:
    """Open a session file that nobody writes, for reading. Raises as ``open_writer``."""
    swap.settle(path)
    require_file(path)
    return Store(path, read_only=True)


def require_file(path: Path) -> None:
    """Judge by ``stat`` alone; what is inside DuckDB says without our opening the file."""
    try:
        found = path.stat()
    except FileNotFoundError:
        raise Missing("there is no session file", where=str(path)) from None
    except OSError as error:
        raise Missing(
            f"the session file cannot be reached ({error.strerror})", where=str(path)
        ) from None
    if not path.is_file():
        raise DamagedSession("this is no session file but a folder or device", where=str(path))
    if found.st_size == 0:
        raise DamagedSession("the session file is empty", where=str(path))


def _database() -> duckdb.DuckDBPyConnection:
    # Without the first two, a foreign file makes DuckDB look for an extension on the network.
    con = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "threads": "1",
            "memory_limit": MEMORY_LIMIT,
            "temp_directory": "",
            "wal_autocheckpoint": "1TB",
        },
    )
    con.execute("PRAGMA disable_checkpoint_on_shutdown")
    return con


def _attach(con: duckdb.DuckDBPyConnection, path: Path, name: str, *, read_only: bool) -> None:
    quoted = str(path.absolute()).replace("'", "''")
    how = "READ_ONLY" if read_only else f"STORAGE_VERSION '{STORAGE_VERSION}'"
    umask = os.umask(0o077)
    try:
        con.execute(f"ATTACH '{quoted}' AS {name} (TYPE duckdb, {how})")
    finally:
        os.umask(umask)


def _connect(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    con = _database()
    try:
        draft = swap.draft_of(path).absolute()
        ends = ("", ".wal", ".wal.checkpoint", ".wal.recovery")
        con.execute("SET allowed_paths = ?", [[f"{draft}{end}" for end in ends]])
        _attach(con, path, "session", read_only=read_only)
        con.execute("USE session")
        con.execute("SET enable_external_access = false")
        con.execute(f"SELECT {_EVENT_COLUMNS} FROM event LIMIT 0")
        con.execute("SELECT digest, salt, media, bytes FROM content LIMIT 0")
    except duckdb.Error as error:
        con.close()
        raise explain(error, path) from None
    return con


def _make(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """A new draft of a database with tables and views, attached as ``fresh`` and in use."""
    swap.discard(path)
    _attach(con, swap.draft_of(path), "fresh", read_only=False)
    con.execute("USE fresh")
    con.execute("BEGIN")
    for statement in (*views.TABLES, *views.VIEWS):
        con.execute(statement)
    for name, value in views.FORMAT:
        con.execute("INSERT INTO format VALUES (?, ?)", [name, value])
    con.execute("COMMIT")


def _wal_bytes_max(path: Path) -> int:
    # As long as the file itself: all copies together then cost a few times the writing.
    return max(WAL_CHECKPOINT_BYTES, path.stat().st_size)


def _following(head: Head | None, rows: Sequence[Row]) -> Sequence[Row]:
    """The rows, which have to follow the head without a gap."""
    first = 0 if head is None else head.seq + 1
    for offset, row in enumerate(rows):
        assert row.seq == first + offset, f"event {row.seq} after {first + offset - 1}"
    return rows


def _commit(
    con: duckdb.DuckDBPyConnection, rows: Sequence[Row], contents: Sequence[Content]
) -> None:
    if not contents:
        # One appender is one transaction by itself.
        _insert(con, rows, ())
        return
    con.begin()
    _insert(con, rows, contents)
    con.commit()


def _insert(
    con: duckdb.DuckDBPyConnection, rows: Sequence[Row], contents: Sequence[Content]
) -> None:
    if rows:
        with con.appender("event") as appender:
            appender.append_rows(rows)
    if contents:
        with con.appender("content") as appender:
            for first in range(0, len(contents), CONTENTS_AT_ONCE):
                part = contents[first : first + CONTENTS_AT_ONCE]
                appender.append_rows(
                    [(item.digest, item.salt, item.media, item.data) for item in part]
                )


def _finish(con: duckdb.DuckDBPyConnection) -> None:
    """Make a draft durable, and let go of it. In place, but nobody relies on it yet."""
    con.execute("CHECKPOINT fresh")
    con.execute("USE memory")
    con.execute("DETACH fresh")


def _draft_of(con: duckdb.DuckDBPyConnection, path: Path, without: str) -> None:
    """Write all of a session but one content (or none) into a draft. Leaves none when it fails."""
    try:
        _make(con, path)
        n_bytes = sum(file.stat().st_size for file in (path, wal_of(path)) if file.exists())
        copying.copy(con, n_bytes, without)
        _finish(con)
    except duckdb.Error:
        con.close()
        swap.discard(path)
        raise
