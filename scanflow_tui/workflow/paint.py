"""A layout as rows of text, and whose each cell is, so that a screen can colour and click.

Shape alone tells kinds apart: data solid, order and champion dotted, messages dashed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

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
_STRAIGHT = {
    "message": {LEFT | RIGHT: "┄", UP | DOWN: "┆"},
    "champion": {LEFT | RIGHT: "┈", UP | DOWN: "┊"},
    "order": {LEFT | RIGHT: "┈", UP | DOWN: "┊"},
}
_ASCII = str.maketrans(
    {
        **dict.fromkeys("─", "-"),
        **dict.fromkeys("│", "|"),
        **dict.fromkeys("┌┐└┘├┤┬┴┼", "+"),
        **dict.fromkeys("┄┈", "."),
        **dict.fromkeys("┆┊", ":"),
        "▶": ">",
        "…": "~",
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
    owners = [[-1] * layout.width for _ in range(layout.height)]
    chars = _routes(layout, owners)
    for at, box in enumerate(layout.boxes.values()):
        symbol, text = labels.get(box.node, ("", ""))
        lines = _flat(box, symbol) if layout.compact else _framed(box, symbol, text)
        for row, line in enumerate(lines, box.y):
            chars[row][box.x : box.x + box.w] = line
            owners[row][box.x : box.x + box.w] = [at] * box.w
    if not layout.compact:
        _ports(layout, chars)
    rows = ["".join(row) for row in chars]
    return Painted(
        [row.translate(_ASCII) for row in rows] if ascii else rows, owners, tuple(layout.boxes)
    )


def _routes(layout: Layout, owners: list[list[int]]) -> list[list[str]]:
    """All lines: the arms of each cell first, so that meeting lines join."""
    arms = [[0] * layout.width for _ in range(layout.height)]
    styles: dict[tuple[int, int], str] = {}
    n_nodes = len(layout.boxes)
    for at, one in enumerate(layout.routes):
        cells = one.cells()
        for x, y in cells:
            owners[y][x] = n_nodes + at
            known = styles.get((x, y))
            styles[x, y] = one.style if known in (None, one.style) else "data"
        for (x0, y0), (x1, y1) in pairwise(cells):
            if x0 == x1:
                arms[y0][x0] |= DOWN if y1 > y0 else UP
                arms[y1][x1] |= UP if y1 > y0 else DOWN
            else:
                arms[y0][x0] |= RIGHT if x1 > x0 else LEFT
                arms[y1][x1] |= LEFT if x1 > x0 else RIGHT
        x, y = cells[0]
        arms[y][x] |= LEFT
    chars = [[_LINES[bits] for bits in row] for row in arms]
    for (x, y), style in styles.items():
        if style in _STRAIGHT:
            chars[y][x] = _STRAIGHT[style].get(arms[y][x], chars[y][x])
    for one in layout.routes:
        _head(one, chars)
    return chars


def _head(one: Route, chars: list[list[str]]) -> None:
    x, y = one.points[-1]
    chars[y][x] = "▶"
    if one.count > 1 and x > 0:
        chars[y][x - 1] = str(one.count) if one.count < 10 else "+"


def _framed(box: Box, symbol: str, text: str) -> list[str]:
    name = _cut(box.node, box.w - 4)
    body = _cut(f"{symbol} {text}".strip(), box.w - 2)
    lines = ["┌ " + f"{name} ".ljust(box.w - 3, "─") + "┐"]
    lines.append("│" + body.ljust(box.w - 2) + "│")
    lines += ["│" + " " * (box.w - 2) + "│"] * (box.h - 3)
    lines.append("└" + "─" * (box.w - 2) + "┘")
    return lines


def _flat(box: Box, symbol: str) -> list[str]:
    name = _cut(f"{symbol or '·'} {box.node}", box.w - 2)
    return ["[" + name.ljust(box.w - 2) + "]"]


def _ports(layout: Layout, chars: list[list[str]]) -> None:
    for one in layout.routes:
        x, y = one.points[0]
        chars[y][x - 1] = "├"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
