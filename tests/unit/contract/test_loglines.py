from __future__ import annotations

from scanflow_tui.contract.loglines import Decoder, Encoder, Line, last_line, rebuild, sanitise

RECORD = (
    b"2025-11-25T09:46:40.000001Z stdout F one\n"
    b"2025-11-25T09:46:40.000002Z stderr P tw\n"
    b"2025-11-25T09:46:41.500000Z stderr F o\n"
)
AT_US = 1_764_064_000_000_000


def test_a_record_line_says_when_where_and_what() -> None:
    assert Decoder().feed(RECORD) == [
        Line(AT_US + 1, "stdout", b"one", True),
        Line(AT_US + 2, "stderr", b"tw", False),
        Line(AT_US + 1_500_000, "stderr", b"o", True),
    ]


def test_streams_are_rebuilt_apart() -> None:
    assert rebuild(RECORD) == {"stdout": b"one\n", "stderr": b"two\n"}


def test_a_line_torn_by_a_crash_keeps_its_text() -> None:
    assert rebuild(RECORD[:-1])["stderr"] == b"two"
    assert rebuild(RECORD + b"2025-11-25T09:46")["stderr"] == b"two\n"


def test_what_is_no_record_line_is_shown_as_it_is() -> None:
    decoder = Decoder()
    lines = decoder.feed(RECORD + b"nonsense\n2025-99-25T09:46:40.000001Z stdout F x\n")
    assert [line.text for line in lines[3:]] == [
        b"nonsense",
        b"2025-99-25T09:46:40.000001Z stdout F x",
    ]


def test_the_encoder_cuts_at_its_limit() -> None:
    encoder = Encoder(line_bytes_max=4)
    data = encoder.feed("stdout", b"12345678\n1234", AT_US) + encoder.flush(AT_US)
    assert [(line.text, line.is_whole) for line in Decoder().feed(data)] == [
        (b"1234", False),
        (b"5678", True),
        (b"1234", False),
    ]


def test_nothing_reaches_the_terminal_as_a_control() -> None:
    assert sanitise(b"\x1b[31mred\x07\x00\x7f") == "\\x1b[31mred\\x07\\x00\\x7f"
    assert sanitise(b"10 %\r20 %") == "10 %\\r20 %"
    assert sanitise("\u202eevil\x9b".encode()) == "\\u202eevil\\x9b"


def test_bad_utf8_is_visible_and_good_utf8_stays() -> None:
    assert sanitise(b"caf\xc3\xa9 \xff\xc3") == "café \\xff\\xc3"


def test_tabs_become_columns() -> None:
    assert sanitise(b"a\tb") == "a       b"


def test_the_last_line_of_a_stream_is_quoted() -> None:
    assert last_line(RECORD, "stderr") == "two"
    assert last_line(RECORD, "stdout") == "one"
    assert last_line(b"", "stderr") == ""


def test_a_tail_that_begins_inside_a_line_starts_at_the_next() -> None:
    assert last_line(RECORD[30:], "stderr") == "two"
    assert last_line(RECORD[30:], "stdout") == ""


def test_of_an_overwritten_line_the_last_text_counts() -> None:
    record = Encoder().feed("stderr", b"10 %\r20 %\r\n \n", AT_US)
    assert last_line(record, "stderr") == "20 %"
