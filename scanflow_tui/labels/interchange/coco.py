"""COCO-style classification: ``images``, ``categories``, ``annotations``, one JSON object.

An annotation is a class in force, so that a reader of COCO never counts anything else. Unsure,
skipped, invalid and rejected samples, notes and history stand in ``scanflow_labels`` beside them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any, Final

from scanflow_tui.labels.interchange.placed_json import Item, Unreadable, member_items, text_of
from scanflow_tui.labels.interchange.record import (
    FIELDS,
    Problem,
    Raw,
    Record,
    SampleCard,
    fields_of,
)

OTHERS: Final = "scanflow_labels"
_OURS: Final = ("class", "class_name", "sample", "digest")


def write(
    records: Sequence[Record], samples: Sequence[SampleCard], classes: Sequence[str]
) -> Iterator[str]:
    """The document in pieces; an image's number is its place among the samples, from 1."""
    numbers = {sample.id: at for at, sample in enumerate(samples, start=1)}
    yield '{"info": {"description": "labels, exported by ScanFlow"},\n"images": ['
    yield from _joined(
        {"id": numbers[sample.id], "file_name": f"images/{sample.id}.png"}
        | ({"digest": sample.digest} if sample.digest else {})
        for sample in samples
    )
    yield '],\n"categories": ['
    yield from _joined({"id": at, "name": name} for at, name in enumerate(classes))
    yield '],\n"annotations": ['
    yield from _joined(
        {"id": at} | _annotation(record, numbers)
        for at, record in enumerate((one for one in records if _is_annotation(one)), start=1)
    )
    yield f'],\n"{OTHERS}": ['
    yield from _joined(_annotation(one, numbers) for one in records if not _is_annotation(one))
    yield "]}\n"


def _is_annotation(record: Record) -> bool:
    return record.kind == "class" and record.state == "in_force"


def _annotation(record: Record, numbers: dict[str, int]) -> dict[str, Any]:
    named = fields_of(record)
    kept = {name: value for name, value in named.items() if name not in _OURS}
    where = {"image_id": numbers[record.sample]}
    if record.value is not None:
        where["category_id"] = record.value
    return where | kept


def _joined(items: Iterable[dict[str, Any]]) -> Iterator[str]:
    before = "\n"
    for item in items:
        yield before + json.dumps(item, ensure_ascii=False)
        before = ",\n"


def read(data: bytes) -> Iterator[Raw | Problem]:
    """What each annotation says; images and categories may stand anywhere in the file."""
    try:
        text = text_of(data)
    except Unreadable as error:
        yield error.problem
        return
    images: dict[int, dict[str, str]] = {}
    categories: dict[int, str] = {}
    for item in member_items(text, ("images", "categories")):
        problem = item if isinstance(item, Problem) else _named(item, images, categories)
        if problem is not None:
            yield problem
            if problem is item:
                return
    n_found = 0
    for item in member_items(text, ("annotations", OTHERS)):
        n_found += 1
        yield item if isinstance(item, Problem) else _raw(item, images, categories)
    if not n_found and not images:
        yield Problem(1, 1, "there are neither images nor annotations in this object")


def _named(
    item: Item, images: dict[int, dict[str, str]], categories: dict[int, str]
) -> Problem | None:
    """Take in an image or a category; what is wrong with it."""
    one = "image" if item.member == "images" else "category"
    value = item.value
    number = value.get("id") if isinstance(value, dict) else None
    if not isinstance(number, int) or isinstance(number, bool):
        return Problem(item.line, item.column, f"this {one} has no whole number as its id")
    if number in (images if one == "image" else categories):
        return Problem(item.line, item.column, f"{one} {number} stands here twice")
    name = value.get("sample", value.get("file_name")) if one == "image" else value.get("name")
    if not isinstance(name, str):
        wanted = "file_name" if one == "image" else "name"
        return Problem(item.line, item.column, f"{one} {number} has no {wanted}")
    if one == "category":
        categories[number] = name
        return None
    image = {"sample": name if "sample" in value else PurePosixPath(name).stem}
    if "digest" in value:
        image["digest"] = value["digest"]
    images[number] = image
    return None


def _raw(
    item: Item, images: dict[int, dict[str, str]], categories: dict[int, str]
) -> Raw | Problem:
    value = item.value
    if not isinstance(value, dict):
        return Problem(item.line, item.column, "an annotation is an object")
    number, category = value.get("image_id"), value.get("category_id")
    image = images.get(number) if type(number) is int else None
    if image is None:
        return Problem(item.line, item.column, f"there is no image {number!r}")
    fields = {name: value[name] for name in FIELDS if name in value and name not in _OURS} | image
    if item.member == OTHERS and "kind" not in fields:
        return Raw(item.line, item.column, fields, "the kind is missing")
    if category is not None:
        name = categories.get(category) if type(category) is int else None
        if name is None:
            return Raw(item.line, item.column, fields, f"there is no category {category!r}")
        fields["class_name"] = name
    return Raw(item.line, item.column, fields)
