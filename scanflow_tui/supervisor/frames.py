"""Frames that are packed once and shared, and the kernel's word on a socket's peer."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import socket
import struct
from collections.abc import Iterator, Sequence

from scanflow_tui.contract import limits, wire

Row = tuple[int, str, str]
"""A committed event as it travels: sequence number, body, hash in hex."""

FRAME_BODY_BYTES = limits.FRAME_BYTES_MAX // 8
_PEER = struct.Struct("3i")
SO_PEERGROUPS = 59
"""Linux 4.13; the socket module has no name for it."""
PEER_GROUPS_BYTES = 1024
"""The most that Python asks for: 256 groups. Who has more is looked up."""


def pack_rows(rows: Sequence[Row]) -> list[bytes]:
    """``events`` frames, each far below the limit; a body is the stored text, verbatim."""
    return [
        wire.pack({"kind": "events", "events": [list(row) for row in part]})
        for part in _parts(rows)
    ]


def _parts(rows: Sequence[Row]) -> Iterator[list[Row]]:
    part: list[Row] = []
    size = 0
    for row in rows:
        if part and size + len(row[1]) > FRAME_BODY_BYTES:
            yield part
            part, size = [], 0
        part.append(row)
        size += len(row[1])
    if part:
        yield part


def pack_snapshot(request: int, seq: int, state: bytes) -> bytes:
    """A ``snapshot`` frame around a state that is JSON already; one too large says seq -1."""
    if len(state) > limits.FRAME_BYTES_MAX - limits.KIB:
        seq, state = -1, b"null"
    head = json.dumps({"kind": "snapshot", "req": request, "seq": seq})[:-1].encode()
    data = head + b',"state":' + state + b"}"
    return wire.HEADER.pack(len(data)) + data


def pack_snapshot_aside(request: int, seq: int, state: bytes) -> bytes:
    """A ``snapshot`` frame and, after it, the state as it is: never quoted, never copied twice."""
    if len(state) > limits.SNAPSHOT_BYTES_MAX:
        seq, state = -1, b"null"
    head = {"kind": "snapshot", "req": request, "seq": seq, "n_bytes": len(state)}
    return wire.pack(head) + state


def peer_groups(writer: asyncio.StreamWriter) -> frozenset[int]:
    """Every group of the user at the other end, as the kernel knew them at connect.

    Where the kernel does not say, the user's groups of record.
    """
    peer = writer.get_extra_info("socket")
    raw = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    _, uid, gid = _PEER.unpack(raw)
    try:
        packed = peer.getsockopt(socket.SOL_SOCKET, SO_PEERGROUPS, PEER_GROUPS_BYTES)
        groups = struct.unpack(f"{len(packed) // 4}I", packed)
    except OSError:
        groups = _groups_of_record(uid, gid)
    return frozenset({gid, *groups})


def _groups_of_record(uid: int, gid: int) -> tuple[int, ...]:
    try:
        return tuple(os.getgrouplist(pwd.getpwuid(uid).pw_name, gid))
    except KeyError:
        return ()


def peer_uid(writer: asyncio.StreamWriter) -> int:
    """The user at the other end, as the kernel knew it at connect."""
    raw = writer.get_extra_info("socket").getsockopt(
        socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size
    )
    return int(_PEER.unpack(raw)[1])
