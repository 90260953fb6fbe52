"""Finding words in a log record, and counting its lines, through a reader by offset (pure).

The record may be gigabytes: it is passed in pieces of a megabyte, forwards or backwards, and
nothing of it is kept. The reader is whoever has the bytes; it must not fail on a damaged record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from scanflow_tui.contract import limits
from scanflow_tui.contract.loglines import header_bytes
from scanflow_tui.contract.logwords import Fold, Text, Words
from scanflow_tui.contract.records import dataclass

Read = Callable[[int, int], tuple[bytes, int]]
"""Offset and length in; bytes and the whole record's size out. No bytes: there is a gap."""

Streams = Literal["both", "stdout", "stderr"]
STREAMS: tuple[Streams, ...] = ("both", "stdout", "stderr")

PIECE_BYTES = 1024 * 1024
LINE_BYTES_MAX = limits.LOG_LINE_BYTES_MAX + 64
_STREAM_AT = 28
_KIND_AT = 35
_PARTS = (b" stdout P", b" stderr P")


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for. A needle without capitals is found in any case (ASCII).

    ``is_backwards`` looks from the end of the range to its start; ``hits_max`` ends it.
    """

    needle: str = ""
    streams: Streams = "both"
    is_backwards: bool = False
    hits_max: int = 1


@dataclass(frozen=True, slots=True)
class Found:
    """Where record lines that match begin, in the order they were met.

    ``reached`` is how far the search came: the offset to go on from.
    """

    offsets: tuple[int, ...]
    reached: int
    size: int


@dataclass(frozen=True, slots=True)
class Counted:
    """Lines that end in a range; ``is_open`` where its last record line awaits its rest."""

    n_lines: int
    is_open: bool
    reached: int
    size: int


@dataclass(frozen=True, slots=True)
class _Piece:
    """Whole record lines: those of ``data`` between ``begin`` and ``end``; ``base`` is data[0]."""

    base: int
    data: bytes
    begin: int
    end: int
    size: int


def find(read: Read, search: Search, start: int, length: int, fold: Fold = bytes.lower) -> Found:
    """Look through the record lines that begin in a range of ``length`` bytes.

    Forwards the range is what follows ``start``, backwards what lies before it.
    """
    needle = search.needle.encode("utf-8", "surrogateescape")
    words = Words(needle, fold)
    hits: list[int] = []
    size = 0
    reached = max(start - length, 0) if search.is_backwards else start + length
    low, high = (reached, start) if search.is_backwards else (start, reached)
    for piece in _pieces(read, low, high, is_backwards=search.is_backwards):
        size = piece.size
        text = words.text(piece.data)
        within = _backwards if search.is_backwards else _forwards
        for at in within(piece, text, needle, search.streams):
            hits.append(piece.base + at)
            if len(hits) >= search.hits_max:
                ended = at if search.is_backwards else _after(piece, at)
                return Found(tuple(hits), piece.base + ended, size)
    return Found(tuple(hits), reached if search.is_backwards else min(reached, size), size)


def count(read: Read, start: int, length: int) -> Counted:
    """Count the lines, as the step wrote them, of the record lines that begin in a range."""
    n_lines, is_open, size = 0, False, 0
    for piece in _pieces(read, start, start + length, is_backwards=False):
        size = piece.size
        if piece.begin == piece.end:
            continue
        data, begin, end = piece.data, piece.begin, piece.end
        n_lines += data.count(b"\n", begin, end) - sum(1 for _ in _parts(piece))
        last = max(data.rfind(b"\n", begin, end - 1) + 1, begin)
        is_open = data[last + _KIND_AT : last + _KIND_AT + 1] == b"P" or data[end - 1] != 10
    return Counted(n_lines, is_open, min(start + length, size), size)


def _parts(piece: _Piece) -> Iterator[int]:
    """Record lines that no newline ended."""
    data = piece.data
    for mark in _PARTS:
        at = data.find(mark, piece.begin, piece.end)
        while at >= 0:
            line = at - _STREAM_AT + 1
            begins = line == piece.begin or (line > piece.begin and data[line - 1] == 10)
            if begins and data.find(b"\n", at, piece.end) >= 0:
                yield line
            at = data.find(mark, at + 1, piece.end)


def _pieces(read: Read, low: int, high: int, *, is_backwards: bool) -> Iterator[_Piece]:
    """The range in pieces; each holds the record lines that begin in it, to their last byte."""
    starts = range(low, high, PIECE_BYTES)
    for start in reversed(starts) if is_backwards else starts:
        piece = _piece(read, start, min(start + PIECE_BYTES, high))
        yield piece
        if not is_backwards and start + PIECE_BYTES >= piece.size:
            return


def _piece(read: Read, start: int, end: int) -> _Piece:
    lead = 1 if start else 0
    base = start - lead
    data, size = read(base, end - base + LINE_BYTES_MAX)
    begin = data.find(b"\n", 0, end - base - 1) + 1 if lead else 0
    if not data or (lead and begin == 0):
        return _Piece(base, data, 0, 0, size)
    newline = data.find(b"\n", max(end - base - 1, begin))
    return _Piece(base, data, begin, len(data) if newline < 0 else newline + 1, size)


def _forwards(piece: _Piece, text: Text, needle: bytes, streams: Streams) -> Iterator[int]:
    """Where matching record lines begin, in order."""
    mark = needle or _mark(streams)
    at = piece.begin
    while at < piece.end:
        hit = text.find(mark, at, piece.end)
        if hit < 0:
            return
        line = piece.data.rfind(b"\n", piece.begin, hit) + 1 or piece.begin
        if _holds(piece, line, hit, needle, streams):
            yield line
        elif hit < line + header_bytes(piece.data, line):
            # The word stands in the time stamp: look on behind it.
            at = hit + 1
            continue
        at = _after(piece, hit)


def _backwards(piece: _Piece, text: Text, needle: bytes, streams: Streams) -> Iterator[int]:
    """Where matching record lines begin, from the last to the first."""
    mark = needle or _mark(streams)
    end = piece.end
    while end > piece.begin:
        hit = text.rfind(mark, piece.begin, end)
        if hit < 0:
            return
        line = piece.data.rfind(b"\n", piece.begin, hit) + 1 or piece.begin
        if _holds(piece, line, hit, needle, streams):
            yield line
        end = line


def _holds(piece: _Piece, line: int, hit: int, needle: bytes, streams: Streams) -> bool:
    header = header_bytes(piece.data, line)
    if needle and hit < line + header:
        return False
    stream = "stderr"
    if header:
        stream = piece.data[line + _STREAM_AT : line + _STREAM_AT + 6].decode("ascii")
    return streams in ("both", stream)


def _mark(streams: Streams) -> bytes:
    return b"\n" if streams == "both" else b" " + streams.encode("ascii") + b" "


def _after(piece: _Piece, at: int) -> int:
    newline = piece.data.find(b"\n", at, piece.end)
    return piece.end if newline < 0 else newline + 1
