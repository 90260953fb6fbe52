"""From the engine's output streams to the stored log record, byte for byte where that is possible.

The attach stream is the log. What the engine itself kept only fills the gap after it: it is put
behind what the record has by counting newlines, and the record says where it is not exact.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import re
import struct
import threading
from dataclasses import dataclass
from pathlib import Path

from scanflow_tui.contract import limits, loglines
from scanflow_tui.contract.loglines import Stream
from scanflow_tui.engine import attempt
from scanflow_tui.engine.docker.truth import time_us

HEADER = struct.Struct(">BxxxL")
STREAMS: dict[int, Stream] = {1: "stdout", 2: "stderr"}
REPLACED = "�".encode()
READ_BYTES = limits.MIB
NOTE_BYTES_SPARE = 4096
_STAMP = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) ")


class Frames:
    """Bytes of a multiplexed stream in, whole frames out, however the bytes are split."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[tuple[Stream, bytes]]:
        """The frames that became complete with ``data``."""
        rest = self._rest
        rest += data
        found: list[tuple[Stream, bytes]] = []
        at = 0
        while len(rest) - at >= HEADER.size:
            kind, length = HEADER.unpack_from(rest, at)
            begin = at + HEADER.size
            if len(rest) < begin + length:
                break
            found.append((STREAMS.get(kind, "stdout"), bytes(rest[begin : begin + length])))
            at = begin + length
        del rest[:at]
        return found


@dataclass(frozen=True, slots=True)
class Position:
    """How far the record has a stream: whole lines, the last of them, and what follows it."""

    n_lines: int = 0
    last: bytes = b""
    part: bytes = b""


class Record:
    """The stored log of one attempt. Written by one follower at a time; a limit ends it, and a full
    disk, but never the step's own way.
    """

    def __init__(self, folder: Path, bytes_max: int) -> None:
        self.path = folder / attempt.LOG
        self.bytes_max = bytes_max
        self.error = ""
        self.is_over = False
        self._encoder = loglines.Encoder()
        self._guard = threading.Lock()
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        self._handle = os.open(self.path, flags, 0o600)
        self.size = os.fstat(self._handle).st_size
        self._cut_torn_line()

    def feed(self, stream: Stream, data: bytes, at_us: int) -> None:
        """Take output of the step."""
        self._write(self._encoder.feed(stream, data, at_us))

    def flush(self, at_us: int) -> None:
        """Write what waits for its newline: a progress bar is seen."""
        self._write(self._encoder.flush(at_us))

    def note(self, text: str, at_us: int) -> None:
        """Say where the record may not be whole; a note has room even at the limit."""
        row = loglines.note(text, at_us)
        if self.size + len(row) <= self.bytes_max + NOTE_BYTES_SPARE:
            self._append(row)

    def positions(self) -> dict[Stream, Position]:
        """How far both streams are stored."""
        decoder = loglines.Decoder()
        found: dict[Stream, Position] = {"stdout": Position(), "stderr": Position()}
        offset = 0
        while data := os.pread(self._handle, READ_BYTES, offset):
            offset += len(data)
            for line in decoder.feed(data):
                known = found.get(line.stream)
                if known is None:
                    continue
                text = known.part + line.text
                found[line.stream] = (
                    Position(known.n_lines + 1, text)
                    if line.is_whole
                    else Position(known.n_lines, known.last, text)
                )
        return found

    def close(self, at_us: int) -> None:
        """Write the rest and make it durable."""
        self.flush(at_us)
        try:
            os.fsync(self._handle)
        except OSError as problem:
            self._fail(problem)
        self.let_go()

    def let_go(self) -> None:
        """Close the file as it is."""
        with self._guard:
            handle, self._handle = self._handle, -1
            if handle >= 0:
                os.close(handle)

    def _write(self, data: bytes) -> None:
        """Append whole rows; past the limit nothing more is stored."""
        if not data or self.is_over or self.error:
            return
        if self.size + len(data) > self.bytes_max:
            self.is_over = True
            data = data[: data.rfind(b"\n", 0, self.bytes_max - self.size) + 1]
        self._append(data)

    def _append(self, data: bytes) -> None:
        with self._guard:
            if self._handle >= 0:
                self._write_out(data)

    def _write_out(self, data: bytes) -> None:
        written = 0
        try:
            while written < len(data):
                written += os.write(self._handle, memoryview(data)[written:])
        except OSError as problem:
            self._fail(problem)
            written = data.rfind(b"\n", 0, written) + 1
            with contextlib.suppress(OSError):
                os.ftruncate(self._handle, self.size + written)
        self.size += written

    def _fail(self, problem: OSError) -> None:
        self.error = self.error or f"the log ends early: {problem.strerror or problem}"

    def _cut_torn_line(self) -> None:
        """A crash can leave half a row; the engine still has its text."""
        end = self.size
        while end:
            begin = max(0, end - READ_BYTES)
            newline = os.pread(self._handle, end - begin, begin).rfind(b"\n")
            if newline >= 0:
                end = begin + newline + 1
                break
            end = begin
        if end != self.size:
            os.ftruncate(self._handle, end)
            self.size = end


class Kept:
    """What the engine kept of one stream, from its beginning; only what the record lacks comes out.

    ``is_exact`` turns False where the record's end was not found again.
    """

    def __init__(self, known: Position) -> None:
        self._n_left = known.n_lines
        self._last = replaced(known.last)
        whole, self._tail = _split_character(known.part)
        self._part = replaced(whole)
        self._is_joined = not known.part
        self._rest = b""
        self.is_exact = True

    @property
    def is_reached(self) -> bool:
        """Whether all that the record has was passed."""
        return self._n_left == 0 and self._is_joined

    def feed(self, data: bytes) -> bytes:
        """The part of ``data``, and of what was held back, that is new."""
        if self.is_reached:
            return data
        data = self._rest + data
        at = 0
        while self._n_left:
            newline = data.find(b"\n", at)
            if newline < 0:
                # Only the last line is compared, so only that one is held.
                self._rest = data[at:]
                return b""
            self._n_left -= 1
            if self._n_left == 0 and data[at:newline] != self._last:
                self.is_exact = False
            at = newline + 1
        self._rest = b""
        return self._join(data[at:])

    def _join(self, data: bytes) -> bytes:
        """Leave out the unfinished line that the record has already."""
        if self._is_joined:
            return data
        known = self._part + self._tail
        newline = data.find(b"\n")
        if len(data) < len(known) and newline < 0:
            self._rest = data
            return b""
        self._is_joined = True
        if data.startswith(known):
            return data[len(known) :]
        self.is_exact = False
        cut = len(known) if newline < 0 else min(len(known), newline)
        return data[cut:]


def replaced(data: bytes) -> bytes:
    """The bytes as the engine keeps them: each one that is no UTF-8 becomes U+FFFD."""
    return data.decode("utf-8", "scanflow-one-by-one").encode()


def stamped(payload: bytes) -> tuple[int, bytes]:
    """A kept entry's time (microseconds UTC, 0 where it has none) and its text."""
    match = _STAMP.match(payload)
    if match is None:
        return 0, payload
    return time_us(match.group(1).decode("ascii")), payload[match.end() :]


def _split_character(data: bytes) -> tuple[bytes, bytes]:
    """Text up to its last whole character, and the beginning of one that goes on."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    decoder.decode(data)
    held = decoder.getstate()[0]
    return (data[: -len(held)], held) if held else (data, b"")


def _one_by_one(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return "�" * (error.end - error.start), error.end


codecs.register_error("scanflow-one-by-one", _one_by_one)
