"""Searching and counting a log record by offset."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanflow_tui.contract import logsearch
from scanflow_tui.contract.loglines import Encoder
from scanflow_tui.contract.logsearch import Counted, Read, Search, count, find

AT_US = 1_763_971_200_000_000


def reader(record: bytes, gap: range = range(0)) -> Read:
    def read(offset: int, length: int) -> tuple[bytes, int]:
        if offset in gap:
            return b"", len(record)
        return record[offset : offset + length], len(record)

    return read


def record(*lines: str) -> bytes:
    """Lines of stdout; those that begin with ``!`` are of stderr."""
    encoder, rows = Encoder(), []
    for at, line in enumerate(lines):
        stream = "stderr" if line.startswith("!") else "stdout"
        rows.append(encoder.feed(stream, line.encode() + b"\n", AT_US + at * 1000))
    return b"".join(rows)


LOG = record("epoch 1", "!Warning: slow", "epoch 2", "!warning: slower", "2025 done")


def offsets_of(data: bytes) -> list[int]:
    return [0, *(at + 1 for at, byte in enumerate(data[:-1]) if byte == 10)]


def found(needle: str = "", *, at: int = 0, log: bytes = LOG, **more: object) -> list[int]:
    search = Search(needle, hits_max=100, **more)  # type: ignore[arg-type]
    length = at if search.is_backwards else len(log) - at
    starts = offsets_of(log)
    return [starts.index(offset) for offset in find(reader(log), search, at, length).offsets]


def test_small_letters_match_any_case() -> None:
    assert found("warning") == [1, 3]


def test_a_capital_matches_itself_alone() -> None:
    assert found("Warning") == [1]


def test_the_time_stamp_is_no_text() -> None:
    assert found("2025") == [4]
    assert found("2025", at=len(LOG), is_backwards=True) == [4]


def test_one_stream_alone() -> None:
    assert found(streams="stderr") == [1, 3]
    assert found("s", streams="stdout") == []
    assert found(streams="stdout") == [0, 2, 4]


def test_backwards_begins_at_the_end() -> None:
    assert found("epoch", at=len(LOG), is_backwards=True) == [2, 0]


def test_the_search_stops_at_the_last_hit_asked_for_and_says_where() -> None:
    first = find(reader(LOG), Search("warning"), 0, len(LOG))
    assert len(first.offsets) == 1
    rest = find(reader(LOG), Search("warning"), first.reached, len(LOG))
    assert rest.offsets == (offsets_of(LOG)[3],)


def test_nothing_found_says_how_far_it_looked() -> None:
    missed = find(reader(LOG), Search("absent"), 0, 10 * len(LOG))
    assert missed == logsearch.Found((), len(LOG), len(LOG))


def test_lines_are_counted_as_the_step_wrote_them() -> None:
    encoder = Encoder(line_bytes_max=8)
    log = encoder.feed("stdout", b"0123456789abcdef0123\nshort\nbar", AT_US)
    log += encoder.flush(AT_US)
    assert count(reader(log), 0, len(log)) == Counted(2, True, len(log), len(log))


def test_a_line_that_the_crash_cut_is_open() -> None:
    assert count(reader(LOG[:-3]), 0, len(LOG)).is_open


def test_a_record_with_a_gap_is_searched_on_behind_it() -> None:
    size = logsearch.PIECE_BYTES
    row = record("line")
    log = row * (3 * size // len(row)) + record("the end")
    read = reader(log, range(size // 2, size + size // 2))
    assert find(read, Search("the end"), 0, len(log)).offsets


def test_rows_without_header_count_as_stderr() -> None:
    log = b"garbage here\n" + LOG
    assert found("garbage", log=log, streams="stderr") == [0]


@settings(max_examples=60, deadline=None)
@given(
    words=st.lists(st.sampled_from(["", "a", "needle", "NEEDLE", "ne", "x" * 40]), max_size=30),
    piece=st.integers(min_value=1, max_value=200),
    backwards=st.booleans(),
)
def test_every_line_is_found_exactly_once_however_it_is_cut(
    words: list[str], piece: int, backwards: bool
) -> None:
    log = record(*words) if words else b""
    expected = [at for at, word in enumerate(words) if "needle" in word.lower()]
    search = Search("needle", is_backwards=backwards, hits_max=1000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logsearch, "PIECE_BYTES", piece)
        offsets = find(reader(log), search, len(log) if backwards else 0, len(log)).offsets
        n_lines = count(reader(log), 0, len(log)).n_lines
    starts = offsets_of(log)
    wanted = [starts[at] for at in expected]
    assert list(offsets) == (wanted[::-1] if backwards else wanted)
    assert n_lines == len(words)
