"""The typed files among an attempt's outputs, read and checked: finding, queue, options, table.

Reads folders that a step wrote, so it trusts nothing: sizes are bounded before reading, numbers are
finite, sample ids are plain names, pictures are never decoded, no link is followed.
"""

from __future__ import annotations

import json
import math
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from scanflow_tui.contract import limits
from scanflow_tui.contract.errors import InputError
from scanflow_tui.contract.evidence import (
    QUEUE_EXAMPLES,
    QUEUE_FILE,
    QUEUE_IMAGES,
    QUEUE_NEAR,
    Finding,
    Options,
    QueueEntry,
    Table,
)
from scanflow_tui.contract.step import Scalar
from scanflow_tui.supervisor.machine.stimuli import Evidence

EVIDENCE_BYTES_MAX = 4 * limits.MIB
SAMPLE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
EXAMPLE = re.compile(r"[0-9]{1,5}-[0-9]{1,2}\.png")
WHOLE_MAX = 2**53
PNG = b"\x89PNG\r\n\x1a\n"

Typed = TypeVar("Typed")


def read_evidence(paths: dict[str, Path]) -> Evidence:
    """The evidence among outputs (name → path); a name that is not typed is left alone.

    Raises InputError with a sentence that names the output and what is wrong with it.
    """
    finding = _read(paths, "finding", Finding)
    queue: tuple[QueueEntry, ...] = ()
    images: dict[str, bytes] = {}
    if finding is not None and "queue" in paths:
        queue = _queue(paths["queue"])
        images = _images(paths["queue"], queue)
    return Evidence(
        finding=finding,
        queue=queue,
        images=images,
        options=_read(paths, "options", Options),
        table=_read(paths, "table", Table),
    )


def read_values(path: Path) -> dict[str, Scalar]:
    """The flat scalars of ``values.json``; empty where there is none. Raises InputError."""
    try:
        data = read_bounded(path, limits.VALUES_BYTES_MAX)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise InputError(f"values.json cannot be read: {error.strerror}") from None
    raw = _json(data, "values.json")
    if not isinstance(raw, dict):
        raise InputError("values.json is not a JSON object")
    for name, value in raw.items():
        if not isinstance(value, str | int | float | bool | None):
            raise InputError(f"values.json: {name!r} is not a scalar")
        if isinstance(value, int) and abs(value) > WHOLE_MAX:
            raise InputError(f"values.json: {name!r} is over 2^53")
    return raw


