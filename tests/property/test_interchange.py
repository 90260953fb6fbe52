"""A round trip through each format keeps every word, its author and its time; no bytes break it."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanflow_tui.labels.interchange import csv_rows, formats
from scanflow_tui.labels.interchange.judge import judge, said
from scanflow_tui.labels.interchange.record import Problem, Record, time_of, time_text
from tests.fakes.interchanged import CARDS, CLASSES, TEXTS, ground, history

formats_each = pytest.mark.parametrize("name", formats.NAMES)


def written(name: str, records: list[Record]) -> bytes:
    return "".join(formats.write(name, records, CARDS, CLASSES)).encode()


@formats_each
@given(records=history())
@settings(max_examples=60, deadline=None)
def test_what_was_written_is_read_as_it_was(name: str, records: list[Record]) -> None:
    data = written(name, records)
    found = judge(formats.read(name, data), ground())
    assert found.problems == []
    assert sorted(found.records, key=repr) == sorted(records, key=repr)
    assert [one.at for one in found.records] == sorted(one.at for one in records)
    assert written(name, records) == data


@formats_each
@given(records=history())
@settings(max_examples=30, deadline=None)
def test_a_second_import_brings_nothing(name: str, records: list[Record]) -> None:
    known = replace(ground(), heard=frozenset(map(said, records)))
    found = judge(formats.read(name, written(name, records)), known)
    assert (found.records, found.problems, found.n_known) == ([], [], len(records))


@formats_each
@given(
    data=st.binary(max_size=300)
    | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
@settings(max_examples=100, deadline=None)
def test_any_bytes_give_problems_with_places_and_no_error(name: str, data: bytes) -> None:
    found = judge(formats.read(name, data), ground())
    for problem in found.problems:
        assert problem.line >= 1 and problem.column >= 0 and problem.text


@formats_each
@given(records=history(), data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_file_with_changed_bytes_gives_problems_or_records_never_an_error(
    name: str, records: list[Record], data: st.DataObject
) -> None:
    whole = bytearray(written(name, records))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole)))
        whole[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    found = judge(formats.read(name, bytes(whole)), ground())
    assert all(isinstance(problem, Problem) for problem in found.problems)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(
            ["data", "meta", "scanflow", "annotations", "result", "type", "value", "choices",
             "sample", "image", "images", "categories", "id", "name", "file_name", "image_id",
             "category_id", "kind", "class", "class_name", "author", "time", "ms", "guess", "note",
             "completed_by", "updated_at", "lead_time", "scanflow_labels", "digest", "state"]
        ),
        inner,
        max_size=6,
    ),
    max_leaves=25,
)  # fmt: skip


@formats_each
@given(value=JSON, is_listed=st.booleans())
@settings(max_examples=100, deadline=None)
def test_any_json_gives_problems_or_nothing(name: str, value: object, is_listed: bool) -> None:
    data = json.dumps([value] if is_listed else value).encode()
    judge(formats.read(name, data), ground())


@given(st.integers(1, 253_402_300_799_999_999))
def test_a_time_comes_back_from_its_text(at: int) -> None:
    assert time_of(time_text(at)) == at


@given(TEXTS)
def test_no_cell_that_a_spreadsheet_reads_is_a_formula(text: str) -> None:
    (row,) = csv.reader(io.StringIO(csv_rows._cell(text), newline=""))
    assert row[0][:1] not in tuple("=+-@\t\r\n＝＋－＠")
