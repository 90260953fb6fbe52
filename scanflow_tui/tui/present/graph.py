"""The graph for a screen: what each box says, folding of a layer, and moving along edges. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from scanflow_tui.session.unreached import state_shown
from scanflow_tui.tui.present.times import duration, elapsed
from scanflow_tui.tui.theme import face

if TYPE_CHECKING:
    from scanflow_tui.session.state import NodeView, RunView, SessionState
    from scanflow_tui.tui.known import Known
    from scanflow_tui.workflow.graph import Edge, Layer, Multigraph
    from scanflow_tui.workflow.layout import Box, Layout

ATTENTION = ("needs_you", "failed", "doubt", "lost", "timed_out", "running", "retrying", "queued")
"""States worth going to, the most urgent first."""

Direction = Literal["up", "down", "left", "right"]


Form = Literal["boxes", "lines", "list"]
FORMS: tuple[Form, ...] = ("boxes", "lines", "list")
"""How the graph is drawn, the largest first: framed boxes, unframed ones, a list."""


LAYERS: tuple[Layer, ...] = ("workflow", "supervision")


def labels(
    run: RunView | None, drawn: Multigraph, known: Known, now_us: int, *, ascii: bool
) -> dict[str, tuple[str, str]]:
    """Symbol and words of each box; a node that no run has planned waits."""
    found = {}
    for node_id in drawn.ids():
        node = None if run is None else run.nodes.get(node_id)
        state = "waiting" if run is None or node is None else state_shown(run, node)
        symbol, word, _ = face(state, ascii=ascii)
        if node is not None:
            word = _words(node, word, known, now_us, ascii=ascii)
        found[node_id] = (symbol, word if run is not None else "")
    return found


def tones(run: RunView | None) -> dict[str, str]:
    """The tone of each node's box."""
    return {} if run is None else {node.id: face(node.state)[2] for node in run.nodes.values()}


def title(
    state: SessionState | None,
    run: RunView | None,
    hides: Layer | None,
    *,
    ascii: bool,
    n_folded: int = 0,
) -> str:
    """``Graph · run 3 of 7 · batch b0012 · ? needs you``."""
    if run is None or state is None:
        return "Graph · no run yet"
    symbol, word, _ = face(run.state, ascii=ascii)
    parts = [f"Graph · run {run.number} of {max(state.runs)}", f"{symbol} {word}"]
    if run.batch:
        parts.insert(1, f"batch {run.batch}")
    if hides is not None:
        parts.append("steps folded" if hides == "workflow" else "agents folded")
    if n_folded:
        parts.append("1 group folded" if n_folded == 1 else f"{n_folded} groups folded")
    return " · ".join(parts)


def nothing(known: Known) -> str:
    """Why there is no graph to draw."""
    if known.error:
        return f"✖ {known.error}"
    if known.state is None:
        return "⠋ loading…"
    if known.state.pipelines:
        return "✖ this pipeline cannot be read by this version; logs and labels can: [o]"
    return "No run yet. scanflow run starts one from pipeline.yaml."


def _words(node: NodeView, word: str, known: Known, now_us: int, *, ascii: bool) -> str:
    """The state, or how long it takes or took; from the second attempt on also its number."""
    attempt = node.attempts[-1] if node.attempts else None
    if attempt is None:
        return word
    again = f" {'r' if ascii else '↻'}{attempt.number}" if attempt.number > 1 else ""
    if node.state == "done" and attempt.seconds is not None:
        return duration(attempt.seconds) + again
    if node.state == "running":
        since = attempt.claimed_at or attempt.intended_at
        vital = known.vital(attempt.name)
        share = progress(node, known) if vital is None else vital.progress
        text = elapsed((now_us - since) / 1e6)
        return (text if share is None else f"{text} {share:.0%}") + again
    return word + again


def progress(node: NodeView, known: Known) -> float | None:
    """How far the node's running attempt is, 0..1; from vitals, else from the last sample."""
    attempt = node.attempts[-1] if node.attempts else None
    if attempt is None:
        return None
    vital = known.vital(attempt.name)
    if vital is not None:
        return vital.progress
    return attempt.samples[-1][1] if attempt.samples else None


def folded(graph: Multigraph, layer: Layer | None) -> Multigraph:
    """The graph without the nodes of a layer; what led through them is one order edge."""
    if layer is None:
        return graph
    kept = [node for node in graph.nodes if node.layer != layer or node.kind == "input"]
    names = {node.id for node in kept}
    edges = [edge for edge in graph.edges if edge.source in names and edge.target in names]
    direct = {(edge.source, edge.target) for edge in edges}
    for node in kept:
        for target in sorted(_through(graph, node.id, names)):
            if (node.id, target) not in direct:
                edges.append(_bridge(graph, node.id, target))
    return replace(graph, nodes=tuple(kept), edges=tuple(edges))


def foldable(graph: Multigraph) -> list[Layer | None]:
    """What may be folded, in turn: nothing, and each layer that is there and leaves something."""
    found: list[Layer | None] = [None]
    for layer in LAYERS:
        kept = folded(graph, layer).nodes
        if 0 < len(kept) < len(graph.nodes) and any(node.kind != "input" for node in kept):
            found.append(layer)
    return found


def _bridge(graph: Multigraph, source: str, target: str) -> Edge:
    return replace(graph.edges[0], source=source, target=target, kind="order", label="…")


def _through(graph: Multigraph, start: str, kept: set[str]) -> set[str]:
    found: set[str] = set()
    seen: set[str] = set()
    todo = [target for target in graph.downstream(start) if target not in kept]
    while todo:
        node = todo.pop()
        if node in seen:
            continue
        seen.add(node)
        for target in graph.downstream(node):
            if target in kept:
                found.add(target)
            else:
                todo.append(target)
    return found


def neighbour(picture: Layout, node: str, direction: Direction) -> str:
    """Where a move leads: along an edge to the left or right, to the box beside up or down."""
    box = picture.boxes[node]
    if direction in ("left", "right"):
        ends = {
            route.source if direction == "left" else route.target
            for route in picture.routes
            if (route.target if direction == "left" else route.source) == node
        }
        found = [
            picture.boxes[end] for end in ends if _is_ahead(box, picture.boxes[end], direction)
        ]
        if not found:
            found = [b for b in picture.boxes.values() if _is_ahead(box, b, direction)]
            found = [b for b in found if abs(b.layer - box.layer) == 1]
    else:
        sign = 1 if direction == "down" else -1
        found = [b for b in picture.boxes.values() if (b.y - box.y) * sign > 0]
        same = [b for b in found if b.layer == box.layer]
        found = same or found
    if not found:
        return node
    return min(found, key=lambda b: (_distance(box, b, direction), b.y, b.x)).node


def _is_ahead(here: Box, there: Box, direction: Direction) -> bool:
    return there.layer > here.layer if direction == "right" else there.layer < here.layer


def _distance(here: Box, there: Box, direction: Direction) -> int:
    across, along = abs(here.y - there.y), abs(here.x - there.x)
    return along + 2 * across if direction in ("left", "right") else across + along // 2


def active(run: RunView | None) -> list[str]:
    """Nodes that need a person, failed, or run: the most urgent first."""
    if run is None:
        return []
    found = [node for node in run.nodes.values() if node.state in ATTENTION]
    return [node.id for node in sorted(found, key=lambda node: ATTENTION.index(node.state))]


def matches(nodes: tuple[str, ...], needle: str) -> list[str]:
    """Node ids that hold the letters."""
    return [node for node in nodes if needle.lower() in node]
