from __future__ import annotations

from pathlib import Path

from scanflow_tui.contract import loglines
from scanflow_tui.engine.docker.log import HEADER, Frames, Kept, Position, Record, replaced, stamped

T = 1_764_064_000_000_000


def frame(kind: int, data: bytes) -> bytes:
    return HEADER.pack(kind, len(data)) + data


def test_frames_come_out_whole_however_they_are_split() -> None:
    data = frame(1, b"one\n") + frame(2, b"") + frame(2, b"two") + frame(1, b"x" * 70_000)
    frames = Frames()
    found = [one for i in range(0, len(data), 3) for one in frames.feed(data[i : i + 3])]
    assert found == [
        ("stdout", b"one\n"),
        ("stderr", b""),
        ("stderr", b"two"),
        ("stdout", b"x" * 70_000),
    ]


def test_a_record_ends_at_its_limit_with_a_whole_line(tmp_path: Path) -> None:
    record = Record(tmp_path, 500)
    for _ in range(100):
        record.feed("stdout", b"0123456789\n", T)
    record.feed("stdout", b"more\n", T)
    record.close(T)
    assert record.is_over
    data = (tmp_path / "log").read_bytes()
    assert len(data) <= 500 and data.endswith(b"\n")
    assert set(loglines.rebuild(data)["stdout"].split()) == {b"0123456789"}


def test_a_record_goes_on_where_it_was_torn(tmp_path: Path) -> None:
    first = Record(tmp_path, 10_000)
    first.feed("stdout", b"one\ntwo\n", T)
    first.let_go()
    path = tmp_path / "log"
    path.write_bytes(path.read_bytes()[:-2])
    second = Record(tmp_path, 10_000)
    assert second.positions()["stdout"] == Position(1, b"one")
    second.feed("stdout", b"two\n", T)
    second.close(T)
    assert loglines.rebuild(path.read_bytes())["stdout"] == b"one\ntwo\n"


def test_positions_count_lines_and_keep_what_is_unfinished(tmp_path: Path) -> None:
    record = Record(tmp_path, 1_000_000)
    record.feed("stdout", b"a\n" + b"b" * 20_000 + b"\nhalf", T)
    record.feed("stderr", b"e\n", T)
    record.note("Spoken by the engine.", T)
    record.flush(T)
    found = record.positions()
    assert found["stdout"] == Position(2, b"b" * 20_000, b"half")
    assert found["stderr"] == Position(1, b"e")
    record.let_go()
    record.feed("stdout", b"to nobody\n", T)


def test_a_link_in_the_place_of_the_log_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "log").symlink_to(tmp_path / "elsewhere")
    try:
        Record(tmp_path, 100)
    except OSError:
        pass
    else:
        raise AssertionError("the link was followed")
    assert not (tmp_path / "elsewhere").exists()


def test_kept_lines_are_joined_to_the_record() -> None:
    kept = Kept(Position(2, b"two", b"thr"))
    said = b"one\ntwo\nthree\nfour"
    new = b"".join(kept.feed(said[i : i + 2]) for i in range(0, len(said), 2))
    assert (new, kept.is_exact, kept.is_reached) == (b"ee\nfour", True, True)


def test_another_last_line_is_told() -> None:
    kept = Kept(Position(1, b"one"))
    assert kept.feed(b"other\nnew\n") == b"new\n"
    assert not kept.is_exact


def test_another_unfinished_line_is_told_and_its_end_kept() -> None:
    kept = Kept(Position(0, b"", b"abc"))
    assert kept.feed(b"abx and more\n") == b" and more\n"
    assert not kept.is_exact


def test_fewer_lines_than_the_record_has_are_not_reached() -> None:
    kept = Kept(Position(3, b"three"))
    assert kept.feed(b"one\ntwo\n") == b""
    assert not kept.is_reached


def test_bytes_that_the_engine_replaced_still_match() -> None:
    kept = Kept(Position(1, b"b\xffd", b"x\xfe"))
    assert kept.feed("b\ufffdd\nx\ufffdy\n".encode()) == b"y\n"
    assert kept.is_exact


def test_a_character_that_was_cut_in_two_is_completed() -> None:
    snow = "\N{SNOWMAN}".encode()
    kept = Kept(Position(0, b"", b"a" + snow[:2]))
    assert kept.feed(b"a" + snow + b"\n") == snow[2:] + b"\n"
    assert kept.is_exact


def test_each_bad_byte_is_replaced_by_itself() -> None:
    assert replaced(b"\xe2\x82a\xed\xa0\x80") == ("\ufffd" * 2 + "a" + "\ufffd" * 3).encode()


def test_the_time_is_taken_off_a_kept_entry() -> None:
    at_us, text = stamped(b"2025-11-25T09:46:40.000001234Z hello there\n")
    assert (at_us, text) == (1_764_064_000_000_001, b"hello there\n")
    assert stamped(b"no time\n") == (0, b"no time\n")
