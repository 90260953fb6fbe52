"""What Label Studio 1.23.2 itself exported: tasks that were ours, after an annotation was changed
there, one made and one cancelled. The file beside this one is its export, as it wrote it.
"""

from __future__ import annotations

from pathlib import Path

from scanflow_tui.labels.interchange import formats
from scanflow_tui.labels.interchange.judge import Ground, judge
from scanflow_tui.labels.interchange.record import Record, time_of

EXPORT = Path(__file__).with_name("label_studio_1.23.2.json")
CLASSES = ("zero", "one", "two")
SESSION = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
DIGESTS = {f"s{at}": f"{at:064x}" for at in range(5)}
AT = time_of("2026-01-02T03:04:05.000006Z")
NOW_US = time_of("2026-11-26T12:00:00Z")


def read() -> list[Record]:
    found = judge(
        formats.read("label-studio", EXPORT.read_bytes()), Ground(DIGESTS, CLASSES, NOW_US)
    )
    assert found.problems == []
    return found.records


def test_what_was_not_changed_there_is_ours_to_the_microsecond() -> None:
    ours = {
        (one.sample, one.kind, one.class_name, one.author, one.at - AT, one.state)
        for one in read()
        if one.session == SESSION
    }
    assert ours == {
        ("s1", "class", "two", "human:u1002", 1, "in_force"),
        ("s1", "class", "one", "human:u1001", 2, "in_force"),
        ("s2", "unsure", "", "human:u1001", 3, "in_force"),
        ("s2", "note", "", "human:u1001", 4, "in_force"),
        ("s3", "class", "zero", "human:u1001", 5, "in_force"),
        ("s3", "class", "one", "human:u1001", -5, "superseded"),
    }
    assert [one.note for one in read() if one.kind == "note"] == ["blürred"]


def test_what_was_done_there_is_the_word_of_its_user_at_its_time() -> None:
    theirs = [one for one in read() if not one.session]
    assert [(one.sample, one.kind, one.class_name, one.ms) for one in theirs] == [
        ("s0", "class", "two", 2500),
        ("s4", "class", "zero", 1000),
        ("s3", "skip", "", 0),
    ]
    assert {one.author for one in theirs} == {"label-studio user 1"}
    assert theirs[0].at == time_of("2026-11-26T04:43:59.235989Z")
    assert not any(one.picture or one.view for one in theirs)
