"""``foreach``: one written node becomes one node for each value of a list. Pure.

Expanded while a document is read, so that nothing after it knows of templates: members are nodes
like all others, and remember only whose they are (``Node.group``).
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from scanflow_tui.contract import limits
from scanflow_tui.workflow import vocabulary as words
from scanflow_tui.workflow.document import Entry, plain
from scanflow_tui.workflow.fields import Fields
from scanflow_tui.workflow.findings import EnoughFound
from scanflow_tui.workflow.graph import Input, Node, Place, Source

Combination = dict[str, Any]
Each = tuple[Combination, ...] | str
"""The parameters of each member; or the id of another foreach node, whose list it shares."""

SEED_MAX = 2**63 - 1
INPUTS_MAX = 100_000
RUN_CHARS_MAX = 100_000


def read_each(entry: Entry, params: Mapping[str, Any], fields: Fields) -> Each | None:
    """The list behind ``foreach``, every combination where several are named; None with an
    error.
    """
    item = entry.item
    if isinstance(item.value, str):
        return fields.name(item, "'foreach'", words.NAME, "a foreach node, or NAME: [VALUES]")
    entries = fields.mapping(item, "'foreach'")
    if entries is None:
        return None
    if not entries:
        fields.findings.error(item.place, "'foreach' is empty")
        return None
    lists: dict[str, list[Any]] = {}
    for name, one in entries.items():
        if not words.NAME.fullmatch(name):
            fields.findings.error(one.place, f"'foreach' has {name[:60]!r}, which is no name")
        elif name in params:
            said = f"the parameter {name!r} stands in 'with' and in 'foreach'"
            fields.findings.error(one.place, said)
        elif not isinstance(one.item.value, tuple) or not one.item.value:
            fields.findings.error(one.item.place, f"'foreach' {name!r} is a list of values")
        else:
            lists[name] = [plain(value) for value in one.item.value]
    n_members = 1
    for values in lists.values():
        n_members *= len(values)
    if len(lists) < len(entries):
        return None
    if n_members > limits.FOREACH_MAX:
        said = f"'foreach' makes {n_members} nodes; at most {limits.FOREACH_MAX}"
        fields.findings.error(item.place, said)
        return None
    return tuple(
        dict(zip(lists, values, strict=True)) for values in itertools.product(*lists.values())
    )


class Expansion:
    """The members of every foreach node of one document."""

    def __init__(self, nodes: tuple[Node, ...], each: Mapping[str, Each], fields: Fields) -> None:
        self.fields = fields
        self.places = {node.id: node.place for node in nodes}
        self.roots: dict[str, str] = {}
        self.lists: dict[str, tuple[Combination, ...]] = {}
        for node_id in each:
            self._resolve(node_id, each)
        self.n_inputs = 0
        n_nodes = len(nodes) - len(self.lists) + sum(map(len, self.lists.values()))
        if n_nodes > limits.NODES_MAX:
            said = f"{n_nodes} nodes with those of 'foreach'; at most {limits.NODES_MAX} are read"
            fields.findings.error(self.places[next(iter(each))], said)
            self.lists = {}
        self.members = {
            node_id: tuple(f"{node_id}_{at}" for at in range(1, len(values) + 1))
            for node_id, values in self.lists.items()
        }
        self._check_ids({node.id for node in nodes} - set(each))

    def _resolve(self, node_id: str, each: Mapping[str, Each]) -> None:
        """Find the list of a foreach node, which may be that of another."""
        seen = [node_id]
        found = each[node_id]
        while isinstance(found, str):
            if found in seen or found not in each:
                why = "is no foreach node" if found not in each else "comes back to itself"
                said = f"'foreach' of {node_id!r}: {found!r} {why}"
                self.fields.findings.error(self.places[node_id], said)
                return
            seen.append(found)
            found = each[found]
        self.roots[node_id], self.lists[node_id] = seen[-1], found

    def _check_ids(self, taken: set[str]) -> None:
        for node_id, members in self.members.items():
            for member in members:
                if member in taken or not words.NAME.fullmatch(member):
                    why = "stands there already" if member in taken else "is too long"
                    said = f"'foreach' makes a node {member!r}, and that id {why}"
                    self.fields.findings.error(self.places[node_id], said)
                    break
            taken |= set(members)

    def nodes(self, written: tuple[Node, ...], places: dict[str, Place]) -> tuple[Node, ...]:
        """Every node that the document means, members in the place of what was written."""
        found: list[Node] = []
        parts: dict[str, list[str]] = {}
        for key in places:
            parts.setdefault(key.partition(".")[0], []).append(key)
        for node in written:
            if node.id not in self.members:
                found.append(self._wired(node, node.id, None, places))
                continue
            for at, member in enumerate(self.members[node.id]):
                for key in parts.get(node.id, ()):
                    places[member + key.removeprefix(node.id)] = places[key]
                wired = self._wired(node, member, at, places)
                made = _member(wired, member, self.lists[node.id][at])
                if made is None:
                    said = f"'foreach' fills {RUN_CHARS_MAX} characters or more into 'run'"
                    self.fields.findings.error(node.place, said)
                    break
                found.append(made)
        return tuple(found)

    def _wired(self, node: Node, new_id: str, at: int | None, places: dict[str, Place]) -> Node:
        """The node with inputs from members in the place of what was written."""
        inputs: list[Input] = []
        lists: dict[str, tuple[str, ...]] = {}
        for item in node.inputs:
            place = places.get(f"{node.id}.in.{item.name}", node.place)
            made = self._input(node, item, at, place)
            inputs += made
            if len(made) != 1 or made[0].name != item.name:
                lists[item.name] = tuple(one.name for one in made)
                for one in made:
                    places[f"{new_id}.in.{one.name}"] = place
        names = [one.name for one in inputs]
        for name in {name for name in names if names.count(name) > 1}:
            self.fields.findings.error(node.place, f"node {node.id!r} has two inputs {name!r}")
        after = tuple(member for before in node.after for member in self._targets(node, before, at))
        return replace(node, inputs=tuple(inputs), after=after, lists=lists)

    def _input(self, node: Node, item: Input, at: int | None, place: Place) -> list[Input]:
        groups = [one for one in item.sources if one.kind == "node" and one.node in self.members]
        if not groups:
            return [item]
        mine = [one for one in groups if self._is_mine(node, one.node, at)]
        if len(mine) == len(groups):
            sources = tuple(self._same(one, at) if one in mine else one for one in item.sources)
            return [replace(item, sources=sources)]
        source = groups[0]
        self.n_inputs += len(self.members[source.node])
        if self.n_inputs > INPUTS_MAX:
            self.fields.findings.error(place, f"'foreach' makes more than {INPUTS_MAX} inputs")
            raise EnoughFound
        if node.kind == "human":
            said = f"a person is shown one {source.name!r}; {source.node!r} is a foreach node"
            self.fields.findings.error(place, said)
        elif item.is_list:
            said = f"{source.node!r} is a foreach node: take all of it by {source.text()}, alone, "
            said += f"or name {self.members[source.node][0]!r}"
            self.fields.findings.error(place, said)
        return [
            Input(f"{item.name}_{number}", (replace(source, node=member),))
            for number, member in enumerate(self.members[source.node], 1)
        ]

    def _is_mine(self, node: Node, other: str, at: int | None) -> bool:
        """Whether a member takes only the member of the same value: the two share one list."""
        return at is not None and self.roots[node.id] == self.roots[other]

    def _same(self, source: Source, at: int | None) -> Source:
        return replace(source, node=self.members[source.node][at or 0])

    def _targets(self, node: Node, other: str, at: int | None) -> tuple[str, ...]:
        if other not in self.members:
            return (other,)
        if at is not None and self._is_mine(node, other, at):
            return (self.members[other][at],)
        return self.members[other]


def _member(node: Node, member: str, values: Combination) -> Node | None:
    """One member: its parameters, its command with ``{name}`` filled in, its seed.

    None where the command grows beyond what a system starts, or memory holds.
    """
    run = _filled(node.run, values)
    if run is None:
        return None
    seed = values.get("seed")
    is_seed = isinstance(seed, int) and not isinstance(seed, bool) and 0 <= seed <= SEED_MAX
    return replace(
        node,
        id=member,
        group=node.id,
        run=run,
        params=node.params | values,
        seed=seed if isinstance(seed, int) and is_seed else node.seed,
    )


def _filled(argv: tuple[str, ...], values: Combination) -> tuple[str, ...] | None:
    for name, value in values.items():
        hole = f"{{{name}}}"
        n_holes = sum(word.count(hole) for word in argv)
        if n_holes:
            text = value if isinstance(value, str) else json.dumps(value)
            if n_holes * len(text) >= RUN_CHARS_MAX:
                return None
            argv = tuple(word.replace(hole, text) for word in argv)
    return argv
