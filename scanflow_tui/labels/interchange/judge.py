"""What a file says against what a session knows: each record fits, or has a problem with a place.

Nothing is guessed: who said it and when have to stand in the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from scanflow_tui.contract.limits import AUTHOR_CHARS_MAX, NOTE_CHARS_MAX, SHOWN_CHARS_MAX
from scanflow_tui.labels.interchange.record import (
    LABEL_KINDS,
    NOTE,
    ORDER,
    PLACE_MAX,
    SEEN,
    SESSION,
    STATES,
    WITH_CLASS,
    Problem,
    Raw,
    Record,
    time_of,
)

ROWS_MAX: Final = 1_000_000
AHEAD_US_MAX: Final = 86_400_000_000
"""How far a clock of another machine may be ahead of ours: a day."""
MS_MAX: Final = 10**9

_ON_SCREEN: Final = frozenset({*SEEN, "place"})

Said = tuple[str, str, str, int, str, int | None, bool, str]
Place = tuple[int, int]


def said(record: Record) -> Said:
    """What makes two records the same word: author, session, sample, time, kind, class, note."""
    return (
        record.author,
        record.session,
        record.sample,
        record.at,
        record.kind,
        record.value,
        record.state == "undone",
        record.note,
    )


@dataclass(frozen=True, slots=True)
class Ground:
    """What a session knows: digest by sample (empty: its image is gone), classes, what was said.

    ``now_us`` is the time of the import.
    """

    samples: Mapping[str, str]
    classes: Sequence[str]
    now_us: int
    heard: frozenset[Said] = frozenset()


@dataclass(slots=True)
class Judged:
    """``records`` fit, in the order of their times; ``n_known`` of the file are here already."""

    records: list[Record] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    n_rows: int = 0
    n_known: int = 0


def judge(
    rows: Iterable[Raw | Problem], ground: Ground, seen: Callable[[int], None] = lambda n: None
) -> Judged:
    """Judge every row, then all of them together. ``seen`` hears how many rows are read."""
    found = Judged()
    fits: list[tuple[Place, Record]] = []
    numbers = {name: at for at, name in enumerate(ground.classes)}
    words: dict[str, str] = {}
    for row in rows:
        found.n_rows += 1
        if found.n_rows > ROWS_MAX:
            line = row.line
            found.problems.append(Problem(line, 0, f"a file has at most {ROWS_MAX:,} labels"))
            break
        if not found.n_rows % 10_000:
            seen(found.n_rows)
        if isinstance(row, Problem):
            found.problems.append(row)
            continue
        told = _Row(row, ground, numbers, words)
        record = told.record()
        if record is None:
            found.problems += told.problems
        else:
            fits.append(((row.line, row.column), record))
    _together(fits, ground, found)
    found.problems.sort(key=lambda problem: (problem.line, problem.column))
    return found


def _together(fits: list[tuple[Place, Record]], ground: Ground, found: Judged) -> None:
    """What only shows among all records: repeats, and which label of an author is in force."""
    fits.sort(key=lambda item: item[1].at)
    last: dict[tuple[str, str, str, bool], tuple[Place, Record]] = {}
    first: dict[Said, int] = {}
    bad: set[int] = set()
    for at, (place, record) in enumerate(fits):
        earlier = first.setdefault(said(record), at)
        if earlier != at:
            bad.add(at)
            line = fits[earlier][0][0]
            found.problems.append(Problem(*place, f"this stands in line {line} already"))
        elif record.state != "undone":
            last[_voice(record)] = place, record
    for at, (place, record) in enumerate(fits):
        if at in bad or record.state == "undone":
            continue
        latest_place, latest = last[_voice(record)]
        if record.state == "in_force" and latest is not record:
            told = f"line {latest_place[0]} says later what {_shown(record.author)} says of it"
            found.problems.append(
                Problem(*place, f"sample {record.sample} twice: {told}; this one is superseded")
            )
            bad.add(at)
        elif record.state == "superseded" and latest is record:
            told = "superseded, but no later one of its author follows"
            found.problems.append(Problem(*place, f"sample {record.sample}: {told}"))
            bad.add(at)
    for at, (_, record) in enumerate(fits):
        if at not in bad and said(record) in ground.heard:
            found.n_known += 1
        elif at not in bad:
            found.records.append(record)


def _voice(record: Record) -> tuple[str, str, str, bool]:
    return record.author, record.session, record.sample, record.kind == NOTE


def _shown(text: Any) -> str:
    return repr(text if len(str(text)) <= 60 else f"{str(text)[:60]}…")


class _Row:
    """One row as it is judged, field by field, and all that is wrong with it."""

    def __init__(
        self, raw: Raw, ground: Ground, numbers: Mapping[str, int], words: dict[str, str]
    ) -> None:
        self.raw = raw
        self.fields = raw.fields
        self.ground = ground
        self.numbers = numbers
        self.problems: list[Problem] = []
        self._words = words

    def record(self) -> Record | None:
        """The record, or None where ``problems`` says why not."""
        if self.raw.trouble:
            self.wrong(self.raw.trouble)
        sample, digest = self._sample()
        kind = self._kind()
        value, class_name = self._class(kind)
        made = Record(
            sample,
            kind,
            value,
            class_name,
            self._author(),
            self._matched("session", SESSION, "a session's id"),
            self._time(),
            self._ms(),
            self._guess(),
            self._guess_shown(),
            self._matched("order", ORDER, "an order's name"),
            self._state(),
            self._note(kind),
            digest,
        )
        if not self.fields.keys().isdisjoint(_ON_SCREEN):
            made = replace(
                made,
                key=self._seen("key"),
                view=self._seen("view"),
                place=self._place(),
                look=self._seen("look"),
                way=self._seen("way"),
                picture=self._seen("picture"),
            )
        return None if self.problems else made

    def wrong(self, text: str) -> None:
        self.problems.append(Problem(self.raw.line, self.raw.column, text))

    def text(self, name: str, chars_max: int) -> str:
        """A text, kept once however often it is said; empty where there is none."""
        value = self.fields.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.wrong(f"{name} {_shown(value)} is not a text")
            return ""
        if len(value) > chars_max:
            self.wrong(f"{name} has over {chars_max} characters")
            return ""
        if not value.isascii() and not _is_unicode(value):
            self.wrong(f"{name} is no valid Unicode")
            return ""
        return self._words.setdefault(value, value)

    def whole(self, name: str) -> int | None:
        value = self.fields.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            self.wrong(f"{name} {_shown(value)} is not a whole number")
            return None
        return value

    def _seen(self, name: str) -> str:
        return self._matched(name, SEEN[name], f"a {name} of the Label screen")

    def _place(self) -> int:
        place = self.whole("place")
        if place is not None and not 0 <= place <= PLACE_MAX:
            self.wrong(f"place {place} is not within 0 to {PLACE_MAX}")
        return -1 if place is None else place

    def _matched(self, name: str, pattern: re.Pattern[str], what: str) -> str:
        if name not in self.fields:
            return ""
        text = self.text(name, SHOWN_CHARS_MAX)
        if pattern.fullmatch(text):
            return text
        self.wrong(f"{name} {_shown(text)} is not {what}")
        return ""

    def _sample(self) -> tuple[str, str]:
        sample, digest = self.text("sample", 100), self.text("digest", 64)
        known = self.ground.samples.get(sample)
        if not sample:
            if "sample" not in self.fields:
                self.wrong("the sample is missing")
        elif known is None:
            self.wrong(f"sample {_shown(sample)} is not in the queue")
        elif digest and not known:
            self.wrong(f"sample {sample}: its image is gone, so the digest cannot be compared")
        elif digest and digest.lower() != known:
            self.wrong(f"sample {sample} has another image here: the digest differs")
        return sample, known or ""

    def _kind(self) -> str:
        kind = self.text("kind", 20)
        if kind and kind not in (*LABEL_KINDS, NOTE):
            self.wrong(f"kind {kind!r} is none of {', '.join((*LABEL_KINDS, NOTE))}")
        return kind or "class"

    def _class(self, kind: str) -> tuple[int | None, str]:
        n_before = len(self.problems)
        value, name = self.whole("class"), self.text("class_name", 10_000)
        if len(self.problems) > n_before:
            return None, ""
        if kind not in WITH_CLASS:
            if value is not None or name:
                self.wrong(f"kind {kind} has no class, but {_shown(name or value)} is said")
            return None, ""
        if value is None and not name:
            if not self.raw.trouble:
                self.wrong("the class is missing")
            return None, ""
        if name and name not in self.numbers:
            self.wrong(f"class {_shown(name)} is none of this session's")
            return None, ""
        number = self.numbers[name] if name else value
        n_classes = len(self.ground.classes)
        if number is None or not 0 <= number < n_classes:
            self.wrong(f"class {number} is not one of 0 to {n_classes - 1}")
            return None, ""
        if value is not None and value != number:
            self.wrong(f"class {value} is not {_shown(name)} here")
        return number, self.ground.classes[number]

    def _author(self) -> str:
        author = self.text("author", AUTHOR_CHARS_MAX)
        if self.fields.get("author") in (None, ""):
            self.wrong("the author is missing")
        return author

    def _time(self) -> int:
        text = self.text("time", 64)
        if not text:
            if self.fields.get("time") in (None, ""):
                self.wrong("the time is missing")
            return 0
        try:
            at = time_of(text)
        except ValueError as error:
            self.wrong(str(error))
            return 0
        if at <= 0:
            self.wrong(f"time {text!r} is before 1970")
        elif at > self.ground.now_us + AHEAD_US_MAX:
            self.wrong(f"time {text!r} is yet to come")
        return at

    def _ms(self) -> int:
        ms = self.whole("ms")
        if ms is not None and not 0 <= ms <= MS_MAX:
            self.wrong(f"ms {ms} is not within 0 to {MS_MAX}")
        return ms or 0

    def _guess(self) -> int | None:
        guess = self.whole("guess")
        if guess is not None and not 0 <= guess < len(self.ground.classes):
            self.wrong(f"guess {guess} is not one of 0 to {len(self.ground.classes) - 1}")
        return guess

    def _guess_shown(self) -> bool | None:
        shown = self.fields.get("guess_shown")
        if shown is not None and not isinstance(shown, bool):
            self.wrong(f"guess_shown {_shown(shown)} is not true or false")
            return None
        return shown

    def _state(self) -> Any:
        state = self.text("state", 20) or "in_force"
        if state not in STATES:
            self.wrong(f"state {state!r} is none of {', '.join(STATES)}")
        return state

    def _note(self, kind: str) -> str:
        note = self.text("note", NOTE_CHARS_MAX)
        if kind == NOTE and self.fields.get("note") in (None, ""):
            self.wrong("the note is missing")
        elif kind != NOTE and note:
            self.wrong("a note stands in a row of its own, of kind note")
        return note


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
