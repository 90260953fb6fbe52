"""A layout as rows of text, and whose each cell is, so that a screen can colour and click.

Shape alone tells kinds apart: data solid, order and champion dotted, messages dashed.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from itertools import pairwise
from typing import Literal

from scanflow_tui.contract.records import dataclass
from scanflow_tui.workflow.layout import Box, Layout
from scanflow_tui.workflow.route import Route

UP, DOWN, LEFT, RIGHT = 1, 2, 4, 8

_LINES = {
    0: " ",
    UP: "│",
    DOWN: "│",
    UP | DOWN: "│",
    LEFT: "─",
    RIGHT: "─",
    LEFT | RIGHT: "─",
    DOWN | RIGHT: "┌",
    DOWN | LEFT: "┐",
    UP | RIGHT: "└",
    UP | LEFT: "┘",
    UP | DOWN | RIGHT: "├",
    UP | DOWN | LEFT: "┤",
    DOWN | LEFT | RIGHT: "┬",
    UP | LEFT | RIGHT: "┴",
    UP | DOWN | LEFT | RIGHT: "┼",
}
# A cell of a line is one byte: its arms, and its look, so that a stretch of cells is one C call.
_SOLID, _DASHED, _DOTTED = 16, 32, 48
_LOOKS = {"data": _SOLID, "message": _DASHED, "champion": _DOTTED, "order": _DOTTED}
_STRAIGHT = {
    _DASHED | LEFT | RIGHT: "┄",
    _DASHED | UP | DOWN: "┆",
    _DOTTED | LEFT | RIGHT: "┈",
    _DOTTED | UP | DOWN: "┊",
}
_GLYPHS = "".join(_STRAIGHT.get(cell, _LINES[cell & 15]) for cell in range(64)) + " " * 192
_ASCII = str.maketrans(
    {
        **dict.fromkeys("─", "-"),
        **dict.fromkeys("│", "|"),
        **dict.fromkeys("┌┐└┘├┤┬┴┼", "+"),
        **dict.fromkeys("┄┈", "."),
        **dict.fromkeys("┆┊", ":"),
        "▶": ">",
        "…": "~",
        "×": "x",
    }
)

Owner = tuple[Literal["node"], str] | tuple[Literal["edge"], int]


@dataclass(frozen=True, slots=True)
class Painted:
    """Rows of equal width, and the owner of each cell: a node's index, or n nodes + a route's.

    -1 is nobody's. ``layout.boxes`` and ``layout.routes`` are in the order of the indices.
    """

    rows: list[str]
    owners: list[list[int]]
    nodes: tuple[str, ...]

    def owner(self, x: int, y: int) -> Owner | None:
        """Whose the cell is: a node's id, or the index of a route."""
        if not (0 <= y < len(self.owners) and 0 <= x < len(self.owners[y])):
            return None
        at = self.owners[y][x]
        if at < 0:
            return None
        n_nodes = len(self.nodes)
        return ("node", self.nodes[at]) if at < n_nodes else ("edge", at - n_nodes)


def paint(layout: Layout, labels: Mapping[str, tuple[str, str]], *, ascii: bool = False) -> Painted:
    """The picture, with a symbol and a text in each box (none where ``labels`` has none)."""
    chars, owners = _routes(layout)
    for at, box in enumerate(layout.boxes.values()):
        symbol, text = labels.get(box.node, ("", ""))
        lines = _flat(box, symbol, text) if layout.compact else _framed(box, symbol, text)
        for row, line in enumerate(lines, box.y):
            chars[row][box.x : box.x + box.w] = line
            owners[row][box.x : box.x + box.w] = [at] * box.w
    if not layout.compact:
        _ports(layout, chars)
    rows = ["".join(row) for row in chars]
    return Painted(
        [row.translate(_ASCII) for row in rows] if ascii else rows, owners, tuple(layout.boxes)
    )


def _routes(layout: Layout) -> tuple[list[list[str]], list[list[int]]]:
    """All lines, and whose each cell is: arms are gathered first, so that meeting lines join."""
    width, height = layout.width, layout.height
    cells = bytearray(width * height)
    owners = [-1] * (width * height)
    n_nodes = len(layout.boxes)
    for at, one in enumerate(layout.routes, n_nodes):
        _draw(one, at, cells, owners, width)
    glyphs = codecs.charmap_decode(cells, "strict", _GLYPHS)[0]
    starts = range(0, width * height, width) if width else ()
    chars = [list(glyphs[start : start + width]) for start in starts]
    for one in layout.routes:
        _head(one, chars)
    return chars, [owners[start : start + width] for start in starts]


def _draw(one: Route, owner: int, cells: bytearray, owners: list[int], width: int) -> None:
    """One line into the flat picture, a straight stretch at a time."""
    adds = _ADDS[_LOOKS[one.style]]
    x, y = one.points[0]
    first = y * width + x
    cells[first] = adds[LEFT][cells[first]]
    owners[first] = owner
    for (x0, y0), (x1, y1) in pairwise(one.points):
        if y0 == y1:
            step, before, after = 1, LEFT, RIGHT
            low, high = (x0, x1) if x0 < x1 else (x1, x0)
            low, high = y0 * width + low, y0 * width + high
        else:
            step, before, after = width, UP, DOWN
            low, high = (y0, y1) if y0 < y1 else (y1, y0)
            low, high = low * width + x0, high * width + x0
        cells[low] = adds[after][cells[low]]
        cells[high] = adds[before][cells[high]]
        inner = slice(low + step, high, step)
        cells[inner] = cells[inner].translate(adds[before | after])
        owners[low : high + 1 : step] = [owner] * ((high - low) // step + 1)


def _adding(look: int, arms: int) -> bytes:
    """What each cell becomes when a line of this look adds arms to it; two looks are solid."""
    after = []
    for cell in range(256):
        known = cell & 48
        after.append((cell & 15) | arms | (look if known in (0, look) else _SOLID))
    return bytes(after)


_ADDS = {
    look: {arms: _adding(look, arms) for arms in (LEFT, RIGHT, UP, DOWN, LEFT | RIGHT, UP | DOWN)}
    for look in (_SOLID, _DASHED, _DOTTED)
}


def _head(one: Route, chars: list[list[str]]) -> None:
    x, y = one.points[-1]
    chars[y][x] = "▶"
    if one.n_edges > 1 and x > 0:
        chars[y][x - 1] = str(one.n_edges) if one.n_edges < 10 else "+"


def _framed(box: Box, symbol: str, text: str) -> list[str]:
    name = _cut(box.node, box.w - 4)
    body = _cut(f"{symbol} {text}".strip(), box.w - 2)
    lines = ["┌ " + f"{name} ".ljust(box.w - 3, "─") + "┐"]
    lines.append("│" + body.ljust(box.w - 2) + "│")
    lines += ["│" + " " * (box.w - 2) + "│"] * (box.h - 3)
    lines.append("└" + "─" * (box.w - 2) + "┘")
    return lines


def _flat(box: Box, symbol: str, text: str) -> list[str]:
    name = _cut(f"{symbol or '·'} {box.node}", box.w - 2)
    lines = ["[" + name.ljust(box.w - 2) + "]"]
    if box.h > 1:
        lines.append(_cut(text, box.w).ljust(box.w))
    return lines


def _ports(layout: Layout, chars: list[list[str]]) -> None:
    for one in layout.routes:
        x, y = one.points[0]
        chars[y][x - 1] = "├"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
