"""What import refuses, format by format, each with its place; and what other tools write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scanflow_tui.contract.errors import UsageError
from scanflow_tui.labels.interchange import formats
from scanflow_tui.labels.interchange.judge import Ground, Judged, judge
from scanflow_tui.labels.interchange.record import NOTE, Record, SampleCard, time_of

NOW_US = time_of("2026-11-25T12:00:00Z")
DIGEST = "d" * 64
GROUND = Ground({"s0": DIGEST, "s1": "", "s2": "e" * 64}, ("zero", "one"), NOW_US)
AT = "2026-11-24T08:00:00.000001Z"
HEAD = "sample,class,author,time\n"
GOOD = {"sample": "s0", "class": 1, "author": "anna", "time": AT}


def judged(form: str, data: str | bytes, ground: Ground = GROUND) -> Judged:
    return judge(formats.read(form, data.encode() if isinstance(data, str) else data), ground)


def told(found: Judged) -> list[tuple[int, int, str]]:
    return [(one.line, one.column, one.text) for one in found.problems]


CSV = [
    ("", 1, 1, "empty"),
    ("sample,author,time\ns0,anna,x\n", 1, 1, "column 'class' is missing"),
    ("class;author;time\n", 1, 1, "separated by commas"),
    ("sample,class,author,time,class\n", 1, 1, "twice"),
    (HEAD + "s0,1,anna\n", 2, 0, "3 cells"),
    (HEAD + f's0,1,"an"na,{AT}\n', 2, 0, "not CSV"),
    (HEAD + f's0,1,"anna,{AT}\n', 2, 0, "not CSV"),
    (HEAD + f"s0,one,anna,{AT}\n", 2, 0, "class 'one' is not a whole number"),
    (HEAD + f"s0,1.0,anna,{AT}\n", 2, 0, "not a whole number"),
    (HEAD + f"s0,7,anna,{AT}\n", 2, 0, "class 7 is not one of 0 to 1"),
    (HEAD + f"s0,-1,anna,{AT}\n", 2, 0, "class -1"),
    (HEAD + f"s0,,anna,{AT}\n", 2, 0, "class is missing"),
    (HEAD + f"s0,1,,{AT}\n", 2, 0, "author is missing"),
    (HEAD + "s0,1,anna,\n", 2, 0, "time is missing"),
    (HEAD + "s0,1,anna,yesterday\n", 2, 0, "time 'yesterday'"),
    (HEAD + "s0,1,anna,2026-13-01T00:00:00Z\n", 2, 0, "is not like"),
    (HEAD + "s0,1,anna,2026-11-24T08:00:00\n", 2, 0, "no zone"),
    (HEAD + "s0,1,anna,2027-11-24T08:00:00Z\n", 2, 0, "yet to come"),
    (HEAD + "s0,1,anna,1969-12-31T23:59:59Z\n", 2, 0, "before 1970"),
    (HEAD + f"s9,1,anna,{AT}\n", 2, 0, "sample 's9' is not in the queue"),
    (HEAD + f'"s\n0",1,anna,{AT}\ns9,1,anna,{AT}\n', 2, 0, "is not in the queue"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line", "column", "words"), CSV, ids=lambda value: str(value)[-24:]
)
def test_a_csv_that_does_not_match(text: str, line: int, column: int, words: str) -> None:
    found = judged("csv", text)
    assert found.records == []
    assert told(found)[0][:2] == (line, column) and words in told(found)[0][2]


def test_a_header_that_cannot_be_read_names_no_columns_and_lines_may_end_as_they_like() -> None:
    for head in (HEAD.encode("utf-16"), b"a;b;c\n", b'"a\n', b"\xff\n", b""):
        assert formats.unread("csv", head) == ()
    rows = HEAD.replace("\n", ",shoe\n") + f"s0,1,anna,{AT},x\ns2,1,anna,{AT},x\n"
    for end in ("\n", "\r\n", "\r"):
        data = ("\ufeff" + rows).replace("\n", end).encode()
        assert formats.unread("csv", data) == ("shoe",)
        assert len(judge(formats.read("csv", data), GROUND).records) == 2


@pytest.mark.parametrize("form", formats.NAMES)
def test_a_file_in_utf_16_is_called_so(form: str) -> None:
    assert "UTF-16" in told(judged(form, HEAD.encode("utf-16")))[0][2]


def test_a_line_of_csv_counts_the_lines_of_the_file_not_the_rows() -> None:
    found = judged("csv", HEAD + f's0,1,"an\nna",{AT}\ns9,1,anna,{AT}\n')
    assert [line for line, _, _ in told(found)] == [4]


@pytest.mark.parametrize("form", formats.NAMES)
def test_bytes_that_are_not_utf8_have_line_and_column(form: str) -> None:
    good = {"csv": HEAD, "jsonl": json.dumps(GOOD) + "\n", "coco": "{\n", "label-studio": "[\n"}
    found = judged(form, good[form].encode() + '{"é": "'.encode() + b'\xff"}')
    place = (2, 8, "this is not UTF-8 (byte 0xff)")
    assert place in told(found)


JSONL: list[tuple[Any, str]] = [
    ([], "a line is an object"),
    ({}, "the sample is missing"),
    (GOOD | {"sample": 3}, "sample 3 is not a text"),
    (GOOD | {"class": "one"}, "class 'one' is not a whole number"),
    (GOOD | {"class": True}, "class True is not a whole number"),
    (GOOD | {"class_name": "zero"}, "class 1 is not 'zero' here"),
    (GOOD | {"class_name": "two"}, "class 'two' is none"),
    (GOOD | {"kind": "maybe"}, "kind 'maybe' is none of"),
    (GOOD | {"kind": "skip"}, "kind skip has no class"),
    (GOOD | {"kind": "note"}, "kind note has no class"),
    (GOOD | {"note": "x"}, "a note stands in a row of its own"),
    (GOOD | {"digest": "f" * 64}, "sample s0 has another image here"),
    (GOOD | {"sample": "s1", "digest": DIGEST}, "its image is gone"),
    (GOOD | {"author": "x" * 201}, "author has over 200 characters"),
    (GOOD | {"author": "\ud800"}, "author is no valid Unicode"),
    (GOOD | {"ms": -1}, "ms -1"),
    (GOOD | {"ms": 1.5}, "ms 1.5 is not a whole number"),
    (GOOD | {"guess": 5}, "guess 5"),
    (GOOD | {"guess_shown": 1}, "guess_shown 1 is not true or false"),
    (GOOD | {"order": "By anna@example.org"}, "is not an order's name"),
    (GOOD | {"session": "elsewhere"}, "is not a session's id"),
    (GOOD | {"state": "gone"}, "state 'gone' is none of"),
    (GOOD | {"state": "superseded"}, "no later one of its author follows"),
    (GOOD | {"time": 5}, "time 5 is not a text"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "words"), JSONL, ids=lambda value: str(value)[-24:])
def test_a_line_of_json_that_does_not_match(value: Any, words: str) -> None:
    found = judged("jsonl", json.dumps(GOOD | {"sample": "s2"}) + "\n\n" + json.dumps(value))
    assert len(found.records) == 1
    assert {line for line, _, _ in told(found)} == {3}
    assert any(words in text for _, _, text in told(found))


@pytest.mark.parametrize(
    ("line", "column", "words"),
    [
        ('{"sample": }', 12, "Expecting value"),
        ('{"sample": "s0"} x', 18, "Extra data"),
        ('{"ms": NaN}', 1, "NaN is no number"),
        ('{"ms": 1, "ms": 2}', 1, "'ms' stands twice"),
        ("[" * 100_000, 1, "nested too deeply"),
        ('{"ms": ' + "9" * 5000 + "}", 1, "not JSON"),
        ("\0", 1, "Expecting value"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_line_that_is_no_json(line: str, column: int, words: str) -> None:
    ((number, at, text),) = told(judged("jsonl", f"\n{line}\n"))
    assert (number, at) == (2, column) and words in text


def test_the_same_label_twice_is_named_with_its_first_line() -> None:
    found = judged("jsonl", "\n".join([json.dumps(GOOD)] * 3))
    assert told(found) == [
        (2, 1, "this stands in line 1 already"),
        (3, 1, "this stands in line 1 already"),
    ]


def test_an_author_has_one_word_in_force_on_a_sample() -> None:
    later = GOOD | {"class": 0, "time": "2026-11-24T09:00:00Z"}
    found = judged("jsonl", f"{json.dumps(later)}\n{json.dumps(GOOD)}")
    ((line, _, text),) = told(found)
    assert line == 2 and "superseded" in text and "line 1" in text
    marked = judged("jsonl", f"{json.dumps(later)}\n{json.dumps(GOOD | {'state': 'superseded'})}")
    assert marked.problems == []
    assert [record.state for record in marked.records] == ["superseded", "in_force"]


def test_two_authors_say_different_things_of_a_sample() -> None:
    found = judged("jsonl", f"{json.dumps(GOOD)}\n{json.dumps(GOOD | {'author': 'boris'})}")
    assert found.problems == [] and len(found.records) == 2


def test_every_problem_of_every_line_is_told() -> None:
    rows = [{"sample": "s9"}, GOOD, {"class": 1}]
    found = judged("jsonl", "\n".join(map(json.dumps, rows)))
    assert [line for line, _, _ in told(found)] == [1] * 4 + [3] * 3


DOCUMENTS = [
    ("coco", "", 1, "breaks off"),
    ("coco", "[]", 1, "an object was expected"),
    ("coco", "{}", 1, "neither images nor annotations"),
    ("coco", '{"images": {}}', 1, "images is no list"),
    ("coco", '{"images": [],\n"images": []}', 2, "twice"),
    ("coco", '{"images": [{"id": 1}]}', 1, "image 1 has no file_name"),
    ("coco", '{"images": [\n{"file_name": "s0.png"}]}', 2, "no whole number as its id"),
    ("coco", '{"categories": [{"id": 1, "name": "a"},\n{"id": 1, "name": "b"}]}', 2, "twice"),
    ("coco", '{"annotations": [\n{"image_id": 4}]}', 2, "there is no image 4"),
    ("coco", '{"annotations": [3]}', 1, "an annotation is an object"),
    ("coco", '{"images": [{"id": 1, "file_name": "a/s0.png"}],\n"annotations": '
             '[{"image_id": 1, "category_id": 7}]}', 2, "there is no category 7"),
    ("coco", '{"images": [', 1, "Expecting value"),
    ("coco", '{"images": []} {}', 1, "something follows"),
    ("label-studio", "{}", 1, "this is no list"),
    ("label-studio", "[{}\n,", 2, "Expecting value"),
    ("label-studio", "[{}", 1, "breaks off"),
    ("label-studio", "[1]", 1, "a task is an object with data"),
    ("label-studio", '[{"data": {}, "annotations": {}}]', 1, "are a list"),
    ("label-studio", '[{"data": {}, "annotations": [1]}]', 1, "an annotation is an object"),
    ("label-studio", '[\n{"data": {"sample": "s0"}, "annotations": [{"result": []}]}]', 2,
     "has one choice"),
    ("label-studio", '[{"data": {"sample": "s0"}, "meta": {"scanflow": [1]}}]', 1, "no object"),
]  # fmt: skip


@pytest.mark.parametrize(("form", "text", "line", "words"), DOCUMENTS, ids=lambda v: str(v)[-20:])
def test_a_document_that_does_not_match(form: str, text: str, line: int, words: str) -> None:
    found = judged(form, text)
    assert any(at == line and words in text for at, _, text in told(found)), told(found)


def _task(**changed: Any) -> str:
    annotation = {
        "result": [{"type": "choices", "value": {"choices": ["one"]}}],
        "completed_by": {"id": 1, "email": "anna@example.org"},
        "created_at": "2026-11-24T07:00:00Z",
        "updated_at": AT,
        "lead_time": 2.5,
        "was_cancelled": False,
    }
    return json.dumps([{"data": {"image": "/d/s0.png"}, "annotations": [annotation | changed]}])


def test_an_annotation_made_in_label_studio_has_its_user_and_time() -> None:
    (record,) = judged("label-studio", _task()).records
    assert record == Record(
        "s0", "class", 1, "one", "anna@example.org", "", time_of(AT), 2500, digest=DIGEST
    )
    (other,) = judged("label-studio", _task(completed_by=3)).records
    assert other.author == "label-studio user 3"


def test_what_a_real_label_studio_exported_is_read() -> None:
    data = Path(__file__).with_name("label_studio_export.json").read_bytes()
    ground = Ground({"000000": "", "000001": ""}, ("zero", "one"), time_of("2027-01-01T00:00:00Z"))
    found = judged("label-studio", data, ground)
    assert found.problems == []
    assert [(one.sample, one.class_name, one.author, one.ms) for one in found.records] == [
        ("000000", "zero", "label-studio user 1", 1000),
        ("000001", "one", "label-studio user 1", 1000),
    ]
    assert found.records[0].at == time_of("2026-11-26T00:12:14.367975Z")


def test_a_cancelled_annotation_is_a_skip() -> None:
    (record,) = judged("label-studio", _task(was_cancelled=True, result=[])).records
    assert (record.kind, record.value) == ("skip", None)


def test_an_annotation_of_ours_keeps_its_author_only_while_it_is_unchanged() -> None:
    ours = Record("s0", "class", 1, "one", "boris", "", 5, 7, digest=DIGEST)
    text = "".join(formats.write("label-studio", [ours], [SampleCard("s0", DIGEST)], ()))
    task = json.loads(text)
    task[0]["annotations"][0] |= {"completed_by": 1, "updated_at": AT, "lead_time": 1.0}
    assert judged("label-studio", json.dumps(task)).records == [ours]
    task[0]["annotations"][0]["result"][0]["value"]["choices"] = ["zero"]
    (changed,) = judged("label-studio", json.dumps(task)).records
    assert (changed.author, changed.value) == ("label-studio user 1", 0)


def test_a_name_that_label_studio_put_on_an_upload_is_taken_away() -> None:
    task = {"data": {"image": "/data/upload/3/0a1b2c3d-s%30.png"}, "annotations": []}
    task |= {"annotations": json.loads(_task())[0]["annotations"]}
    (record,) = judged("label-studio", json.dumps([task])).records
    assert record.sample == "s0"


def test_coco_of_another_tool_matches_by_names_in_any_order() -> None:
    whole = {
        "annotations": [{"image_id": 9, "category_id": 5, "author": "anna", "time": AT}],
        "categories": [{"id": 5, "name": "one", "supercategory": "digit"}],
        "images": [{"id": 9, "file_name": "train/s0.png", "width": 28}],
        "info": {"images": []},
    }
    (record,) = judged("coco", json.dumps(whole)).records
    assert (record.sample, record.value, record.author) == ("s0", 1, "anna")


def test_only_a_class_in_force_is_an_annotation_to_other_tools() -> None:
    records = [
        Record("s0", "class", 1, "one", "anna", "", 5, state="undone"),
        Record("s0", "unsure", None, "", "anna", "", 6),
        Record("s0", NOTE, None, "", "anna", "", 7, note="blurred"),
        Record("s0", "class", 0, "zero", "boris", "", 8),
    ]
    cards = [SampleCard("s0", DIGEST), SampleCard("s1")]
    coco = json.loads("".join(formats.write("coco", records, cards, GROUND.classes)))
    assert [one["category_id"] for one in coco["annotations"]] == [0]
    assert len(coco["images"]) == 2 and len(coco["scanflow_labels"]) == 3
    tasks = json.loads("".join(formats.write("label-studio", records, cards, GROUND.classes)))
    assert [len(task["annotations"]) for task in tasks] == [1, 0]


def test_a_byte_order_mark_is_no_part_of_the_first_column() -> None:
    assert judged("csv", b"\xef\xbb\xbf" + HEAD.encode() + f"s0,1,anna,{AT}\n".encode()).records


def test_columns_of_others_are_named() -> None:
    assert formats.unread("csv", b"sample,colour,time,Note\n") == ("colour", "Note")
    assert formats.unread("coco", b"{}") == ()


def test_a_file_s_format_is_said_by_its_name_or_its_first_sign() -> None:
    assert formats.of_file(".CSV", b"") == "csv"
    assert formats.of_file(".json", b" \n[") == "label-studio"
    assert formats.of_file(".json", b"\xef\xbb\xbf{") == "coco"
    with pytest.raises(UsageError):
        formats.of_file(".json", b"x")
    with pytest.raises(UsageError):
        formats.known("xml")
