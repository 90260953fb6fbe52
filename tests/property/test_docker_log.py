"""What the engine kept is joined to a record that ended anywhere: no byte twice, none left out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scanflow_tui.engine.docker.log import HEADER, Frames, Kept, Position, replaced

LINES = st.lists(st.text("ab\r \N{SNOWMAN}é", max_size=6), max_size=8)


def position(data: bytes) -> Position:
    *lines, part = data.split(b"\n")
    return Position(len(lines), lines[-1] if lines else b"", part)


@given(LINES, st.integers(0, 200), st.integers(1, 9))
def test_a_record_cut_at_any_byte_is_completed(lines: list[str], cut: int, size: int) -> None:
    said = "\n".join(lines).encode()
    stored = said[:cut]
    kept = Kept(position(stored))
    new = b"".join(kept.feed(said[i : i + size]) for i in range(0, len(said), size))
    assert stored + new == said
    assert kept.is_exact


@given(st.binary(max_size=60), st.integers(0, 60), st.integers(1, 9))
def test_whole_lines_of_any_bytes_are_neither_lost_nor_repeated(
    said: bytes, cut: int, size: int
) -> None:
    said += b"\n"
    stored = said[: said.rfind(b"\n", 0, cut) + 1]
    kept = Kept(position(stored))
    held = replaced(said)
    new = b"".join(kept.feed(held[i : i + size]) for i in range(0, len(held), size))
    assert replaced(stored) + new == held
    assert kept.is_exact


@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=20))), st.integers(1, 9))
def test_frames_are_those_that_were_sent(sent: list[tuple[int, bytes]], size: int) -> None:
    data = b"".join(HEADER.pack(kind, len(text)) + text for kind, text in sent)
    frames = Frames()
    found = [one for i in range(0, len(data), size) for one in frames.feed(data[i : i + size])]
    assert found == [("stdout" if kind == 1 else "stderr", text) for kind, text in sent]
