"""The ends of a log that a session keeps, served in the place of a log file that is gone. Pure."""

from __future__ import annotations

from scanflow_tui.session.events import LogRecord


def piece(
    record: LogRecord, head: bytes, tail: bytes, offset: int, length: int
) -> tuple[bytes, str]:
    """Bytes of the log from ``offset`` on, and a note on what is missing.

    Between the ends there is a gap: there the answer is empty, and the note says where the tail
    begins.
    """
    tail_at = record.n_bytes - len(tail)
    note = (
        f"the log file is gone; the session keeps its first {len(head)} and last {len(tail)} of "
        f"{record.n_bytes} bytes (SHA-256 {record.sha[:12]})"
    )
    if len(head) + len(tail) >= record.n_bytes:
        whole = head[:tail_at] + tail
        return whole[offset : offset + length], "the log file is gone; the session keeps all of it"
    if offset < len(head):
        return head[offset : offset + length], note
    if offset >= tail_at:
        start = offset - tail_at
        return tail[start : start + length], note
    return b"", f"{note}; the tail begins at byte {tail_at}"


def filled(
    record: LogRecord, head: bytes, tail: bytes, offset: int, length: int
) -> tuple[bytes, int]:
    """A range of the log with zeros where the session kept nothing, and the whole length.

    For whoever passes over the log in pieces: a piece that begins in the gap reaches the tail.
    """
    tail_at = record.n_bytes - len(tail)
    stop = min(offset + length, record.n_bytes)
    gap = min(stop, tail_at) - max(offset, min(len(head), tail_at))
    data = head[:tail_at][offset:stop] + bytes(max(gap, 0))
    return data + tail[max(offset - tail_at, 0) : max(stop - tail_at, 0)], record.n_bytes
