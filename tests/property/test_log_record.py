"""The log record: however it is cut and read, the same lines; every byte comes back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scanflow_tui.contract.loglines import Decoder, Encoder, last_line, rebuild, sanitise

WRITES = st.lists(
    st.tuples(
        st.sampled_from(["stdout", "stderr"]),
        st.one_of(st.binary(max_size=60), st.text("a\n\r\x00 é", max_size=20).map(str.encode)),
        st.booleans(),
    ),
    max_size=12,
)


def written(writes: list, line_bytes_max: int) -> bytes:
    encoder = Encoder(line_bytes_max)
    record = b""
    for at_us, (stream, data, flushes) in enumerate(writes):
        record += encoder.feed(stream, data, at_us)
        if flushes:
            record += encoder.flush(at_us)
    return record + encoder.flush(len(writes))


@given(WRITES, st.integers(1, 20))
def test_both_streams_come_back_byte_for_byte(writes: list, line_bytes_max: int) -> None:
    rebuilt = rebuild(written(writes, line_bytes_max))
    for stream in ("stdout", "stderr"):
        assert rebuilt[stream] == b"".join(data for at, data, _ in writes if at == stream)


@given(WRITES)
def test_a_split_at_any_point_gives_the_same_lines(writes: list) -> None:
    record = written(writes, 16)
    whole = Decoder().feed(record)
    for cut in range(len(record) + 1):
        decoder = Decoder()
        assert decoder.feed(record[:cut]) + decoder.feed(record[cut:]) == whole


@given(WRITES)
def test_no_line_is_longer_than_the_cut(writes: list) -> None:
    assert all(len(line.text) <= 16 for line in Decoder().feed(written(writes, 16)))


@given(st.binary(max_size=300))
def test_any_bytes_can_be_read_as_a_record(data: bytes) -> None:
    decoder = Decoder()
    lines = decoder.feed(data)
    assert len(lines) == data.count(b"\n")
    decoder.flush()
    last_line(data, "stdout")


@given(st.binary(max_size=200))
def test_sanitised_text_is_printable(data: bytes) -> None:
    text = sanitise(data)
    assert all(char.isprintable() or char.isspace() for char in text)
    assert not set(text) & {"\x1b", "\r", "\n", "\t", "\x00", "\x9b", "\u202e", "\u2028"}
