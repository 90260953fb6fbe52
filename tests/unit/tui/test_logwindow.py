"""A log as rows by byte offset: blocks, moves, growth, and the filter over it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanflow_tui.contract import logsearch
from scanflow_tui.contract.loglines import Encoder
from scanflow_tui.tui.present import logwindow
from scanflow_tui.tui.present.log import line_parts, matches, plain_line, tail_rows
from scanflow_tui.tui.present.logsieve import LogSieve
from scanflow_tui.tui.present.logwindow import LogWindow, Row
from tests.fakes.demo_events import T0, log_bytes

STAMP = b"2025-11-24T08:00:00.000000Z stdout "


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logwindow, "BLOCK_BYTES", 256)


def filled(window: LogWindow, record: bytes) -> None:
    """Read what the window wants, as a feed does."""
    while window.wanted:
        index = min(window.wanted)
        base, length = window.asks(index)
        window.take(index, base, record[base : base + length], len(record))


def rows(window: LogWindow, record: bytes, offset: int = 0, n: int = 10_000) -> list[Row]:
    """Rows from an offset on, whatever has to be read for them."""
    while None in (found := window.rows(offset, n)):
        filled(window, record)
    return [row for row in found if row is not None]


def moved(window: LogWindow, record: bytes, offset: int, n: int) -> int:
    """Where a move ends once all that it needs was read."""
    left = n
    while left:
        at, missing = window.move(offset, left)
        if not window.wanted:
            return at
        offset, left = at, missing if n > 0 else -missing
        filled(window, record)
    return offset


def plain(row: Row) -> str:
    return "".join(text for text, _ in line_parts(row, T0, since_start=True))


def texts(found: list[Row]) -> list[str]:
    return [row.text for row in found]


@pytest.mark.usefixtures("small_blocks")
def test_a_log_is_read_from_its_end_block_by_block() -> None:
    record = log_bytes(100)
    window = LogWindow(len(record))
    top = moved(window, record, len(record), -5)
    assert texts(rows(window, record, top))[-1] == "warning: 99 workers"
    assert len(rows(window, record, top)) == 5
    assert len(window.blocks) == 2


@pytest.mark.usefixtures("small_blocks")
def test_a_row_is_found_by_any_offset_inside_it() -> None:
    record = log_bytes(20)
    window = LogWindow(len(record))
    every = rows(window, record)
    assert window.row_of(every[3].offset + 9) == every[3].offset
    assert rows(window, record, every[3].offset + 9, 1) == [every[3]]


def test_a_line_written_in_parts_is_one_row() -> None:
    record = STAMP + b"P hal\n" + STAMP + b"F f\n" + STAMP + b"F next\n"
    window = LogWindow(len(record))
    assert texts(rows(window, record)) == ["half", "next"]


def test_what_no_newline_ended_says_so() -> None:
    record = STAMP + b"F whole\n" + STAMP + b"P bar 40%\n"
    window = LogWindow(len(record))
    whole, part = rows(window, record)
    assert plain(whole).endswith("whole")
    assert plain(part).endswith("bar 40% …")


def test_the_last_block_is_read_again_when_the_log_grew() -> None:
    record = log_bytes(10)
    window = LogWindow(len(record))
    assert len(rows(window, record)) == 10
    longer = log_bytes(12)
    window.grow(len(longer))
    assert window.wanted == {0}
    filled(window, longer)
    assert len(rows(window, longer)) == 12


@pytest.mark.usefixtures("small_blocks")
def test_a_gap_is_stepped_over() -> None:
    record = log_bytes(400)
    window = LogWindow(len(record), gap=range(1000, len(record) - 1000))
    found = rows(window, record)
    assert found[0].text.startswith("epoch 0") and found[-1].text == "warning: 399 workers"
    assert len(found) < 60


@pytest.mark.usefixtures("small_blocks")
def test_only_near_blocks_are_kept() -> None:
    record = log_bytes(2000)
    window = LogWindow(len(record))
    offset = 0
    for _ in range(100):
        offset = moved(window, record, offset, 19)
        assert len(window.blocks) <= logwindow.BLOCKS_KEPT


_TEXTS = st.binary(max_size=40).map(lambda raw: raw.replace(b"\n", b""))


@settings(max_examples=80, deadline=None)
@given(
    lines=st.lists(st.tuples(st.sampled_from(["stdout", "stderr"]), _TEXTS), max_size=40),
    block=st.integers(min_value=30, max_value=400),
    page=st.integers(min_value=1, max_value=7),
)
def test_pages_up_and_down_show_every_row_once(
    lines: list[tuple[logsearch.Streams, bytes]], block: int, page: int
) -> None:
    encoder = Encoder()
    record = b"".join(encoder.feed(stream, text + b"\n", T0) for stream, text in lines)  # type: ignore[arg-type]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logwindow, "BLOCK_BYTES", block)
        every = rows(LogWindow(len(record)), record)
        assert len(every) == len(lines)
        down, up = LogWindow(len(record)), LogWindow(len(record))
        assert [row for found in _down(down, record, page) for row in found] == every
        offset, seen = len(record), []
        while offset:
            before = moved(up, record, offset, -page)
            seen[:0] = [row for row in rows(up, record, before, page) if row.offset < offset]
            offset = before
        assert seen == every


def _down(window: LogWindow, record: bytes, page: int) -> Iterator[list[Row]]:
    offset = 0
    while offset < len(record):
        found = rows(window, record, offset, page)
        yield found
        offset = found[-1].end if found else len(record)


def sifted(record: bytes, sieve: LogSieve, offset: int, n: int) -> list[Row]:
    """Rows of a filter, whatever has to be searched and read for them."""

    def read(at: int, length: int) -> tuple[bytes, int]:
        return record[at : at + length], len(record)

    while None in (found := sieve.rows(offset, n)):
        for hit in sorted(sieve.wanted):
            sieve.read(hit, record[hit : hit + 200])
        if (asked := sieve.asks()) is not None:
            search, start, length = asked
            sieve.take(search, start, logsearch.find(read, search, start, length))
    return [row for row in found if row is not None]


def test_a_filter_shows_the_lines_of_one_stream_alone() -> None:
    record = log_bytes(50)
    sieve = LogSieve(LogWindow(len(record)), streams="stderr")
    assert texts(sifted(record, sieve, 0, 100)) == [
        f"warning: {n} workers" for n in range(4, 50, 5)
    ]
    assert sieve.is_whole


def test_a_filter_that_begins_at_the_end_searches_backwards() -> None:
    record = log_bytes(50)
    sieve = LogSieve(LogWindow(len(record)), "workers")
    sieve.begin(len(record))
    assert sieve.move(len(record), -3) == (len(record), 3)
    search, start, _ = sieve.asks() or pytest.fail("it wants nothing")
    assert search.is_backwards and start == len(record)


def test_small_letters_match_any_case_and_a_capital_itself() -> None:
    assert matches("Error error", "error") == [0, 6]
    assert matches("Error error", "Error") == [0]


def test_of_a_tail_that_was_cut_only_whole_lines_are_shown() -> None:
    assert texts(tail_rows(log_bytes(5)[10:], is_cut=True))[0].startswith("epoch 0 loss 1.1")


def test_streams_are_told_apart_by_a_word() -> None:
    row = tail_rows(log_bytes(5), is_cut=False)[4]
    assert plain(row) == " 00:01.508 ERR warning: 4 workers"


def test_a_long_line_is_shown_from_where_it_was_scrolled_to() -> None:
    row = Row(0, 9, T0, False, "x" * 1000 + "needle" + "y" * 1000)
    parts = line_parts(row, T0, since_start=True, needle="needle", left=990, width=30)
    assert parts[2:] == [("x" * 10, "plain"), ("needle", "match"), ("y" * 14, "plain")]


def test_of_a_match_at_the_edge_what_is_in_view_stands_out() -> None:
    row = Row(0, 9, T0, False, "needle and needle")
    parts = line_parts(row, T0, since_start=True, needle="needle", left=3, width=11)
    assert parts[2:] == [("dle", "match"), (" and ", "plain"), ("nee", "match")]


@pytest.mark.usefixtures("small_blocks")
def test_only_the_last_block_is_read_again_however_the_log_grows() -> None:
    record = log_bytes(100)
    window = LogWindow(len(record))
    moved(window, record, len(record), -8)
    assert len(window.blocks) > 2
    last = (len(record) - 1) // 256
    window.grow(len(record) + 5)
    assert window.wanted == {last}


def test_the_beginning_of_a_filtered_log_is_searched_when_it_is_gone_to() -> None:
    record = log_bytes(50)
    sieve = LogSieve(LogWindow(len(record)), streams="stderr")
    sieve.begin(len(record) // 2)
    assert texts(sifted(record, sieve, sieve.low, 3))[0] == "warning: 29 workers"
    while sieve.low:
        rows_now = sifted(record, sieve, 0, 3)
        search, start, length = sieve.asks() or pytest.fail("it wants nothing")
        read = lambda at, n: (record[at : at + n], len(record))  # noqa: E731
        sieve.take(search, start, logsearch.find(read, search, start, length))
        assert rows_now
    assert texts(sifted(record, sieve, 0, 1)) == ["warning: 4 workers"]


def written_over(text: bytes) -> Row:
    line = b"2025-11-24T08:00:00.000000Z stderr F " + text + b"\n"
    (row,) = tail_rows(line, is_cut=False)
    return row


def test_of_a_line_that_is_written_over_the_last_state_is_shown() -> None:
    row = written_over(b"\repoch 0 [  ] 0%\repoch 0 [# ] 50%\repoch 0 [##] 100%")
    assert row.words() == "epoch 0 [##] 100%"
    shown = "".join(text for text, _ in line_parts(row, T0, since_start=True))
    assert shown.endswith("ERR \\r×2 epoch 0 [##] 100%")
    assert plain_line(row).endswith("ERR epoch 0 [##] 100%")


def test_a_match_in_an_earlier_state_shows_all_of_them() -> None:
    row = written_over(b"\r0%\r50%\r100%")
    assert row.words("50%") == "\\r0%\\r50%\\r100%"
    assert row.words("100%") == "100%"


def test_lines_that_end_as_in_windows_show_no_carriage_return() -> None:
    row = written_over(b"a line\r")
    assert (row.words(), row.n_over) == ("a line", 0)
