"""How far a session was mirrored: a small file beside the sessions, written after success alone.

A broken or absent one means "from the beginning": all that is mirrored may be mirrored twice.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER_NAME = ".mirror"


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last event mirrored of the session with this ULID, and the chain's hash there."""

    session: str = ""
    seq: int = -1
    head: str = ""


def path_of(root: Path, name: str) -> Path:
    """Where the cursor of a session lies."""
    return root / FOLDER_NAME / f"{name}.json"


def read(path: Path) -> Cursor:
    """The cursor, or one that stands before every event."""
    try:
        raw = json.loads(path.read_bytes())
        found = Cursor(raw["session"], raw["seq"], raw["head"])
    except (OSError, ValueError, KeyError, TypeError):
        return Cursor()
    is_sound = isinstance(found.session, str) and isinstance(found.head, str)
    return found if is_sound and type(found.seq) is int else Cursor()


def write(path: Path, cursor: Cursor) -> None:
    """Replace the cursor; a reader sees the old or the new one, whole. Raises OSError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    draft.write_text(json.dumps(asdict(cursor), sort_keys=True), encoding="ascii")
    draft.replace(path)
