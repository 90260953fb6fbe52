"""Names and ids. Minting takes time and randomness as arguments, so that callers stay pure."""

from __future__ import annotations

import re
from typing import NewType

from scanflow_tui.contract import canonical

Ulid = NewType("Ulid", str)
NodeId = NewType("NodeId", str)
Sha = NewType("Sha", str)

NODE_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
SESSION_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
SHA = re.compile(r"[0-9a-f]{64}")

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def mint_ulid(at_us: int, randomness: bytes) -> Ulid:
    """A ULID: 48 bits of milliseconds and 80 bits of randomness (10 bytes), 26 characters."""
    assert len(randomness) == 10, len(randomness)
    number = ((at_us // 1000) & ((1 << 48) - 1)) << 80 | int.from_bytes(randomness, "big")
    return Ulid("".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5)))


def attempt_name(session: str, run: int, node: str, attempt: int) -> str:
    """The engine name of an attempt, deterministic: ``sf-<ulid>-<run>-<node>-<attempt>``, lower
    case.
    """
    return f"sf-{session.lower()}-{run}-{node}-{attempt}"


def short_attempt_name(name: str) -> str:
    """The same for engines with shorter names: ``sf-`` and 40 hex digits of its SHA-256."""
    return "sf-" + canonical.sha256(name.encode())[:40]


def batch_id(number: int) -> str:
    """The id of the n-th batch of a session, counted from 1: ``b0001``."""
    return f"b{number:04d}"
