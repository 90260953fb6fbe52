"""Who waits for whom, computed once a graph: what plans, runs and pictures walk along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from scanflow_tui.contract.records import dataclass
from scanflow_tui.workflow.graph import Multigraph, Node
from scanflow_tui.workflow.when import Expr, WhenError, names, parse


@dataclass(frozen=True, slots=True)
class Order:
    """A graph's nodes by id, its waiting relation both ways, and its conditions, parsed.

    ``ids`` is a topological order that keeps the document's where it may, ``rank`` a node's place
    in it; what stands in a cycle is in ``cyclic`` and missing from both.
    """

    graph: Multigraph
    nodes: Mapping[str, Node]
    parents: Mapping[str, tuple[str, ...]]
    children: Mapping[str, tuple[str, ...]]
    ids: tuple[str, ...]
    cyclic: tuple[str, ...]
    when: Mapping[str, Expr]
    reads: Mapping[str, frozenset[tuple[str, str]]]
    rank: Mapping[str, int]


def order(graph: Multigraph) -> Order:
    """The order of a graph, in time linear in nodes and edges."""
    nodes = {node.id: node for node in graph.nodes}
    parents: dict[str, dict[str, None]] = {node_id: {} for node_id in nodes}
    children: dict[str, dict[str, None]] = {node_id: {} for node_id in nodes}
    for edge in graph.edges:
        if edge.kind != "message" and edge.source in nodes and edge.target in nodes:
            parents[edge.target][edge.source] = None
            children[edge.source][edge.target] = None
    conditions = {}
    for node in graph.nodes:
        if node.when:
            try:
                conditions[node.id] = parse(node.when)
            except WhenError:
                continue  # the linter's to say
    ids = _sorted(nodes, parents, children)
    sorted_ids = set(ids)
    return Order(
        graph=graph,
        nodes=nodes,
        parents={node_id: tuple(found) for node_id, found in parents.items()},
        children={node_id: tuple(found) for node_id, found in children.items()},
        ids=ids,
        cyclic=tuple(node_id for node_id in nodes if node_id not in sorted_ids),
        when=conditions,
        reads={node_id: names(expr) for node_id, expr in conditions.items()},
        rank={node_id: place for place, node_id in enumerate(ids)},
    )


def _sorted(
    nodes: Iterable[str],
    parents: Mapping[str, Mapping[str, None]],
    children: Mapping[str, Mapping[str, None]],
) -> tuple[str, ...]:
    waiting = {node_id: len(parents[node_id]) for node_id in nodes}
    found = [node_id for node_id in waiting if waiting[node_id] == 0]
    for node_id in found:
        for child in children[node_id]:
            waiting[child] -= 1
            if waiting[child] == 0:
                found.append(child)
    return tuple(found)


def cycle(walk: Order) -> tuple[str, ...]:
    """One cycle of the graph, in its own direction; empty where there is none.

    Every node left over has a parent left over, so walking up the parents must come round.
    """
    if not walk.cyclic:
        return ()
    left = set(walk.cyclic)
    path = [walk.cyclic[0]]
    seen = {path[0]: 0}
    while True:
        parent = next(one for one in walk.parents[path[-1]] if one in left)
        if parent in seen:
            return tuple(reversed(path[seen[parent] :]))
        seen[parent] = len(path)
        path.append(parent)


def reach(starts: Iterable[str], along: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Every node that can be reached from these, themselves included."""
    found = set(starts)
    ahead = list(found)
    while ahead:
        for node_id in along[ahead.pop()]:
            if node_id not in found:
                found.add(node_id)
                ahead.append(node_id)
    return found
