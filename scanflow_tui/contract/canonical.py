"""Canonical JSON: the bytes that are hashed (profile ``json-sorted-ascii-1``, named in event 0).

Standard library ``json``, sorted keys, no spaces, ASCII, NaN and infinities refused. Stored bytes
are never re-serialised to verify a hash.
"""

from __future__ import annotations

import json
from typing import Any

PROFILE = "json-sorted-ascii-1"


def encode(value: Any) -> bytes:
    """The canonical bytes of a JSON value. Raises ValueError on NaN, TypeError on a non-JSON
    value.
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    ).encode("ascii")


def decode(data: bytes | str) -> Any:
    """A JSON value from bytes; refuses the NaN and Infinity that Python's parser lets through."""
    return json.loads(data, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def sha256(data: bytes) -> str:
    """Hex SHA-256 of bytes."""
    # Imported here: it loads OpenSSL, and commands that hash nothing have to start fast.
    import hashlib

    return hashlib.sha256(data).hexdigest()


def digest(value: Any) -> str:
    """Hex SHA-256 of the canonical bytes of a value."""
    return sha256(encode(value))
