"""One label or note as it travels between tools: who said it, when, about which sample.

The same fields in every format. Times are integer microseconds UTC here and ISO text outside.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

State = Literal["in_force", "superseded", "undone"]

LABEL_KINDS: Final = ("class", "unsure", "skip", "invalid", "rejected")
WITH_CLASS: Final = ("class", "rejected")
NOTE: Final = "note"
STATES: Final = ("in_force", "superseded", "undone")

FIELDS: Final = (
    "sample",
    "digest",
    "kind",
    "class",
    "class_name",
    "author",
    "session",
    "time",
    "ms",
    "guess",
    "guess_shown",
    "order",
    "key",
    "view",
    "place",
    "look",
    "way",
    "picture",
    "state",
    "note",
    "imported_by",
)
"""The names of a record's fields in every format, in the order of a CSV's columns."""

ORDER: Final = re.compile(r"([a-z][a-z0-9 _-]{0,39})?")
"""What an order of the queue is called: it stands in an event, so it is no text of a person's."""
PLACE_MAX: Final = 10**9
SEEN: Final = {
    "key": re.compile(r"([!-~]{1,40}( [!-~]{1,40}){0,3})?"),
    "view": re.compile(r"((judging, )?(single|grid [0-9]{1,4}x[0-9]{1,4}))?"),
    "look": re.compile(r"([a-z0-9.]{1,20}([ ·]{1,3}[a-z0-9.]{1,20}){0,19})?"),
    "way": re.compile(r"([a-z]{1,12})?"),
    "picture": re.compile(r"([0-9a-f]{64})?"),
}
"""What else was on screen, as a session says it; likewise no text of a person's."""
SESSION: Final = re.compile(r"([0-9A-HJKMNP-TV-Z]{26})?")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_US: Final = timedelta(microseconds=1)
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")


@dataclass(frozen=True, slots=True)
class Record:
    """``kind`` is a label's, or ``note`` with a text in ``note``.

    ``author`` is the word of whoever made the file, ``session`` the ULID of the session where it
    was said (empty: none of ScanFlow's), ``imported_by`` who brought it into the session that is
    exported (empty: it was said there). ``digest`` is the SHA-256 of the sample's image. ``key`` to
    ``picture`` are what was on screen, as in a session (``docs/session-format.md``); ``place`` is
    -1 where it is not known.
    """

    sample: str
    kind: str
    value: int | None
    class_name: str
    author: str
    session: str
    at: int
    ms: int = 0
    guess: int | None = None
    guess_shown: bool | None = None
    order: str = ""
    state: State = "in_force"
    note: str = ""
    digest: str = ""
    imported_by: str = ""
    key: str = ""
    view: str = ""
    place: int = -1
    look: str = ""
    way: str = ""
    picture: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at a place of a file; line and column count from 1, column 0 is unknown."""

    line: int
    column: int
    text: str

    def place(self, file: str) -> str:
        """``file:line:column: what is wrong``."""
        column = f":{self.column}" if self.column else ""
        return f"{file}:{self.line}{column}: {self.text}"


@dataclass(frozen=True, slots=True)
class Raw:
    """A record as a file says it: the fields of ``FIELDS`` that it has, not yet judged.

    ``trouble`` names a field that could not be read, by name.
    """

    line: int
    column: int
    fields: dict[str, Any]
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class SampleCard:
    """One sample that may be labelled: its id and the SHA-256 of its image, empty if unknown."""

    id: str
    digest: str = ""


def time_text(at: int) -> str:
    """Microseconds UTC as ISO text with all six decimals, ``2026-11-25T22:35:04.000001Z``."""
    moment = _EPOCH + timedelta(microseconds=at)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f").rjust(26, "0") + "Z"


def time_of(text: str) -> int:
    """Microseconds UTC of an ISO text with a zone. Raises ValueError with a sentence."""
    if not _TIME.fullmatch(text):
        raise ValueError(f"time {text[:40]!r} is not like 2026-11-25T22:35:04.123456Z")
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError(f"time {text[:40]!r} has no zone; end it with Z for UTC")
        return (moment - _EPOCH) // _US
    except OverflowError:
        raise ValueError(f"time {text[:40]!r} is out of range") from None
    except ValueError as error:
        if "zone;" in str(error):
            raise
        raise ValueError(f"time {text[:40]!r} is not like 2026-11-25T22:35:04.123456Z") from None


def fields_of(record: Record) -> dict[str, Any]:
    """A record as JSON values, with nothing that says nothing."""
    named: dict[str, Any] = {
        "sample": record.sample,
        "digest": record.digest,
        "kind": record.kind,
        "class": record.value,
        "class_name": record.class_name,
        "author": record.author,
        "session": record.session,
        "time": time_text(record.at),
        "ms": record.ms,
        "guess": record.guess,
        "guess_shown": record.guess_shown,
        "order": record.order,
        "key": record.key,
        "view": record.view,
        "place": record.place if record.place >= 0 else None,
        "look": record.look,
        "way": record.way,
        "picture": record.picture,
        "state": record.state,
        "note": record.note,
        "imported_by": record.imported_by,
    }
    return {name: value for name, value in named.items() if value is not None and value != ""}