def read_bounded(path: Path | str, bytes_max: int) -> bytes:
    """The bytes of a regular file, not through a link. Raises InputError (too large), OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise InputError(f"{Path(path).name} is not a regular file")
        data = piece = os.read(handle, min(about.st_size, bytes_max) + 1)
        while piece and len(data) <= bytes_max:
            piece = os.read(handle, bytes_max + 1 - len(data))
            data += piece
    finally:
        os.close(handle)
    if len(data) > bytes_max:
        raise InputError(f"{Path(path).name} has more than {bytes_max} bytes")
    return data


def _read(paths: dict[str, Path], name: str, kind: type[Typed]) -> Typed | None:
    if name not in paths:
        return None
    try:
        data = read_bounded(paths[name], EVIDENCE_BYTES_MAX)
    except OSError as error:
        raise InputError(f"output {name!r} cannot be read: {error.strerror}") from None
    return _convert(_json(data, f"output {name!r}"), kind, f"output {name!r}")


def _convert(raw: Any, kind: type[Typed], what: str) -> Typed:
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        raise InputError(f"{what} is no {kind.__name__}: {error}") from None


def _queue(folder: Path) -> tuple[QueueEntry, ...]:
    what = "output 'queue'"
    try:
        data = read_bounded(folder / QUEUE_FILE, limits.QUEUE_BYTES_MAX)
    except OSError as error:
        raise InputError(f"{what}: {QUEUE_FILE} cannot be read: {error.strerror}") from None
    decode = msgspec.json.Decoder(QueueEntry).decode
    entries: list[QueueEntry] = []
    for number, line in enumerate(data.splitlines(), 1):
        if line.strip():
            entries.append(_entry(line, decode, f"{what}: {QUEUE_FILE}:{number}"))
    if len(entries) > limits.QUEUE_ENTRIES_MAX:
        raise InputError(f"{what} has {len(entries)} entries, over {limits.QUEUE_ENTRIES_MAX}")
    ids = [entry.id for entry in entries]
    if len(set(ids)) != len(ids):
        raise InputError(f"{what} names a sample twice")
    for sample in ids:
        if not SAMPLE_ID.fullmatch(sample):
            raise InputError(f"{what}: {sample!r} is no sample id")
    return tuple(entries)


def _entry(line: bytes, decode: Callable[[bytes], QueueEntry], place: str) -> QueueEntry:
    """A line of a queue: decoded at once where it is right, else read for the sentence why not."""
    if len(line) > limits.QUEUE_LINE_BYTES_MAX:
        raise InputError(f"{place} has more than {limits.QUEUE_LINE_BYTES_MAX} bytes")
    try:
        return decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _convert(_json(line, place), QueueEntry, place)


def _images(folder: Path, queue: tuple[QueueEntry, ...]) -> dict[str, bytes]:
    """The thumbnails at source size by sample; near and example images by their path in the queue.

    One that is absent is left out, one too large or that is no PNG is refused, and so are all
    together where they are more than a session keeps of a queue.
    """
    images: dict[str, bytes] = {}
    n_bytes = 0
    wanted = {entry.id: f"{QUEUE_IMAGES}/{entry.id}.png" for entry in queue}
    for number, _ in (near for entry in queue for near in entry.near[: limits.NEAR_MAX]):
        wanted[f"{QUEUE_NEAR}/{number}"] = f"{QUEUE_NEAR}/{number}.png"
    for name in _examples(folder / QUEUE_EXAMPLES):
        wanted[f"{QUEUE_EXAMPLES}/{name}"] = f"{QUEUE_EXAMPLES}/{name}.png"
    base = str(folder)
    for key, path in wanted.items():
        data = _picture(f"{base}/{path}")
        if data is None:
            continue
        images[key] = data
        n_bytes += len(data)
        if n_bytes > limits.QUEUE_IMAGES_BYTES_MAX:
            most = limits.QUEUE_IMAGES_BYTES_MAX // limits.MIB
            raise InputError(f"output 'queue': its images hold more than {most} MiB")
    return images


def _examples(folder: Path) -> list[str]:
    """The examples of the classes, ``<class>-<number>``, as many as a session keeps."""
    if not folder.is_dir() or folder.is_symlink():
        return []
    found = sorted(path.stem for path in folder.iterdir() if EXAMPLE.fullmatch(path.name))
    return found[: limits.EXAMPLES_MAX]


def _picture(path: str) -> bytes | None:
    name = path.rpartition("/")[2]
    try:
        data = read_bounded(path, limits.THUMBNAIL_BYTES_MAX)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"output 'queue': {name}: {error.strerror}") from None
    if not data.startswith(PNG):
        raise InputError(f"output 'queue': {name} is no PNG")
    return data


def _json(data: bytes, what: str) -> Any:
    """JSON whose numbers are finite and whose texts are UTF-8. Raises InputError."""
    try:
        raw = json.loads(data.decode("utf-8"))
        json.dumps(raw, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise InputError(f"{what} is not JSON") from None
    _refuse_not_finite(raw, what)
    return raw


def _refuse_not_finite(raw: Any, what: str) -> None:
    waiting = [raw]
    while waiting:
        value = waiting.pop()
        if isinstance(value, float) and not math.isfinite(value):
            raise InputError(f"{what} holds {value}, which is not a number")
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
