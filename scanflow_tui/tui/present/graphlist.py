"""The graph as a list: a row a node in the order of its run, and from where its edges come. Pure.

For terminals that are too narrow for boxes. It has the shape of a layout, so that one widget walks
along both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scanflow_tui.workflow.layout import Box, Layout
from scanflow_tui.workflow.order import order
from scanflow_tui.workflow.paint import Painted
from scanflow_tui.workflow.route import Route

if TYPE_CHECKING:
    from scanflow_tui.workflow.graph import Multigraph

WORDS_WIDTH = 12
WORDS_WIDTH_MAX = 28
"""Where a folded group speaks of all its members."""
NAMED_MAX = 4


@dataclass(frozen=True, slots=True)
class Listing:
    """``names`` is the width of the names, ``sources`` what stands behind each node."""

    picture: Layout
    names: int
    sources: Mapping[str, str]


def listing(graph: Multigraph) -> Listing:
    """A box of one row for each node, below one another; routes without a line."""
    found = order(graph)
    ids = tuple(dict.fromkeys((*found.ids, *graph.ids())))
    names = max((len(node_id) for node_id in ids), default=0)
    has_groups = any(" " in node_id for node_id in ids)
    wide = names + 4 + (WORDS_WIDTH_MAX if has_groups else WORDS_WIDTH)
    boxes = {node_id: Box(node_id, 0, y, wide, 1, y) for y, node_id in enumerate(ids)}
    pairs = dict.fromkeys((edge.source, edge.target) for edge in graph.edges)
    routes = tuple(
        Route(source, target, "data", (), 1, ())
        for source, target in pairs
        if source in boxes and target in boxes
    )
    sources = _sources(graph)
    width = wide + max((len(text) for text in sources.values()), default=0)
    return Listing(Layout(boxes, routes, width, len(boxes), True), names, sources)


def painted(of: Listing, labels: Mapping[str, tuple[str, str]], *, ascii: bool) -> Painted:
    """Rows: symbol, name, what it is doing, from where its edges come (owner: n nodes + row)."""
    rows, owners, n_nodes = [], [], len(of.picture.boxes)
    for at, box in enumerate(of.picture.boxes.values()):
        rows.append(row(of, box.node, labels.get(box.node, ("", "")), ascii=ascii))
        owners.append([at] * box.w + [n_nodes + at] * (of.picture.width - box.w))
    return Painted(rows, owners, tuple(of.picture.boxes))


def row(of: Listing, node_id: str, label: tuple[str, str], *, ascii: bool) -> str:
    """One node's row."""
    symbol, words = label
    wide = of.picture.boxes[node_id].w
    text = f" {symbol or '·'} {node_id:<{of.names}} {words}"
    text = text[: wide - 1].ljust(wide) + of.sources.get(node_id, "")
    return (text.translate(_ASCII) if ascii else text).ljust(of.picture.width)


_ASCII = str.maketrans({"←": "<", "×": "x", "…": "~", "·": "."})


def _sources(graph: Multigraph) -> dict[str, str]:
    """``← check ×2, label`` by node: parallel edges are counted, messages stand apart."""
    lines: dict[str, Counter[str]] = {node_id: Counter() for node_id in graph.ids()}
    told: dict[str, dict[str, None]] = {node_id: {} for node_id in graph.ids()}
    for edge in graph.edges:
        if edge.kind == "message":
            told.get(edge.target, {})[edge.source] = None
        elif edge.target in lines:
            lines[edge.target][edge.source] += 1
    for node in graph.nodes:
        n_champion = sum(one.kind == "champion" for item in node.inputs for one in item.sources)
        lines[node.id].update({"champion": n_champion} if n_champion else {})
    return {node_id: _said(lines[node_id], tuple(told[node_id])) for node_id in lines}


def _said(lines: Counter[str], told: tuple[str, ...]) -> str:
    parts = [name if n == 1 else f"{name} ×{n}" for name, n in lines.items()]
    parts += [f"{name} (message)" for name in told if name not in lines]
    if len(parts) > NAMED_MAX + 1:
        parts[NAMED_MAX:] = [f"… {len(parts) - NAMED_MAX} more"]
    return f"← {', '.join(parts)}" if parts else ""
