"""The kept ends of a log in the place of a log that is gone."""

from __future__ import annotations

import pytest

from scanflow_tui.session.events import LogRecord
from scanflow_tui.session.log_ends import filled, piece

LOG = bytes(range(65, 91))
HEAD, TAIL = LOG[:8], LOG[-8:]
RECORD = LogRecord(len(LOG), 1, "0" * 64, "head", "tail")
KEPT = HEAD + bytes(10) + TAIL


@pytest.mark.parametrize("offset", range(0, 27, 3))
@pytest.mark.parametrize("length", [0, 1, 9, 30])
def test_a_range_has_zeros_where_nothing_was_kept(offset: int, length: int) -> None:
    assert filled(RECORD, HEAD, TAIL, offset, length) == (KEPT[offset : offset + length], len(LOG))


@pytest.mark.parametrize("offset", range(0, 27, 3))
def test_ends_that_overlap_are_the_whole_log(offset: int) -> None:
    data, size = filled(RECORD, LOG[:20], LOG[-20:], offset, 9)
    assert data == LOG[offset : offset + 9] and size == len(LOG)


def test_a_piece_in_the_gap_is_empty_and_says_where_the_tail_begins() -> None:
    data, note = piece(RECORD, HEAD, TAIL, 9, 5)
    assert data == b"" and "the tail begins at byte 18" in note
