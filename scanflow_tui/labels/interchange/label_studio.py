"""Label Studio's JSON: a list of tasks, each with its annotations.

An annotation of ours carries its record in the ``meta`` of its result, since Label Studio puts its
own time and user in place of an imported one's. What is no class in force stands in the task's
``meta``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from scanflow_tui.labels.interchange.placed_json import Item, Unreadable, list_items, text_of
from scanflow_tui.labels.interchange.record import (
    FIELDS,
    Problem,
    Raw,
    Record,
    SampleCard,
    fields_of,
)

OURS: Final = "scanflow"
_UPLOADED: Final = re.compile(r"[0-9a-f]{8}-(.+)")


def write(records: Sequence[Record], samples: Sequence[SampleCard]) -> Iterator[str]:
    """The document in pieces, a task a sample; a sample without labels is a task to do."""
    of: dict[str, list[Record]] = {}
    for record in records:
        of.setdefault(record.sample, []).append(record)
    before = "["
    for sample in samples:
        task = json.dumps(_task(sample, of.get(sample.id, [])), ensure_ascii=False)
        yield f"{before}\n{task}"
        before = ","
    yield "[]\n" if not samples else "\n]\n"


def _task(sample: SampleCard, records: list[Record]) -> dict[str, Any]:
    data = {"image": f"images/{sample.id}.png", "sample": sample.id}
    if sample.digest:
        data["digest"] = sample.digest
    task: dict[str, Any] = {"data": data}
    others = [_bare(record) for record in records if not _is_annotation(record)]
    if others:
        task["meta"] = {OURS: others}
    task["annotations"] = [_annotation(one) for one in records if _is_annotation(one)]
    return task


def _is_annotation(record: Record) -> bool:
    return record.kind == "class" and record.state == "in_force"


def _bare(record: Record) -> dict[str, Any]:
    named = fields_of(record)
    return {name: value for name, value in named.items() if name not in ("sample", "digest")}


def _annotation(record: Record) -> dict[str, Any]:
    return {
        "result": [
            {
                "from_name": "label",
                "to_name": "image",
                "type": "choices",
                "value": {"choices": [record.class_name]},
                "meta": {OURS: _bare(record)},
            }
        ],
        "was_cancelled": False,
        "ground_truth": False,
        "lead_time": record.ms / 1000,
    }


def read(data: bytes) -> Iterator[Raw | Problem]:
    """What each annotation says. Predictions and drafts are passed over: nobody's word."""
    try:
        text = text_of(data)
    except Unreadable as error:
        yield error.problem
        return
    for item in list_items(text):
        if isinstance(item, Problem):
            yield item
        else:
            yield from _of_task(item)


def _of_task(item: Item) -> Iterator[Raw | Problem]:
    task = item.value
    about = task.get("data") if isinstance(task, dict) else None
    if not isinstance(about, dict):
        yield Problem(item.line, item.column, "a task is an object with data")
        return
    given = task.get("annotations", task.get("completions", []))
    meta = task.get("meta")
    others = meta.get(OURS, []) if isinstance(meta, dict) else []
    if not isinstance(given, list) or not isinstance(others, list):
        yield Problem(item.line, item.column, "annotations of a task are a list")
        return
    here = _sample(about)
    for one in others:
        if isinstance(one, dict):
            yield Raw(item.line, item.column, _ours(one) | here)
        else:
            yield Problem(item.line, item.column, "a label in meta.scanflow is no object")
    for one in given:
        if isinstance(one, dict):
            yield _raw(item, one, here)
        else:
            yield Problem(item.line, item.column, "an annotation is an object")


def _sample(about: dict[str, Any]) -> dict[str, Any]:
    """Which sample a task is about: its ``sample``, else the name of its image's file."""
    here: dict[str, Any] = {}
    if "sample" in about:
        here["sample"] = about["sample"]
    elif isinstance(about.get("image"), str):
        try:
            path = unquote(urlsplit(about["image"]).path)
        except ValueError:
            path = about["image"]
        stem = PurePosixPath(path).stem
        uploaded = _UPLOADED.fullmatch(stem)
        here["sample"] = uploaded[1] if uploaded and "/upload/" in path else stem
    if "digest" in about:
        here["digest"] = about["digest"]
    return here


def _ours(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: fields[name] for name in FIELDS if name in fields}


def _raw(item: Item, annotation: dict[str, Any], here: dict[str, Any]) -> Raw:
    fields = here | _whose(annotation)
    lead_time = annotation.get("lead_time")
    if isinstance(lead_time, int | float) and 0 <= lead_time < 1e9:
        fields["ms"] = round(lead_time * 1000)
    if annotation.get("was_cancelled") is True:
        return Raw(item.line, item.column, fields | {"kind": "skip"})
    results = annotation.get("result")
    found = [
        result
        for result in (results if isinstance(results, list) else [])
        if isinstance(result, dict) and result.get("type") == "choices"
    ]
    value = found[0].get("value") if len(found) == 1 else None
    choices = value.get("choices") if isinstance(value, dict) else None
    if not isinstance(choices, list) or len(choices) != 1 or not isinstance(choices[0], str):
        return Raw(item.line, item.column, fields, "an annotation has one choice, this one has not")
    meta = found[0].get("meta")
    kept = meta.get(OURS) if isinstance(meta, dict) else None
    if isinstance(kept, dict) and kept.get("class_name") == choices[0]:
        # What nobody changed there is still the word of whoever said it first.
        return Raw(item.line, item.column, _ours(kept) | here)
    return Raw(item.line, item.column, fields | {"kind": "class", "class_name": choices[0]})


def _whose(annotation: dict[str, Any]) -> dict[str, Any]:
    """Who annotated, and when the annotation became what it is."""
    fields: dict[str, Any] = {}
    by = annotation.get("completed_by")
    if isinstance(by, dict):
        by = by.get("email") or by.get("username") or by.get("id")
    if isinstance(by, str) and by:
        fields["author"] = by
    elif isinstance(by, int) and not isinstance(by, bool):
        fields["author"] = f"label-studio user {by}"
    at = annotation.get("updated_at") or annotation.get("created_at")
    if at is not None:
        fields["time"] = at
    return fields
