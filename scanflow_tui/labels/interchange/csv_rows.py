"""CSV (RFC 4180, UTF-8) with a header: a row a record, the columns are ``record.FIELDS``.

A spreadsheet takes a cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a line end for a
formula. Such a text is written with an apostrophe in front, which reading takes away again.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from scanflow_tui.labels.interchange.placed_json import BOM, Unreadable, text_of
from scanflow_tui.labels.interchange.record import FIELDS, Problem, Raw, Record, fields_of

REQUIRED: Final = ("sample", "author", "time")
FIELD_CHARS_MAX: Final = 100_000
_WHOLE: Final = ("class", "ms", "guess", "place")
_FORMULA: Final = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_SHIELDED: Final = re.compile("'+[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_DIGITS: Final = re.compile(r"-?[0-9]{1,18}")
_TRUTH: Final = {"true": True, "false": False}


def write(records: Iterable[Record]) -> Iterator[str]:
    """The header, then a row a record."""
    yield ",".join(FIELDS) + "\n"
    for record in records:
        named = fields_of(record)
        yield ",".join(_cell(named.get(name, "")) for name in FIELDS) + "\n"


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    text = "'" + value if _FORMULA.match(value) else str(value)
    if any(sign in text for sign in ',"\r\n') or text != text.strip():
        return '"' + text.replace('"', '""') + '"'
    return text


def unread(data: bytes) -> tuple[str, ...]:
    """The columns of a file that are no field of ours, so nothing reads them; none where the
    header itself cannot be read.
    """
    first = re.split(rb"[\r\n]", data[: 2 * FIELD_CHARS_MAX], maxsplit=1)[0]
    try:
        header = first.decode("utf-8").removeprefix(BOM)
        names = [name.strip() for name in next(csv.reader([header], strict=True), [])]
    except (UnicodeDecodeError, csv.Error):
        return ()
    others = tuple(name for name in names if name not in FIELDS)
    return others if len(others) < len(names) else ()


def read(data: bytes) -> Iterator[Raw | Problem]:
    """What each row says; empty cells say nothing. Ends at the first thing that is no CSV."""
    try:
        text = text_of(data)
    except Unreadable as error:
        yield error.problem
        return
    old_limit = csv.field_size_limit(FIELD_CHARS_MAX)
    try:
        yield from _rows(text)
    finally:
        csv.field_size_limit(old_limit)


def _rows(text: str) -> Iterator[Raw | Problem]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    names: list[str] | None = None
    after = 0
    while True:
        line = after + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            yield Problem(line, 0, f"this is not CSV: {error}")
            return
        after = reader.line_num
        if row is None:
            break
        if not row:
            continue
        if names is None:
            names = [name.strip() for name in row]
            wrong = _header(names)
            if wrong:
                yield Problem(line, 1, wrong)
                return
        elif len(row) != len(names):
            yield Problem(line, 0, f"{len(row)} cells, but the header has {len(names)}")
        else:
            yield _raw(line, dict(zip(names, row, strict=True)))
    if names is None:
        yield Problem(1, 1, "the file is empty; a header was expected")


def _header(names: list[str]) -> str:
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        return f"column {twice[0]!r} stands twice in the header"
    absent = [name for name in REQUIRED if name not in names]
    if "class" not in names and "class_name" not in names and "kind" not in names:
        absent.append("class")
    if not absent:
        return ""
    is_one = len(names) == 1 and (";" in names[0] or "\t" in names[0])
    hint = " (columns are separated by commas)" if is_one else ""
    return f"column {', '.join(map(repr, absent))} is missing{hint}"


def _raw(line: int, cells: dict[str, str]) -> Raw:
    fields: dict[str, Any] = {}
    for name in FIELDS:
        cell = cells.get(name, "")
        if not cell:
            continue
        if name in _WHOLE:
            if not _DIGITS.fullmatch(cell.strip()):
                return Raw(line, 0, fields, f"{name} {cell[:40]!r} is not a whole number")
            fields[name] = int(cell)
        elif name == "guess_shown":
            if cell.strip().lower() not in _TRUTH:
                return Raw(line, 0, fields, f"guess_shown {cell[:40]!r} is not true or false")
            fields[name] = _TRUTH[cell.strip().lower()]
        else:
            fields[name] = cell[1:] if _SHIELDED.match(cell) else cell
    return Raw(line, 0, fields)
