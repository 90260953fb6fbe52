"""Nodes that stand for many (``foreach``) by docs/pipeline.md: part of ``mutants_check``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from benchmarks.mutants_check_nodes import ID, Known
from benchmarks.mutants_check_yaml import Leaf, Tree, plain, raw

NODES_MAX = 5000


class Expansion:
    """Puts the members of each foreach node in its place; ``groups`` are their ids by node."""

    def __init__(self, nodes: dict[str, Known]) -> None:
        self.nodes = nodes
        self.groups: dict[str, list[str]] = {}

    def problems(self) -> Iterator[str]:
        """What is wrong; afterwards ``nodes`` has the members in the place of their node."""
        each = {name: known for name, known in self.nodes.items() if known.each is not None}
        roots = {}
        for name in each:
            seen = [name]
            while isinstance(each[seen[-1]].each, Leaf):
                other = raw(each[seen[-1]].each) or ""
                if other not in each or other in seen:
                    yield f"foreach of {name}"
                    break
                seen.append(other)
            else:
                roots[name] = seen[-1]
        combined = {}
        for root in set(roots.values()):
            problem, combined[root] = _combinations(each[root])
            if problem:
                yield f"foreach of {root}: {problem}"
                return
        for name, root in roots.items():
            n_members = len(combined[root])
            self.groups[name] = [f"{name}_{at}" for at in range(1, n_members + 1)]
        yield from self._members(each, roots, combined)

    def _members(
        self, each: dict[str, Known], roots: dict[str, str], combined: dict[str, list[Any]]
    ) -> Iterator[str]:
        found: dict[str, Known] = {}
        for name, known in self.nodes.items():
            for at, member in enumerate(self.groups.get(name, [name])):
                if member in found or not ID.match(member):
                    yield f"the id {member}"
                one = found[member] = replace(known)
                problem, one.sources = self._sources(known, at, roots, roots.get(name, ""))
                if problem:
                    yield f"{member} {problem}"
                one.after = [
                    target
                    for other in known.after
                    for target in self._targets(other, at, roots, roots.get(name, ""))
                ]
                if known.run and name in roots:
                    values = combined[roots[name]][at]
                    one.run, size = _filled(known.run, values)
                    if size >= 100_000 or any("\0" in word for word in one.run) or not one.run[0]:
                        yield f"run of {member}"
        self.nodes = found
        if len(found) > NODES_MAX:
            yield "too many nodes"

    def _targets(self, other: str, at: int, roots: dict[str, str], root: str) -> list[str]:
        members = self.groups.get(other, [other])
        return [members[at]] if root and roots.get(other) == root else members

    def _sources(
        self, known: Known, at: int, roots: dict[str, str], root: str
    ) -> tuple[str, dict[str, list[str]]]:
        problem = ""
        found: dict[str, list[str]] = {}
        for name, sources in known.sources.items():
            parts = [one.partition(".") for one in sources]
            grouped = [one for one in parts if one[0] in self.groups]
            if all(root and roots[one[0]] == root for one in grouped):
                own = [
                    "".join((self.groups[a][at] if a in self.groups else a, *rest))
                    for a, *rest in parts
                ]
                wanted = {name: own}
            else:
                if name in known.lists or known.kind == "human":
                    problem = f"takes a foreach node in {name}"
                node, dot, output = grouped[0]
                wanted = {
                    f"{name}_{number}": [f"{member}{dot}{output or node}"]
                    for number, member in enumerate(self.groups[node], 1)
                }
            if found.keys() & wanted.keys():
                problem = f"has an input twice: {name}"
            found |= wanted
        return problem, found


def _combinations(known: Known) -> tuple[str, list[dict[str, Any]]]:
    """(a problem, each member's values)."""
    told = known.each
    if not isinstance(told, dict) or not told:
        return "no lists", []
    n_members = 1
    for name, values in told.items():
        if not ID.match(name) or name in known.params:
            return f"the name {name}", []
        if not isinstance(values, list) or not values:
            return f"the list {name}", []
        n_members *= len(values)
    if n_members > 1000:
        return "too many", []
    found: list[dict[str, Any]] = [{}]
    for name, values in told.items():
        found = [one | {name: value} for one in found for value in values]
    return "", found


def _filled(run: list[str], values: dict[str, Tree]) -> tuple[list[str], int]:
    """(the program with values in the place of their names, how much was filled in)."""
    size = 0
    for name, value in values.items():
        hole = "{" + name + "}"
        filled = plain(value)
        text = filled if isinstance(filled, str) else json.dumps(filled)
        size = max(size, sum(word.count(hole) for word in run) * len(text))
        if size >= 100_000:
            return run, size
        run = [word.replace(hole, text) for word in run]
    return run, size
