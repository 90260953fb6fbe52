"""A row of a log as text: when, which stream, the words, what was searched for in them. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from scanflow_tui.tui.present.logwindow import LogWindow, Row
from scanflow_tui.tui.present.times import clock

ROWS_MAX = 1000


def tail_rows(data: bytes, *, is_cut: bool) -> list[Row]:
    """The rows of a log's last bytes; what was cut off at their beginning is left out."""
    if is_cut:
        data = data.partition(b"\n")[2]
    window = LogWindow()
    window.take(0, 0, data, len(data))
    return [row for row in window.rows(0, ROWS_MAX) if row is not None]


def line_parts(
    row: Row,
    start_us: int,
    *,
    since_start: bool,
    needle: str = "",
    left: int = 0,
    width: int = 1 << 20,
    mark: str = " ",
) -> list[tuple[str, str]]:
    """``00:12.301 out text`` as words with their tones: the stream is a word, matches stand out.

    Of a line that was written over ``n`` times the last state is shown, behind ``\\r×n``.
    Of the text, ``width`` characters from ``left`` on: lines may be long. What no newline ended
    says so. ``mark`` stands before the row that was gone to.
    """
    words = row.words(needle)
    parts = [
        (f"{mark}{stamp(row.at_us, start_us, since_start=since_start)} ", "dim"),
        ("ERR ", "bad") if row.is_err else ("out ", "dim"),
    ]
    if words != row.text and row.n_over:
        parts.append((f"\\r×{row.n_over} ", "dim"))
    at, stop = left, left + width
    for found in matches(words, needle, left - len(needle), stop):
        parts.append((words[at : max(found, at)], "plain"))
        parts.append((words[max(found, at) : min(found + len(needle), stop)], "match"))
        at = found + len(needle)
    parts.append((words[at:stop], "plain"))
    if not row.is_whole and len(words) < stop:
        parts.append((" …", "dim"))
    return [(text, tone) for text, tone in parts if text]


def matches(text: str, needle: str, start: int = 0, stop: int = 1 << 30) -> list[int]:
    """Where a needle stands, by the rule of the search: small letters match any case."""
    if not needle:
        return []
    text = text[: stop + len(needle)] if stop < len(text) else text
    text = text.lower() if needle == needle.lower() else text
    found, at = [], text.find(needle, max(start, 0))
    while at >= 0:
        found.append(at)
        at = text.find(needle, at + len(needle))
    return found


def left_for(text: str, needle: str, left: int, room: int) -> int:
    """Where to scroll sideways, so that the first match is seen in ``room`` characters."""
    at = next(iter(matches(text, needle)), 0)
    if left <= at <= left + room - len(needle):
        return left
    return 0 if at + len(needle) <= room else at - room // 3


def thumb(rows: Sequence[Row], size: int, height: int, *, at_end: bool) -> range:
    """Which rows of a scroll bar stand for what is in view; none where all of it is."""
    if not rows or rows[-1].end - rows[0].offset >= size:
        return range(0)
    length = max((rows[-1].end - rows[0].offset) * height // size, 1)
    start = min(rows[0].offset * height // size, height - length)
    start = height - length if at_end else start
    return range(start, start + length)


def stamp(at_us: int, start_us: int, *, since_start: bool) -> str:
    """``00:12.301`` since the start, or ``14:02:31.301`` of the day."""
    if not since_start:
        return f"{clock(at_us, seconds=True)}.{at_us // 1000 % 1000:03}"
    passed = max(at_us - start_us, 0) // 1000
    minutes, rest = divmod(passed, 60_000)
    return f"{minutes:02}:{rest // 1000:02}.{rest % 1000:03}"


def plain_line(row: Row) -> str:
    """A line for the clipboard."""
    return f"{clock(row.at_us, seconds=True)} {'ERR' if row.is_err else 'out'} {row.words()}"
