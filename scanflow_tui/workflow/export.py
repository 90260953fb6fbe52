"""A graph as text, Mermaid, dot and JSON, with the states of a run where there are some."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from scanflow_tui.contract.states import FACES
from scanflow_tui.workflow.graph import Multigraph, Node
from scanflow_tui.workflow.layout import layout
from scanflow_tui.workflow.paint import paint
from scanflow_tui.workflow.wires import Wire, wires_of

States = Mapping[str, str]


def text(
    graph: Multigraph,
    states: States | None = None,
    *,
    compact: bool = False,
    messages: bool = True,
    ascii: bool = False,
) -> str:
    """The picture in box-drawing characters (or ASCII), rows joined by newlines."""
    picture = layout(graph, compact=compact, messages=messages)
    labels = {node.id: _label(node, states or {}, ascii=ascii) for node in graph.nodes}
    rows = paint(picture, labels, ascii=ascii).rows
    return "\n".join(row.rstrip() for row in rows)


def mermaid(graph: Multigraph, states: States | None = None) -> str:
    """A Mermaid flowchart; humans are rhombs, inputs stadiums, agents have round corners."""
    forms = {"input": '(["{}"])', "step": '["{}"]', "agent": '("{}")', "human": '{"{}"}'}
    lines = ["flowchart LR"]
    for node in graph.nodes:
        # Some ids are words of Mermaid's own ("end"), so every id gets a prefix.
        name = "<br>".join(_lines(node, states or {}))
        lines.append(f"  n_{node.id}" + forms[node.kind].replace("{}", name, 1))
    arrows = {"data": "-->", "order": "-.->", "champion": "-.->", "message": "-.->"}
    for source, target, wire in _wires(graph):
        label = ", ".join(wire.labels)
        label = f"message: {label}" if wire.style == "message" else label
        label = f"champion: {label}" if wire.style == "champion" else label
        lines.append(f'  n_{source} {arrows[wire.style]}|"{label}"| n_{target}')
    return "\n".join(lines)


def dot(graph: Multigraph, states: States | None = None) -> str:
    """A Graphviz digraph."""
    shapes = {"input": "cds", "step": "box", "agent": "ellipse", "human": "diamond"}
    looks = {"data": "solid", "order": "dotted", "champion": "dotted", "message": "dashed"}
    lines = [f'digraph "{graph.name}" {{', "  rankdir=LR;"]
    for node in graph.nodes:
        name = "\\n".join(_lines(node, states or {}))
        lines.append(f'  "{node.id}" [shape={shapes[node.kind]}, label="{name}"];')
    for source, target, wire in _wires(graph):
        extra = ", constraint=false" if wire.style == "message" else ""
        label = ", ".join(wire.labels)
        line = f'"{source}" -> "{target}" [style={looks[wire.style]}, label="{label}"{extra}]'
        lines.append(f"  {line};")
    return "\n".join([*lines, "}"])


def to_json(graph: Multigraph, states: States | None = None) -> dict[str, Any]:
    """The graph as plain JSON values."""
    nodes = []
    for node in graph.nodes:
        item: dict[str, Any] = {
            "id": node.id,
            "kind": node.kind,
            "layer": node.layer,
            "role": node.role,
            "form": node.form,
            "run": list(node.run),
            "in": {one.name: [source.text() for source in one.sources] for one in node.inputs},
            "out": list(node.outputs),
            "with": node.params,
            "limits": asdict(node.limits),
            "when": node.when,
            "after": list(node.after),
            "values": {
                name: list(kind) if isinstance(kind, tuple) else kind
                for name, kind in node.values.items()
            },
            "promotes": list(node.promotes),
            "group": node.group,
            "line": node.place.line,
            "column": node.place.column,
        }
        if states is not None:
            item["state"] = states.get(node.id)
        nodes.append(item)
    champion = {key: value for key, value in asdict(graph.champion).items() if value}
    return {
        "name": graph.name,
        "classes": list(graph.classes),
        "champion": champion,
        "nodes": nodes,
        "edges": [asdict(edge) for edge in graph.edges],
    }


def _wires(graph: Multigraph) -> list[tuple[str, str, Wire]]:
    ids = list(dict.fromkeys(graph.ids()))
    found = wires_of(graph, ids, compact=False, messages=True)
    return [(ids[wire.source], ids[wire.target], wire) for wire in found]


def _label(node: Node, states: States, *, ascii: bool) -> tuple[str, str]:
    face = FACES.get(states.get(node.id, ""))
    if face is None:
        return ("", _word(node))
    return (face.ascii if ascii else face.symbol, face.word)


def _lines(node: Node, states: States) -> list[str]:
    face = FACES.get(states.get(node.id, ""))
    return [node.id, _word(node)] + ([f"{face.symbol} {face.word}"] if face else [])


def _word(node: Node) -> str:
    """What kind of node it is, in a word."""
    return str(node.role or node.form or node.kind)
