"""A row that is wider than its pane, as several: what begins in a column goes on in it. Pure."""

from __future__ import annotations

import re

from rich.cells import cell_len
from rich.text import Text

LINES_MAX = 12
"""Longer than this nobody reads on: the rest is cut."""

_COLUMN = re.compile(r" *\S+(?: \S+)*  +(?=\S)")
_COLUMN_MAX = 20


def folded_row(row: Text, width: int) -> list[Text]:
    """The row in lines of ``width`` cells, broken at blanks where it has any.

    Later lines begin where the row's second column does, else where the row does. A row whose
    ``overflow`` is ``ellipsis`` wants to be cut, and is left as it is.
    """
    if row.cell_len <= width or width < 4 or row.overflow == "ellipsis":
        return [row]
    plain = row.plain
    indent = min(_indent(plain), width // 2)
    lines: list[Text] = []
    start = 0
    while start < len(plain) and len(lines) < LINES_MAX:
        blank = indent if lines else 0
        stop = _stop(plain, start, width - blank)
        line = Text(" " * blank, no_wrap=True, end="")
        lines.append(line.append_text(row[start:stop]))
        start = stop
        while start < len(plain) and plain[start] == " ":
            start += 1
    return lines


def _indent(plain: str) -> int:
    column = _COLUMN.match(plain)
    if column is not None and column.end() <= _COLUMN_MAX:
        return column.end()
    return len(plain) - len(plain.lstrip(" "))


def _stop(plain: str, start: int, room: int) -> int:
    """Where a line of so many cells ends: before a blank, else in a word."""
    stop, cells = start, 0
    while stop < len(plain):
        cells += cell_len(plain[stop])
        if cells > room:
            break
        stop += 1
    else:
        return stop
    begin = start + len(plain[start:stop]) - len(plain[start:stop].lstrip(" "))
    blank = plain.rfind(" ", begin, stop + 1)
    return blank if blank > begin else max(stop, start + 1)
