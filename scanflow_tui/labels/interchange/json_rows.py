"""JSON lines: one record a line, each an object with the fields of ``record.FIELDS``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from scanflow_tui.labels.interchange.placed_json import line_items
from scanflow_tui.labels.interchange.record import FIELDS, Problem, Raw, Record, fields_of


def write(records: Iterable[Record]) -> Iterator[str]:
    """A line a record."""
    for record in records:
        yield json.dumps(fields_of(record), ensure_ascii=False) + "\n"


def read(data: bytes) -> Iterator[Raw | Problem]:
    """What each line says; names that are no field of ours are passed over."""
    for item in line_items(data):
        if isinstance(item, Problem):
            yield item
        elif not isinstance(item.value, dict):
            yield Problem(item.line, item.column, "a line is an object")
        else:
            fields = {name: item.value[name] for name in FIELDS if name in item.value}
            yield Raw(item.line, item.column, fields)
