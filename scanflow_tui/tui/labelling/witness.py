"""What was on screen when a key was pressed, for the record. Pure, and a constant's work a key.

A picture's digest names what was painted and how, without its pixels: those are the thumbnail's,
which may be erased.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

PICTURE = "scanflow-picture-1"


@dataclass(frozen=True, slots=True)
class Shown:
    """The fields of a label's record: see ``GiveLabel``. ``place`` counts from 0."""

    key: str = ""
    view: str = ""
    place: int = -1
    look: str = ""
    way: str = ""
    picture: str = ""


NOTHING = Shown()


def picture_digest(thumbnail: str, look: str, columns: int, rows: int, way: str) -> str:
    """SHA-256 of what was painted: the thumbnail's digest, its look, the cells it had, the way."""
    text = f"{PICTURE}\n{thumbnail}\n{look}\n{columns}x{rows}\n{way}"
    return sha256(text.encode()).hexdigest()
