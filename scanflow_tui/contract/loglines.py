"""The log record of an attempt: what its lines mean, read piece by piece (pure).

A record line is ``time stream P|F text``: F was ended by a newline, P was not (cut at 16 KiB,
flushed while it stood still, or the last one without a newline). Text is kept byte for byte: both
streams can be rebuilt. It must never fail on a damaged record: a viewer shows what is there.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Literal

from scanflow_tui.contract import limits
from scanflow_tui.contract.records import dataclass

_HEADER = re.compile(
    rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{6})Z (stdout|stderr|engine) ([PF]) ", re.ASCII
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
Stream = Literal["stdout", "stderr", "engine"]
"""``engine`` is not the step's: the engine says there where the record may not be whole."""

_STREAMS: dict[bytes, Stream] = {b"stdout": "stdout", b"stderr": "stderr", b"engine": "engine"}
_TAB_COLUMNS = 8


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the record. ``text`` has no newline; ``is_whole`` says that one followed it."""

    at_us: int
    stream: Stream
    text: bytes
    is_whole: bool


class Decoder:
    """Record bytes in, lines out, however the bytes are split."""

    def __init__(self) -> None:
        self._rest = b""
        self._second = b""
        self._second_us = 0

    def feed(self, data: bytes) -> list[Line]:
        """The lines that became complete with ``data``, in the record's order."""
        rows = (self._rest + data).split(b"\n")
        self._rest = rows.pop()
        return [self._line(row) for row in rows]

    def flush(self) -> list[Line]:
        """What a crash left of a last record line, as a line that is not whole."""
        row, self._rest = self._rest, b""
        if not _HEADER.match(row):
            return []
        line = self._line(row)
        return [Line(line.at_us, line.stream, line.text, False)] if line.text else []

    def _line(self, row: bytes) -> Line:
        match = _HEADER.match(row)
        if match is None:
            return Line(self._second_us, "stderr", row, True)
        second, fraction, stream, kind = match.groups()
        if second != self._second:
            try:
                at = datetime.fromisoformat(second.decode("ascii")).replace(tzinfo=UTC)
            except ValueError:
                return Line(self._second_us, "stderr", row, True)
            self._second = second
            self._second_us = (at - _EPOCH) // _SECOND * 1_000_000
        at_us = self._second_us + int(fraction)
        return Line(at_us, _STREAMS[stream], row[match.end() :], kind == b"F")


class Encoder:
    """Output of two streams in, record bytes out; for engines whose steps have no shim."""

    def __init__(self, line_bytes_max: int = limits.LOG_LINE_BYTES_MAX) -> None:
        self._line_bytes_max = line_bytes_max
        self._rest: dict[Stream, bytes] = {"stdout": b"", "stderr": b""}

    def feed(self, stream: Stream, data: bytes, at_us: int) -> bytes:
        """The record lines that became complete with ``data``."""
        pieces = (self._rest[stream] + data).split(b"\n")
        rest = pieces.pop()
        size = self._line_bytes_max
        part, full = _head(at_us, stream, b"P"), _head(at_us, stream, b"F")
        rows: list[bytes] = []
        for piece in pieces:
            cut = max(0, len(piece) - 1) // size * size
            rows += [b"%s%s\n" % (part, piece[i : i + size]) for i in range(0, cut, size)]
            rows.append(b"%s%s\n" % (full, piece[cut:] if cut else piece))
        cut = max(0, len(rest) - 1) // size * size
        rows += [b"%s%s\n" % (part, rest[i : i + size]) for i in range(0, cut, size)]
        self._rest[stream] = rest[cut:]
        return b"".join(rows)

    def flush(self, at_us: int) -> bytes:
        """The record lines of what waits for its newline."""
        waiting = [(stream, rest) for stream, rest in self._rest.items() if rest]
        self._rest = {"stdout": b"", "stderr": b""}
        return b"".join(b"%s%s\n" % (_head(at_us, stream, b"P"), rest) for stream, rest in waiting)


def note(text: str, at_us: int) -> bytes:
    """A record line in which the engine, not the step, speaks; ``text`` is one sentence."""
    return b"%s%s\n" % (_head(at_us, "engine", b"F"), text.encode("utf-8", "replace"))


def rebuild(record: bytes) -> dict[Stream, bytes]:
    """Both streams exactly as the step wrote them."""
    decoder = Decoder()
    parts: dict[Stream, list[bytes]] = {"stdout": [], "stderr": []}
    for line in decoder.feed(record) + decoder.flush():
        if line.stream not in parts:
            continue
        parts[line.stream].append(line.text + b"\n" if line.is_whole else line.text)
    return {stream: b"".join(pieces) for stream, pieces in parts.items()}


def header_bytes(data: bytes, at: int) -> int:
    """How long the header of the record line at an offset is; 0 where it has none."""
    match = _HEADER.match(data, at)
    return 0 if match is None else match.end() - at


def sanitise(text: bytes) -> str:
    """Text safe on a terminal: escapes, controls, bad UTF-8 and bidi marks show as ``\\x1b``."""
    shown = text.decode("utf-8", errors="backslashreplace")
    if shown.isprintable():
        return shown
    escaped = "".join(char if char == "\t" else _visible(char) for char in shown)
    return escaped.expandtabs(_TAB_COLUMNS)


def last_line(tail: bytes, stream: Stream) -> str:
    """The last line of a stream that is not blank, sanitised; "" where there is none.

    ``tail`` is the end of a record and may begin inside a line. Of a line that a program overwrites
    with carriage returns, what it showed last counts.
    """
    start = 0 if _HEADER.match(tail) else tail.find(b"\n") + 1
    text = rebuild(tail[start:])[stream]
    for line in reversed(re.split(rb"[\r\n]", text)):
        if line.strip():
            return sanitise(line.rstrip())
    return ""


def _head(at_us: int, stream: Stream, kind: bytes) -> bytes:
    at = _EPOCH + timedelta(microseconds=at_us)
    stamp = at.strftime("%Y-%m-%dT%H:%M:%S.%fZ").encode("ascii")
    return b"%s %s %s " % (stamp, stream.encode("ascii"), kind)


def _visible(char: str) -> str:
    if char.isprintable() or unicodedata.category(char) == "Zs":
        return char
    return {"\r": "\\r", "\n": "\\n"}.get(char) or char.encode("unicode_escape").decode("ascii")
