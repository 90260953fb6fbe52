"""A session as JSON lines and back: one event a line, its stored body and its hash, byte for byte.

The body travels as text (it is ASCII), so an export can be verified with nothing but SHA-256.
Erasable contents are not part of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from scanflow_tui.contract import canonical
from scanflow_tui.contract.errors import DamagedSession, InputError
from scanflow_tui.session.chain import Row, check
from scanflow_tui.session.store import RANGE_EVENTS, Store, create

LINE_BYTES_MAX = 64 * 1024 * 1024


def line(row: Row) -> bytes:
    """One event as ``{"body": "...", "hash": "..."}``. Raises DamagedSession if not ASCII."""
    try:
        body = row.body.decode("ascii")
    except UnicodeDecodeError:
        raise DamagedSession(f"event {row.seq} was changed: its body is not ASCII") from None
    return canonical.encode({"body": body, "hash": row.hash}) + b"\n"


def lines(rows: Iterable[Row]) -> Iterator[bytes]:
    """The export of these events."""
    return map(line, rows)


def parse(source: Iterable[bytes]) -> Iterator[Row]:
    """Rows from an export. Raises InputError naming the line; hashes are ``check``'s to judge."""
    for number, data in enumerate(source, start=1):
        where = f"line {number}"
        if len(data) > LINE_BYTES_MAX:
            raise InputError("the line is too long for an event", where=where)
        try:
            raw = json.loads(data)
            body = raw["body"].encode("ascii")
            event = canonical.decode(body)
            hashed = str(raw["hash"])
            row = Row(
                int(event["seq"]), int(event["at"]), event["kind"], event["actor"], body, hashed
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            raise InputError("this is no exported event", where=where) from None
        yield row


def import_lines(source: Iterable[bytes], path: Path) -> Store:
    """Make a session file from an export, verified before it is written.

    Raises InputError for a line that is no event, DamagedSession where the chain does not hold,
    Refused where a file is there already.
    """
    rows = list(parse(source))
    verdict = check(rows, None)
    if not rows:
        raise InputError("the export holds no event")
    if not verdict.holds:
        raise DamagedSession(verdict.sentence())
    store = create(path, rows[:RANGE_EVENTS])
    for start in range(RANGE_EVENTS, len(rows), RANGE_EVENTS):
        store.append(rows[start : start + RANGE_EVENTS])
    return store
