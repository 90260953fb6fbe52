"""Frames of the supervisor's socket: 4 bytes of length (big-endian), then a JSON object.

Every request of a client carries ``req``, a number it chose; the answer carries the same number.
Frames that the server pushes carry none.

    client                             server
    hello     {version, client,        welcome  {version, session, name, seq, uid, pid, engine}
               program}
    command   {id, command}            reply    {id, ok, seq, value | error}
    snapshot  {}                       snapshot {seq, state} (seq -1: too large, fold from event 0)
    snapshot  {aside: true}            snapshot {seq, n_bytes}, then as many bytes: the state's JSON
    subscribe {after}                  (pushed) events {events: [[seq, body, hash], ...]}
    vitals    {}                       (pushed) vitals {values}
    read      {ref, offset, length}    data     {data (base64), size, note}
    find      {ref, search, offset,    found    {offsets, reached, size}
               length}
    count     {ref, offset, length}    counted  {n_lines, is_open, reached, size}
    verify    {head}                   verified {...}
                                       error    {what, where, hint, code}
                                       (pushed) stuck   {text}: commits wait; empty: they go on
                                       (pushed) dropped {after}: too slow, subscribe again
                                       (pushed) leaving {reason}

``id`` of a command is the client's counter; with the client's UUID it makes the command id.
``body`` is the stored event's text, verbatim. A reply is sent after the commit that holds the
command's events.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

from scanflow_tui.contract import limits
from scanflow_tui.contract.errors import BY_CODE, InputError, ScanflowError

if TYPE_CHECKING:
    from asyncio import StreamReader

PROTOCOL = 1
HEADER = struct.Struct(">I")

Frame = dict[str, Any]


def pack(frame: Frame) -> bytes:
    """A frame as bytes. Raises InputError where it is over the limit."""
    data = json.dumps(frame, separators=(",", ":"), allow_nan=False).encode("ascii")
    if len(data) > limits.FRAME_BYTES_MAX:
        raise InputError(f"a frame of {len(data)} bytes is over {limits.FRAME_BYTES_MAX}")
    return HEADER.pack(len(data)) + data


def unpack(data: bytes | bytearray) -> Frame:
    """The frame in these bytes (without header). Raises InputError on anything else."""
    try:
        frame = json.loads(data)
    except ValueError:
        raise InputError("a frame is not JSON") from None
    if not isinstance(frame, dict) or not isinstance(frame.get("kind"), str):
        raise InputError("a frame is a JSON object with a kind")
    return frame


def length(header: bytes | bytearray) -> int:
    """The length that a header announces. Raises InputError over the limit."""
    (size,) = HEADER.unpack(header)
    if size > limits.FRAME_BYTES_MAX:
        raise InputError(f"a frame of {size} bytes is over {limits.FRAME_BYTES_MAX}")
    return int(size)


async def receive(reader: StreamReader) -> Frame:
    """The next frame of a stream. Raises IncompleteReadError at its end, InputError on nonsense."""
    header = await reader.readexactly(HEADER.size)
    return unpack(await reader.readexactly(length(header)))


async def receive_aside(reader: StreamReader, n_bytes: int) -> bytearray:
    """The bytes that follow a frame which announced them. ConnectionResetError, InputError."""
    if not isinstance(n_bytes, int) or not 0 <= n_bytes <= limits.SNAPSHOT_BYTES_MAX:
        raise InputError(f"{n_bytes!r} bytes beside a frame are over {limits.SNAPSHOT_BYTES_MAX}")
    data = bytearray()
    while len(data) < n_bytes:
        piece = await reader.read(min(n_bytes - len(data), limits.MIB))
        if not piece:
            raise ConnectionResetError(f"{n_bytes - len(data)} bytes beside a frame did not come")
        data += piece
    return data


def error_json(error: ScanflowError) -> dict[str, Any]:
    """An error as it travels."""
    return {
        "what": error.what,
        "where": error.where,
        "hint": error.hint,
        "code": error.exit_code,
    }


def error_from(raw: dict[str, Any]) -> ScanflowError:
    """The error that travelled."""
    kind = BY_CODE.get(int(raw.get("code", 1)), ScanflowError)
    return kind(
        str(raw.get("what", "")), where=str(raw.get("where", "")), hint=str(raw.get("hint", ""))
    )
