"""The hash chain over the stored bodies, and its check. Pure: rows in, a verdict out.

``hash`` of an event = SHA-256(previous hash ‖ body); before event 0 stands SHA-256(session ULID). A
body is hashed as it is stored and never serialised again. A chain alone cannot show that its tail
was cut: for that a head (seq, hash) kept outside the file is compared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, NamedTuple

from scanflow_tui.contract import canonical
from scanflow_tui.contract.records import dataclass
from scanflow_tui.session import events as ev


class Row(NamedTuple):
    """One stored event: the body, its hash, and copies of what the body says."""

    seq: int
    at: int
    kind: str
    actor: str
    body: bytes
    hash: str


class Head(NamedTuple):
    """How far a chain reached, and its hash there."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found.

    ``bad_seq`` is the first event that does not hold, with ``reason`` as a sentence; ``last`` is
    the last event that does. ``covered`` is the event up to which the given head vouches, None
    without a head or where it does not fit; ``head_reason`` says why a head does not fit.
    """

    n: int
    last: Head | None
    bad_seq: int | None = None
    reason: str = ""
    covered: int | None = None
    head_reason: str = ""

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against the file."""
        return self.bad_seq is None and not self.head_reason

    def sentence(self) -> str:
        """The verdict for a person, and what no head vouches for."""
        if self.bad_seq is not None:
            return self.reason
        if self.head_reason:
            return self.head_reason
        if self.last is None:
            return "the file holds no event"
        told = f"{self.n} events, the chain holds up to event {self.last.seq}"
        if self.covered is None:
            return f"{told}; no head was given, so a cut tail would not show"
        if self.covered == self.last.seq:
            return f"{told}, and the head vouches for all of it"
        return (
            f"{told}; the head vouches up to event {self.covered}, "
            f"nothing does for events {self.covered + 1} to {self.last.seq}"
        )


def first(session_ulid: str) -> str:
    """The hash that stands before event 0, hex."""
    return hashlib.sha256(session_ulid.encode("ascii")).hexdigest()


def link(previous: str, body: bytes) -> str:
    """The hash of an event, hex, from the hash before it (hex) and its stored body."""
    return hashlib.sha256(bytes.fromhex(previous) + body).hexdigest()


def rows(events: Iterable[ev.Event], previous: str) -> list[Row]:
    """Events as they are stored, chained to the hash before the first. Raises ValueError on NaN."""
    made = []
    for event in events:
        body = ev.encode(event)
        previous = link(previous, body)
        made.append(Row(event.seq, event.at, event.kind, event.actor, body, previous))
    return made


def check(stored: Iterable[Row], session: str | None, head: Head | None = None) -> Verdict:
    """Check a whole chain from event 0 on, and a head from outside the file against it.

    ``session`` is the ULID that event 0 must name; None takes its word.
    """
    previous: str | None = None if session is None else first(session)
    last: Head | None = None
    expected = 0
    at_head: str | None = None
    for row in stored:
        reason, previous_now = _judge(row, expected, previous, session)
        if reason:
            return Verdict(expected, last, min(row.seq, expected), reason)
        previous = previous_now
        last = Head(row.seq, row.hash)
        if head is not None and row.seq == head.seq:
            at_head = row.hash
        expected += 1
    if head is None:
        return Verdict(expected, last)
    if at_head is None:
        end = "is empty" if last is None else f"ends at event {last.seq}"
        told = (
            f"the file {end} and no longer reaches event {head.seq} of the head: its tail was cut"
        )
        return Verdict(expected, last, head_reason=told)
    if at_head != head.hash:
        told = f"event {head.seq} has another hash than the head says: the file was rewritten"
        return Verdict(expected, last, head_reason=told)
    return Verdict(expected, last, covered=head.seq)


def _judge(
    row: Row, expected: int, previous: str | None, session: str | None
) -> tuple[str, str | None]:
    """Why a row does not hold (empty if it does), and the hash that it must have."""
    if row.seq > expected:
        return f"event {expected} is missing (event {row.seq} follows event {expected - 1})", None
    if row.seq < expected:
        return f"event {row.seq} is there twice or out of order", None
    try:
        body = canonical.decode(row.body)
    except ValueError:
        return f"event {expected} was changed: its body is not JSON", None
    if not isinstance(body, dict):
        return f"event {expected} was changed: its body is no event", None
    if expected == 0:
        named = _session_of(body)
        if named is None:
            return "event 0 was changed: it does not open a session", None
        if session is not None and named != session:
            return f"event 0 opens session {named}, not {session}", None
        previous = first(named)
    assert previous is not None
    if link(previous, row.body) != row.hash:
        return f"event {expected} was changed: its body and its hash do not fit", None
    for column in ("seq", "at", "kind", "actor"):
        if body.get(column) != getattr(row, column):
            told = f"column {column} says {getattr(row, column)!r}, the body {body.get(column)!r}"
            return f"event {expected} was changed: {told}", None
    return "", row.hash


def _session_of(body: dict[str, Any]) -> str | None:
    payload = body.get("payload")
    session = payload.get("session") if isinstance(payload, dict) else None
    ascii_name = isinstance(session, str) and session.isascii()
    return session if body.get("kind") == "SessionOpened" and ascii_name else None
