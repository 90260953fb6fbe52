"""The formats by name, and which one a file is in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from scanflow_tui.contract.errors import UsageError
from scanflow_tui.labels.interchange import coco, csv_rows, json_rows, label_studio
from scanflow_tui.labels.interchange.record import Problem, Raw, Record, SampleCard

NAMES: Final = ("csv", "jsonl", "label-studio", "coco")
_SUFFIXES: Final = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}


def known(name: str) -> str:
    """The name, if it is a format's. Raises UsageError."""
    if name not in NAMES:
        raise UsageError(f"there is no format {name!r}", hint=f"One of: {', '.join(NAMES)}.")
    return name


def of_name(suffix: str) -> str | None:
    """The format that the end of a file's name says, if it says one."""
    return _SUFFIXES.get(suffix.lower())


def of_file(suffix: str, data: bytes) -> str:
    """The format of a file by its name's end; a ``.json`` by how it begins. Raises UsageError."""
    found = of_name(suffix)
    if found is None and suffix.lower() == ".json":
        begin = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
        found = {b"[": "label-studio", b"{": "coco"}.get(begin)
    if found is None:
        raise UsageError("the file's name does not say its format", hint="Say it with --format.")
    return found


def write(
    name: str, records: Sequence[Record], samples: Sequence[SampleCard], classes: Sequence[str]
) -> Iterator[str]:
    """Records as text, in pieces; COCO and Label Studio name samples without a label too."""
    if name == "csv":
        return csv_rows.write(records)
    if name == "jsonl":
        return json_rows.write(records)
    if name == "coco":
        return coco.write(records, samples, classes)
    return label_studio.write(records, samples)


def read(name: str, data: bytes) -> Iterator[Raw | Problem]:
    """What a file says, record by record, each with its place."""
    readers = {
        "csv": csv_rows.read,
        "jsonl": json_rows.read,
        "coco": coco.read,
        "label-studio": label_studio.read,
    }
    return readers[name](data)


def unread(name: str, data: bytes) -> tuple[str, ...]:
    """What of a file nothing reads, to be said: the columns of a CSV that are none of ours."""
    return csv_rows.unread(data) if name == "csv" else ()
