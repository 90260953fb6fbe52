"""What a run may do next, from the states of its nodes. Pure; the supervisor acts on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from scanflow_tui.contract.records import dataclass
from scanflow_tui.contract.states import BAD, NODE_ENDED, NodeState
from scanflow_tui.contract.step import Scalar
from scanflow_tui.workflow import order as ordering
from scanflow_tui.workflow.graph import Multigraph, Node, Source
from scanflow_tui.workflow.order import Order
from scanflow_tui.workflow.when import Values, verdict


@dataclass(frozen=True, slots=True)
class Ready:
    """The node may start: everything it waits for is there."""

    node: str


@dataclass(frozen=True, slots=True)
class Skip:
    """The node will not run in this run, and why."""

    node: str
    reason: str


Decision = Ready | Skip


def ready(
    graph: Multigraph,
    states: Mapping[str, NodeState],
    values: Values,
    *,
    order: Order | None = None,
    among: Iterable[str] | None = None,
) -> list[Decision]:
    """What is decided about the waiting nodes, in topological order; undecided ones are left out.

    A node is skipped as soon as a required input cannot come or its condition fails, and ready when
    all it waits for ended well. Behind a failed node nothing is decided: a retry may mend it.
    ``among`` (the children of what just changed, say) narrows the look.
    """
    walk = order or ordering.order(graph)
    wanted = walk.ids if among is None else tuple(among)
    found: list[Decision] = []
    for node_id in wanted:
        if states.get(node_id, "waiting") == "waiting":
            decision = _decide(walk, walk.nodes[node_id], states, values)
            if decision is not None:
                found.append(decision)
    return found


def _decide(
    walk: Order, node: Node, states: Mapping[str, NodeState], values: Values
) -> Decision | None:
    parents = [states.get(parent, "waiting") for parent in walk.parents[node.id]]
    waits = any(state not in NODE_ENDED or state in BAD for state in parents)
    is_short = "skipped" in parents
    if waits and not is_short and node.id not in walk.when:
        return None
    for item in node.inputs if is_short else ():
        if item.sources and all(_is_skipped(source, states) for source in item.sources):
            return Skip(node.id, without(item.sources))
    holds: bool | None = True
    if node.id in walk.when:
        holds = verdict(walk.when[node.id], values)
        if holds is False:
            return Skip(node.id, fails(walk, node, values))
    if waits:
        return None
    return Ready(node.id) if holds else Skip(node.id, undecidable(walk, node, values))


def _is_skipped(source: Source, states: Mapping[str, NodeState]) -> bool:
    return source.kind == "node" and states.get(source.node) == "skipped"


def without(sources: tuple[Source, ...]) -> str:
    """The sentence for a node whose required input will not be made."""
    if len(sources) == 1:
        return f"input {sources[0].text()} is not made: {sources[0].node} is skipped"
    return f"none of {', '.join(source.text() for source in sources)} is made"


def fails(walk: Order, node: Node, values: Values) -> str:
    """The sentence for a condition that does not hold, with the values that it saw."""
    seen = [
        f"{source}.{name} is {_shown(values[source, name])}"
        for source, name in sorted(walk.reads[node.id])
        if (source, name) in values
    ]
    return f"when: {node.when} does not hold" + (f" ({', '.join(seen)})" if seen else "")


def undecidable(walk: Order, node: Node, values: Values) -> str:
    """The sentence for a condition that reads a value which nobody gave."""
    for source, name in sorted(walk.reads[node.id]):
        if (source, name) not in values:
            return f"when: {node.when} cannot be decided: {source} gave no {name!r}"
    return f"when: {node.when} cannot be decided"


def _shown(value: Scalar) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value)


def inputs_of(
    node: Node,
    *,
    outputs: Mapping[tuple[str, str], str],
    files: Mapping[str, str],
    champion: Mapping[str, str],
    batch: str | None,
) -> tuple[dict[str, str], dict[str, str]]:
    """The hash of each input that is there, and the source it came from, by input name.

    ``outputs`` holds what was made, by (node, output); of several sources the first that was made
    is taken. An input that nobody made is absent.
    """
    inputs: dict[str, str] = {}
    sources: dict[str, str] = {}
    for item in node.inputs:
        for source in item.sources:
            if source.kind == "file":
                sha = files.get(source.name)
            elif source.kind == "champion":
                sha = champion.get(source.name)
            else:
                sha = outputs.get((source.node, source.name))
                if sha is None and source.node == source.name:
                    sha = batch
            if sha is not None:
                inputs[item.name] = sha
                sources[item.name] = source.text()
                break
    return inputs, sources
