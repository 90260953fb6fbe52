"""Bytes behind a reference of a client: erasable content, a file of an artifact, an attempt's log.

A reference names things by digest or by the attempt's name, never by a path of this machine.
"""

from __future__ import annotations

import asyncio
import base64
from dataclasses import asdict, replace
from typing import Any

import msgspec

from scanflow_tui.contract import limits, logsearch, wire
from scanflow_tui.contract.errors import InputError, Missing
from scanflow_tui.contract.logsearch import Search
from scanflow_tui.session import artifacts
from scanflow_tui.session.log_ends import filled, piece
from scanflow_tui.session.logfold import fold_for
from scanflow_tui.session.state import AttemptView
from scanflow_tui.supervisor.log import Log
from scanflow_tui.supervisor.machine.turn import Machine, find
from scanflow_tui.supervisor.workplace import Workplace


async def find_in(read: logsearch.Read, raw: Any, offset: int, length: int) -> wire.Frame:
    """The fields of a ``found`` frame. Raises InputError on a search that is none."""
    try:
        search = msgspec.convert(raw, Search)
    except msgspec.ValidationError as error:
        raise InputError(f"a search is not understood: {error}") from None
    if len(search.needle) > limits.NEEDLE_CHARS_MAX:
        raise InputError(f"a search is for at most {limits.NEEDLE_CHARS_MAX} characters")
    search = replace(search, hits_max=max(1, min(search.hits_max, limits.FIND_HITS_MAX)))
    fold = fold_for(length)
    found = await asyncio.to_thread(logsearch.find, read, search, offset, length, fold)
    return {"offsets": found.offsets, "reached": found.reached, "size": found.size}


async def count_in(read: logsearch.Read, offset: int, length: int) -> wire.Frame:
    """The fields of a ``counted`` frame."""
    counted = await asyncio.to_thread(logsearch.count, read, offset, length)
    return asdict(counted)


async def log_reader(
    machine: Machine, log: Log, place: Workplace, ref: dict[str, Any]
) -> logsearch.Read:
    """What reads an attempt's log by offset, in any thread. Raises InputError, Missing."""
    name = str(ref.get("id", ""))
    found = None if ref.get("kind") != "log" else find(machine, name)
    if found is None:
        raise InputError(f"there is no log of an attempt {name!r} in this session")
    run, node, attempt = found
    folder, record = place.attempt_folder(run.number, node.id, attempt.number), attempt.log

    def read(offset: int, length: int) -> tuple[bytes, int]:
        chunk = place.engine.log(name, str(folder), offset, length)
        return chunk.data, chunk.size

    if folder.is_dir() and (record is None or (await asyncio.to_thread(read, 0, 0))[1]):
        return read
    if record is None:
        raise Missing("the log of this attempt is gone", where=attempt.name)
    kept = record
    head = await log.content(kept.head_content) or b""
    tail = await log.content(kept.tail_content) or b""
    return lambda offset, length: filled(kept, head, tail, offset, length)


async def read_ref(
    machine: Machine, log: Log, place: Workplace, ref: dict[str, Any], offset: int, length: int
) -> wire.Frame:
    """The fields of a ``data`` frame. Raises InputError, Missing."""
    kind, name, path = (str(ref.get(key, "")) for key in ("kind", "id", "path"))
    if "\0" in name or "\0" in path:
        raise InputError("a ref holds no zero byte")
    if kind == "content":
        return await _content(machine, log, name, offset, length)
    if kind == "artifact":
        return await asyncio.to_thread(_artifact, place, name, path, offset, length)
    if kind == "log":
        found = find(machine, name)
        if found is None:
            raise InputError(f"there is no attempt {name!r} in this session")
        run, node, attempt = found
        folder = place.attempt_folder(run.number, node.id, attempt.number)
        if folder.is_dir():
            chunk = await asyncio.to_thread(place.engine.log, name, str(folder), offset, length)
            if chunk.size or attempt.log is None or attempt.log.n_bytes == 0:
                return _data(chunk.data, chunk.size)
        return await _log_ends(log, attempt, offset, length)
    raise InputError(f"a ref is a content, an artifact or a log, not {kind!r}")


async def _content(machine: Machine, log: Log, digest: str, offset: int, length: int) -> wire.Frame:
    data = await log.content(digest)
    if data is None:
        if digest in machine.state.erased:
            raise Missing("this text was erased", where=digest[:12])
        raise Missing("there is no such content in the session", where=digest[:12])
    return _data(data[offset : offset + length], len(data))


async def _log_ends(log: Log, attempt: AttemptView, offset: int, length: int) -> wire.Frame:
    """The ends that the session keeps, where the log itself is gone; between them is a gap."""
    record = attempt.log
    if record is None:
        raise Missing("the log of this attempt is gone", where=attempt.name)
    head = await log.content(record.head_content) or b""
    tail = await log.content(record.tail_content) or b""
    data, note = piece(record, head, tail, offset, length)
    return _data(data, record.n_bytes, note)


def _artifact(place: Workplace, sha: str, path: str, offset: int, length: int) -> wire.Frame:
    data, size = artifacts.read(place.objects, sha, path, offset, length)
    return _data(data, size)


def _data(data: bytes, size: int, note: str = "") -> wire.Frame:
    return {"data": base64.b64encode(data).decode("ascii"), "size": size, "note": note}
