"""A session's rows into a new draft, in pieces: memory stays bounded however long the session is.

A transaction holds all of its rows in memory until its end. Nobody relies on a draft before it has
the session's name, so it is written in as many transactions as it takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from scanflow_tui.contract.limits import MIB

PIECE_BYTES = 32 * MIB


class Connection(Protocol):
    """What is needed of a connection with ``session`` and ``fresh`` attached."""

    def execute(self, query: str, parameters: Sequence[Any] = ...) -> Any:
        """Run a statement."""


def copy(con: Connection, n_bytes: int, without: str) -> None:
    """Copy events and contents but one (``without`` may be empty) from ``session`` to ``fresh``.

    ``n_bytes`` is how long the session is; a short one is copied in one transaction.
    """
    if n_bytes <= PIECE_BYTES:
        con.execute("BEGIN")
        con.execute("INSERT INTO fresh.event SELECT * FROM session.event ORDER BY rowid")
        con.execute(
            "INSERT INTO fresh.content SELECT * FROM session.content WHERE digest <> ?", [without]
        )
        con.execute("COMMIT")
        return
    for table, blob, where in (("event", "body", "TRUE"), ("content", "bytes", "digest <> ?")):
        parameters = [without] if table == "content" else []
        for first, last in list(_pieces(con, table, blob)):
            con.execute("BEGIN")
            con.execute(
                f"INSERT INTO fresh.{table} SELECT * FROM session.{table}"
                f" WHERE rowid BETWEEN ? AND ? AND {where} ORDER BY rowid",
                [first, last, *parameters],
            )
            con.execute("COMMIT")
            con.execute("CHECKPOINT fresh")


def _pieces(con: Connection, table: str, blob: str) -> Iterator[tuple[int, int]]:
    """Ranges of rows, both ends included, each of some 32 MiB."""
    found = con.execute(f"SELECT rowid, octet_length({blob}) FROM session.{table} ORDER BY rowid")
    first: int | None = None
    last, size = 0, 0
    while rows := found.fetchmany(10_000):
        for rowid, n_bytes in rows:
            first = rowid if first is None else first
            last, size = rowid, size + n_bytes
            if size >= PIECE_BYTES:
                yield first, last
                first, size = None, 0
    if first is not None:
        yield first, last
