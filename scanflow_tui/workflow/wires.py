"""Which lines a picture of a graph has: parallel edges as lanes, beyond three one with a count.

An order edge beside a data edge says nothing new and shares its line.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from scanflow_tui.workflow.graph import Multigraph

LANES_MAX = 3

Style = Literal["data", "order", "message", "champion"]


class Wire(NamedTuple):
    """One line from node to node (indices). ``slot`` is its port at both boxes, counted from 0.

    ``ranks`` tells whether the target has to stand right of the source, ``n_edges`` for how many
    edges the line stands. A tuple: pictures make hundreds, and a frozen dataclass costs thrice.
    """

    source: int
    target: int
    style: Style
    labels: tuple[str, ...]
    n_edges: int
    slot: int
    ranks: bool


def wires_of(graph: Multigraph, ids: Sequence[str], *, compact: bool, messages: bool) -> list[Wire]:
    """The lines of a graph. Compact boxes have one port: parallel edges become one line there."""
    index = {node_id: at for at, node_id in enumerate(ids)}
    bundles: dict[tuple[int, int], dict[Style, list[str]]] = {}

    def add(source: str, target: str, style: Style, label: str) -> None:
        pair = (index.get(source, -1), index.get(target, -1))
        if -1 in pair or source == target:
            return
        styles = bundles.get(pair)
        if styles is None:
            bundles[pair] = {style: [label]}
        elif style in styles:
            styles[style].append(label)
        else:
            styles[style] = [label]

    for edge in graph.edges:
        if edge.kind != "message" or messages:
            add(edge.source, edge.target, edge.kind, edge.label)
    for node in graph.nodes:
        for item in node.inputs:
            for source in item.sources:
                if source.kind == "champion":
                    add(graph.champion.node, node.id, "champion", source.name)
    found: list[Wire] = []
    for (source_at, target_at), styles in bundles.items():
        if len(styles) == 1:
            ((style, only),) = styles.items()
            if len(only) == 1:
                ranks = style != "message"
                found.append(Wire(source_at, target_at, style, (only[0],), 1, 0, ranks))
                continue
        found += _lanes(source_at, target_at, styles, compact=compact)
    return found


def _lanes(
    source: int, target: int, styles: dict[Style, list[str]], *, compact: bool
) -> list[Wire]:
    """The lines of a pair of nodes with several edges."""
    data, order = styles.get("data", []), styles.get("order", [])
    groups: list[tuple[Style, list[list[str]]]] = []
    if data:
        together = compact or len(data) > LANES_MAX
        lanes = [data] if together else [[label] for label in data]
        groups.append(("data", lanes))
        lanes[0] = lanes[0] + order
    elif order:
        groups.append(("order", [order]))
    others: tuple[Style, ...] = ("champion", "message")
    groups += [(style, [styles[style]]) for style in others if styles.get(style)]
    found = []
    slot = 0
    for style, lanes in groups:
        for labels in lanes:
            count = len(data) if style == "data" and len(lanes) == 1 else 1
            port = 0 if compact else min(slot, LANES_MAX - 1)
            ranks = style != "message"
            found.append(Wire(source, target, style, tuple(labels), count, port, ranks))
            slot += 1
    return found
