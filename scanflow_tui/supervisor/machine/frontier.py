"""Which waiting nodes of a run are worth a look, so that a turn costs the same in any graph. Pure.

What is decided about a node hangs on its parents' states and on the values that its condition
reads, which are parents' too; so it is looked at again when one of them ended. A run that is not
known here, as after a restart, is looked at whole.
"""

from __future__ import annotations

from collections.abc import Callable

from scanflow_tui.contract.states import NodeState
from scanflow_tui.contract.step import Scalar
from scanflow_tui.session import events as ev
from scanflow_tui.session.state import RunView
from scanflow_tui.workflow.plan import Decision, Order, Ready, ready

Frontiers = dict[int, set[str]]

ENDS = (ev.NodeSkipped, ev.NodeCached, ev.NodeEnded, ev.AttemptEnded)
"""Facts after which the node's children may be decided."""
TURNS = (ev.RunPlanned, ev.RetryAsked, ev.RunResumed)
"""Facts after which every node of the run is looked at."""


def heard(frontiers: Frontiers, fact: ev.Kind, walk: Callable[[int], Order | None]) -> None:
    """Take note of an event that was just folded. ``walk`` gives a run's order, if it is known."""
    if isinstance(fact, TURNS):
        frontiers.pop(fact.run, None)
    elif isinstance(fact, ENDS) and fact.run in frontiers:
        order = walk(fact.run)
        if order is None:
            del frontiers[fact.run]
        else:
            frontiers[fact.run].update(order.children.get(fact.node, ()))


def decide(frontiers: Frontiers, run: RunView, walk: Order) -> list[Decision]:
    """What is decided about the waiting nodes of a run, in topological order.

    A node that is ready stays in the frontier: it may have to wait for room.
    """
    known = frontiers.get(run.number)
    among = (
        walk.ids
        if known is None
        else tuple(sorted(known & walk.rank.keys(), key=walk.rank.__getitem__))
    )
    states, values = _seen(run, walk, among)
    decisions = ready(walk.graph, states, values, order=walk, among=among)
    frontiers[run.number] = {item.node for item in decisions if isinstance(item, Ready)}
    return decisions


def is_open(run: RunView, walk: Order) -> bool:
    """Whether something is to be decided about a waiting node, whatever is known here."""
    states, values = _seen(run, walk, walk.ids)
    return bool(ready(walk.graph, states, values, order=walk))


def _seen(
    run: RunView, walk: Order, among: tuple[str, ...]
) -> tuple[dict[str, NodeState], dict[tuple[str, str], Scalar]]:
    """The states and values that decisions about these nodes look at."""
    nodes = set(among)
    readers: set[str] = set()
    for node_id in among:
        nodes.update(walk.parents[node_id])
        readers.update(source for source, _ in walk.reads.get(node_id, ()))
    states = {node_id: run.nodes[node_id].state for node_id in nodes if node_id in run.nodes}
    values = {
        (node_id, name): value
        for node_id in readers
        if node_id in run.nodes
        for name, value in run.nodes[node_id].values.items()
    }
    return states, values
