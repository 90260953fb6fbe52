"""A log of any length as rows, by byte offset: blocks that are near are kept, others asked for.

A row's name is the offset of its first record line, so nothing needs to know how many rows come
before it. What is not here yet is put into ``wanted``; whoever reads gives it to ``take``. Pure.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from scanflow_tui.contract.loglines import Decoder, header_bytes, sanitise
from scanflow_tui.contract.logsearch import LINE_BYTES_MAX

BLOCK_BYTES = 128 * 1024
BLOCKS_KEPT = 48
ROWS_KEPT = 200
JOINED_BYTES_MAX = 64 * 1024
_KIND_AT = 35
_STREAM = slice(28, 34)


@dataclass(frozen=True, slots=True)
class Row:
    """A line as it is shown, safe for a terminal. ``end`` is the offset behind it.

    ``is_whole`` says that a newline ended it. ``last`` is what a terminal would be left with of a
    line that carriage returns wrote over, ``n_over`` times: the last state of a progress bar.
    """

    offset: int
    end: int
    at_us: int
    is_err: bool
    text: str
    is_whole: bool = True
    last: str = ""
    n_over: int = 0

    def words(self, needle: str = "") -> str:
        """What is to be shown: the last state, or all where only the others hold the needle."""
        if not self.n_over:
            return self.last or self.text
        fold = str.lower if needle == needle.lower() else str
        is_elsewhere = needle not in fold(self.last) and needle in fold(self.text)
        return self.text if is_elsewhere else self.last


@dataclass(frozen=True, slots=True)
class Block:
    """The rows that begin in one block. ``starts`` are offsets of the record, in order.

    ``size`` is how long the whole record was when it was read.
    """

    base: int
    data: bytes
    starts: array[int]
    end: int
    size: int
    kept: dict[int, Row] = field(default_factory=dict)
    """Rows that were looked at: making a long one safe takes milliseconds."""

    def row(self, at: int) -> Row:
        """The row with this index."""
        row = self.kept.get(at)
        if row is None:
            start = self.starts[at]
            end = self.starts[at + 1] if at + 1 < len(self.starts) else self.end
            row = decoded(self.data[start - self.base : end - self.base], start)
            if len(self.kept) >= ROWS_KEPT:
                self.kept.clear()
            self.kept[at] = row
        return row


NOTHING = Block(0, b"", array("Q"), 0, 0)


def decoded(data: bytes, offset: int) -> Row:
    """The row that these record lines are."""
    decoder = Decoder()
    lines = decoder.feed(data) + decoder.flush()
    if not lines:
        return Row(offset, offset + len(data), 0, True, sanitise(data), False)
    written = b"".join(line.text for line in lines)
    first, end, is_whole = lines[0], offset + len(data), lines[-1].is_whole
    states = [state for state in written.split(b"\r") if state] if b"\r" in written else []
    return Row(
        offset,
        end,
        first.at_us,
        first.stream == "stderr",
        sanitise(written),
        is_whole,
        sanitise(states[-1]) if states else "",
        max(len(states) - 1, 0),
    )


def block_of(index: int, base: int, data: bytes, size: int) -> Block:
    """Cut the bytes read from ``base`` on into the rows that begin in a block.

    Of a base that is no beginning of the record, what stands before the first newline is another
    block's.
    """
    stop = min((index + 1) * BLOCK_BYTES, size)
    begin = 0
    if base:
        begin = data.find(b"\n", 0, max(stop - base - 1, 0)) + 1
        if begin == 0:
            return Block(base, b"", array("Q"), base, size)
    starts = array("Q")
    at, before = begin, b""
    while at < len(data) and base + at < stop:
        newline = data.find(b"\n", at)
        if newline < 0 and not header_bytes(data, at):
            break
        stream = data[at + _STREAM.start : at + _STREAM.stop]
        joins = before and before == stream and base + at - starts[-1] < JOINED_BYTES_MAX
        if not joins:
            starts.append(base + at)
        is_part = data[at + _KIND_AT : at + _KIND_AT + 1] == b"P" and header_bytes(data, at) > 0
        before = stream if is_part else b""
        at = len(data) if newline < 0 else newline + 1
    return Block(base, data[:at], starts, base + at, size)


@dataclass(slots=True)
class LogWindow:
    """``size`` is the record's length as far as it is known; ``gap`` what is kept nowhere."""

    size: int = 0
    gap: range = range(0)
    wanted: set[int] = field(default_factory=set)
    blocks: dict[int, Block] = field(default_factory=dict)

    @property
    def is_wanting(self) -> bool:
        """Whether something is to be read."""
        return bool(self.wanted)

    def asks(self, index: int) -> tuple[int, int]:
        """Offset and length to read for a block."""
        base = max(index * BLOCK_BYTES - 1, 0)
        if base in self.gap:
            base = self.gap.stop
        return base, max((index + 1) * BLOCK_BYTES - base, 0) + LINE_BYTES_MAX

    def take(self, index: int, base: int, data: bytes, size: int) -> None:
        """A block was read."""
        self.grow(size)
        self.wanted.discard(index)
        self.blocks.pop(index, None)
        self.blocks[index] = block_of(index, base, data, size)
        while len(self.blocks) > BLOCKS_KEPT:
            self.blocks.pop(next(iter(self.blocks)))

    def grow(self, size: int) -> None:
        """The record is this long now: blocks that ended with it are read again."""
        if size <= self.size:
            return
        self.size = size
        for index in [at for at, block in self.blocks.items() if _ended(at, block, size)]:
            # Kept on show until the longer one is here.
            self.wanted.add(index)

    def rows(self, offset: int, n: int) -> list[Row | None]:
        """Rows from the one that holds ``offset`` on; None stands for what is not here yet."""
        found: list[Row | None] = []
        for index, at in self._from(offset):
            block = self._block(index)
            if block is None:
                found.append(None)
                break
            for place in range(at, len(block.starts)):
                if len(found) >= n:
                    return found
                found.append(block.row(place))
        return found

    def move(self, offset: int, n: int) -> tuple[int, int]:
        """The row ``n`` rows on (or back), and how many rows were missing for that.

        Missing rows are beyond an end, or in a block that is wanted now.
        """
        return self._onwards(offset, n) if n >= 0 else self._back(offset, -n)

    def _onwards(self, offset: int, n: int) -> tuple[int, int]:
        left, last = n, offset
        for index, at in self._from(offset):
            block = self._block(index)
            if block is None:
                return last, left
            here = len(block.starts) - at
            if here > left:
                return block.starts[at + left], 0
            if here:
                last = block.starts[-1]
            left -= here
        return last, left + 1

    def _back(self, offset: int, n: int) -> tuple[int, int]:
        left, last = n, offset
        index = min(offset, max(self.size - 1, 0)) // BLOCK_BYTES
        while index >= 0:
            block = self._block(index)
            if block is None:
                return last, left
            before = bisect_left(block.starts, offset)
            if before >= left:
                return (block.starts[before - left] if left else offset), 0
            if before:
                last = block.starts[0]
            left -= before
            index -= 1
        return last, left

    def row_of(self, offset: int) -> int:
        """Where the row begins that holds an offset; the offset itself where that is not known."""
        block = self.blocks.get(offset // BLOCK_BYTES)
        if block is None or not block.starts or block.starts[0] > offset:
            return offset
        return block.starts[bisect_right(block.starts, offset) - 1]

    def _from(self, offset: int) -> Iterator[tuple[int, int]]:
        """Blocks from an offset on, with the row of each to begin at."""
        first = offset // BLOCK_BYTES
        block = self.blocks.get(first)
        at = 0 if block is None else max(bisect_right(block.starts, offset) - 1, 0)
        n_blocks = -(-self.size // BLOCK_BYTES)
        for index in range(first, n_blocks):
            yield index, at if index == first else 0

    def _block(self, index: int) -> Block | None:
        start = max(index * BLOCK_BYTES - 1, 0)
        if start in self.gap and (index + 1) * BLOCK_BYTES < self.gap.stop:
            return NOTHING
        block = self.blocks.get(index)
        if block is None:
            self.wanted.add(index)
        return block


def _ended(index: int, block: Block, size: int) -> bool:
    """Whether a block was cut short by the end that the record had when it was read."""
    is_cut = block.end == block.size and not block.data.endswith(b"\n")
    return block.size < size and (block.size < (index + 1) * BLOCK_BYTES or is_cut)
