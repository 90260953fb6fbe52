"""Foreach groups folded to one box each: which members it has, what it says of them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rich.text import Text

from scanflow_tui.contract.states import BAD, GOOD
from scanflow_tui.tui.present.times import duration, elapsed
from scanflow_tui.tui.theme import TONES, face

if TYPE_CHECKING:
    from scanflow_tui.session.state import NodeView, RunView
    from scanflow_tui.workflow.graph import Edge, Multigraph, Node

OPEN_MEMBERS_MAX = 6
"""A larger group is folded at first."""

_URGENT = ("failed", "doubt", "lost", "timed_out", "running", "retrying", "queued")
_TOLD = (*_URGENT, "cancelled", "skipped")
_PARTS_MAX = 2


def groups_of(graph: Multigraph) -> dict[str, tuple[str, ...]]:
    """Each ``foreach`` node's members, in the document's order."""
    found: dict[str, list[str]] = {}
    for node in graph.nodes:
        if node.group:
            found.setdefault(node.group, []).append(node.id)
    return {group: tuple(members) for group, members in found.items()}


def box_name(group: str, members: Sequence[str]) -> str:
    """What a folded group is called: no node's id holds a space, so it can be none."""
    return f"{group} ×{len(members)}"


def folded(graph: Multigraph, groups: Collection[str]) -> tuple[Multigraph, dict[str, str]]:
    """The graph with one node for each of these groups; and the box of every member folded.

    Edges of members become the edges as they were written: one for each, however many members.
    """
    boxes = {
        member: box_name(group, members)
        for group, members in groups_of(graph).items()
        if group in groups
        for member in members
    }
    if not boxes:
        return graph, {}
    nodes: dict[str, Node] = {}
    written: dict[tuple[str, str], str] = {}
    for node in graph.nodes:
        box = boxes.get(node.id, node.id)
        nodes.setdefault(box, replace(node, id=box))
        for name, made in node.lists.items():
            written.update({(node.id, one): name for one in made})
    edges: dict[Edge, None] = {}
    for edge in graph.edges:
        source, target = boxes.get(edge.source, edge.source), boxes.get(edge.target, edge.target)
        label = written.get((edge.target, edge.label), edge.label)
        if source != target or edge.source == edge.target:
            edges[replace(edge, source=source, target=target, label=label)] = None
    champion = replace(graph.champion, node=boxes.get(graph.champion.node, graph.champion.node))
    small = replace(graph, nodes=tuple(nodes.values()), edges=tuple(edges), champion=champion)
    return small, boxes


@dataclass(frozen=True, slots=True)
class Summary:
    """What a folded group says: ``words`` in a framed box, ``brief`` in one without a frame."""

    symbol: str
    words: str
    brief: str
    tone: str


def summary(run: RunView | None, members: Sequence[str], *, ascii: bool) -> Summary:
    """``✖ 12 of 40 done, 1 failed``: the most urgent state of all leads."""
    states = Counter(_state(run, member) for member in members)
    n_good, n_all = sum(states[state] for state in GOOD), len(members)
    n_bad = sum(states[state] for state in BAD if state != "cancelled")
    symbol, word, tone = face(_leading(states), ascii=ascii)
    if len(states) == 1:
        words = f"all {n_all} {word}"
    else:
        told = [state for state in _TOLD if states[state]][: _PARTS_MAX - 1]
        parts = [f"{states[state]} {face(state)[1]}" for state in told]
        words = ", ".join([f"{n_good} of {n_all} done", *parts])
    brief = f"{n_good}/{n_all}{face('done', ascii=ascii)[0]}"
    if n_bad:
        brief += f" {n_bad}{face('failed', ascii=ascii)[0]}"
    return Summary(symbol, words, brief, tone)


def least_widths(boxes: Mapping[str, Sequence[str]], *, compact: bool) -> dict[str, int]:
    """The cells that each folded group's box needs, so that no change of state moves the graph."""
    found = {}
    for box, members in boxes.items():
        n = len(str(len(members)))
        # "12/40✔ 1✖" below the name, or in a frame and behind a symbol "12 of 40 done, 1 failed".
        brief, words = 3 * n + len(" /✔ ✖"), 4 + 3 * n + len(" of  done,  timed out")
        found[box] = max(len(box) + 4, brief if compact else words)
    return found


def urgent_member(run: RunView | None, members: Sequence[str]) -> str:
    """The member to look at first: what failed, what runs, else the last that began."""
    for state in _URGENT:
        for member in members:
            if _state(run, member) == state:
                return member
    began = [member for member in members if _view(run, member) and _state(run, member) in GOOD]
    return began[-1] if began else members[0]


def rows(
    run: RunView | None, graph: Multigraph, members: Sequence[str], now_us: int, *, ascii: bool
) -> list[Text]:
    """How many are in which state, then a row a member, those that need somebody first."""
    states = Counter(_state(run, member) for member in members)
    symbol, _, tone = face(_leading(states), ascii=ascii)
    counts = ", ".join(f"{n} {face(state)[1]}" for state, n in states.most_common())
    head = Text(f" {symbol} {counts}", TONES[tone], no_wrap=True, end="")
    keys = Text("   [enter] unfolds  [o] log of the first below", TONES["key"], end="")
    order = {state: at for at, state in enumerate(_URGENT)}
    listed = sorted(members, key=lambda one: order.get(_state(run, one), len(order)))
    nodes = {node.id: node for node in graph.nodes}
    wide = max(len(member) for member in members)
    return [head, keys, *(_row(run, nodes[one], now_us, wide, ascii=ascii) for one in listed)]


def _row(run: RunView | None, node: Node, now_us: int, wide: int, *, ascii: bool) -> Text:
    symbol, word, tone = face(_state(run, node.id), ascii=ascii)
    view = _view(run, node.id)
    took = "" if view is None else _took(view, now_us)
    row = Text(f"   {symbol} {node.id:<{wide}} ", TONES[tone], no_wrap=True, end="")
    row.append(f"{word} {took}".ljust(16), TONES["plain"])
    params = ", ".join(f"{name} {value}" for name, value in node.params.items())
    row.append(params, TONES["dim"])
    attempt = view.attempts[-1] if view is not None and view.attempts else None
    if attempt is not None and view is not None and view.state in BAD:
        what = attempt.error.what if attempt.error is not None else attempt.outcome
        row.append(f"  {what}", TONES["bad"])
    return row


def _took(view: NodeView, now_us: int) -> str:
    attempt = view.attempts[-1] if view.attempts else None
    if attempt is None:
        return ""
    if attempt.seconds is not None:
        return duration(attempt.seconds)
    if view.state != "running":
        return ""
    return elapsed((now_us - (attempt.claimed_at or attempt.intended_at)) / 1e6)


def _leading(states: Counter[str]) -> str:
    for state in (*_URGENT, "waiting", "cancelled", "done", "cached"):
        if states[state]:
            return state
    return next(iter(states), "waiting")


def _view(run: RunView | None, member: str) -> NodeView | None:
    return None if run is None else run.nodes.get(member)


def _state(run: RunView | None, member: str) -> str:
    view = _view(run, member)
    return "waiting" if view is None else view.state
