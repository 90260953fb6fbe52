"""A graph and what is known → a frozen plan: for each node run, cached or skipped, and why.

Pure. Walks once in topological order; a node's key is known only while all of its inputs are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from scanflow_tui.contract.records import dataclass, field
from scanflow_tui.contract.step import Scalar
from scanflow_tui.workflow import order as ordering
from scanflow_tui.workflow.graph import Multigraph, Node, Source
from scanflow_tui.workflow.keys import KeyParts, cache_key, difference
from scanflow_tui.workflow.order import Order, order, reach
from scanflow_tui.workflow.progress import (
    Decision,
    Ready,
    Skip,
    fails,
    inputs_of,
    ready,
    undecidable,
    without,
)
from scanflow_tui.workflow.when import verdict

__all__ = [
    "CacheEntry",
    "Decision",
    "KeyParts",
    "Order",
    "Plan",
    "PlanFacts",
    "Planned",
    "Ready",
    "Skip",
    "cache_key",
    "difference",
    "inputs_of",
    "order",
    "plan",
    "ready",
]

Verdict = Literal["run", "cached", "skipped"]

_ASKS = {"label": "a person labels", "decide": "a person decides", "approve": "a person approves"}


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """Outputs of an earlier attempt, by name; ``origin`` is its engine name."""

    origin: str
    outputs: Mapping[str, str]
    values: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """What is known when a run is planned.

    ``files`` are hashes by path as written after ``file:``, ``lookup`` asks the cache for a key,
    ``previous`` says what each node's latest key was made of.
    """

    code: str
    package_version: str
    environment: str
    files: Mapping[str, str]
    lookup: Callable[[str], CacheEntry | None]
    previous: Mapping[str, KeyParts] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Planned:
    """One node of a plan. ``key`` is empty while an input is unknown."""

    node: str
    verdict: Verdict
    reason: str
    key: str = ""
    entry: CacheEntry | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A frozen plan, nodes in document order."""

    nodes: tuple[Planned, ...]

    def verdicts(self) -> dict[str, Verdict]:
        return {node.node: node.verdict for node in self.nodes}

    def reasons(self) -> dict[str, str]:
        return {node.node: node.reason for node in self.nodes}

    def count(self, verdict: Verdict) -> int:
        return sum(node.verdict == verdict for node in self.nodes)


def plan(
    graph: Multigraph,
    facts: PlanFacts,
    *,
    batch: str | None,
    champion: Mapping[str, str] | None,
    champion_version: int | None = None,
    order: Order | None = None,
) -> Plan:
    """The plan of one run over a batch (its hash), or without one.

    ``champion`` holds the output hashes of the version in production. Without a batch, what needs
    neither batch nor champion is planned; with one, what only makes a champion is left out while
    one is in production.
    """
    walk = order or ordering.order(graph)
    planner = _Planner(walk, facts, batch, champion, champion_version)
    made = {node_id: planner.plan_node(walk.nodes[node_id]) for node_id in walk.ids}
    return Plan(
        tuple(
            made.get(node.id) or Planned(node.id, "skipped", "stands in a cycle")
            for node in graph.nodes
        )
    )


@dataclass(frozen=True, slots=True)
class _Gone:
    """A source that will not be there in this run; ``reason`` is empty for a skipped node's."""

    reason: str


class _WillBeMade:
    """A source whose hash is not known before the run."""


_MADE = _WillBeMade()


class _Planner:
    """One walk; what is known grows with it."""

    def __init__(
        self,
        walk: Order,
        facts: PlanFacts,
        batch: str | None,
        champion: Mapping[str, str] | None,
        version: int | None,
    ) -> None:
        self.walk = walk
        self.facts = facts
        self.batch = batch
        self.champion = champion
        self.version = version
        self.known: dict[tuple[str, str], str] = {}
        self.values: dict[tuple[str, str], Scalar] = {}
        self.skipped: set[str] = set()
        self.ran: set[str] = set()
        self.left_out = self._left_out()

    def plan_node(self, node: Node) -> Planned:
        planned = self._judge(node)
        if planned.verdict == "skipped":
            self.skipped.add(node.id)
        elif planned.entry is not None:
            outputs = planned.entry.outputs.items()
            self.known.update({(node.id, name): sha for name, sha in outputs})
            values = planned.entry.values.items()
            self.values.update({(node.id, name): value for name, value in values})
        elif node.kind != "input":
            self.ran.add(node.id)
        return planned

    def _judge(self, node: Node) -> Planned:
        if node.id in self.left_out:
            return Planned(node.id, "skipped", self.left_out[node.id])
        if node.kind == "input":
            return self._input(node)
        inputs, unknown, gone = self._inputs(node)
        if gone:
            return Planned(node.id, "skipped", gone)
        condition = self.walk.when.get(node.id)
        holds = True if condition is None else verdict(condition, self.values)
        if holds is False:
            return Planned(node.id, "skipped", fails(self.walk, node, self.values))
        if holds is None:
            if not any(source in self.ran for source, _ in self.walk.reads[node.id]):
                return Planned(node.id, "skipped", undecidable(self.walk, node, self.values))
            return Planned(node.id, "run", f"when: {node.when} will be decided in the run")
        if unknown:
            return Planned(node.id, "run", f"input {unknown} will be made")
        if node.kind == "human":
            return Planned(node.id, "run", _ASKS[node.form or "decide"])
        return self._step(node, inputs)

    def _input(self, node: Node) -> Planned:
        if self.batch is None:
            return Planned(node.id, "skipped", "needs a batch")
        self.known[node.id, node.id] = self.batch
        return Planned(node.id, "run", "the batch has arrived")

    def _step(self, node: Node, inputs: dict[str, str]) -> Planned:
        facts = self.facts
        key = cache_key(
            node,
            code=facts.code,
            package_version=facts.package_version,
            environment=facts.environment,
            inputs=inputs,
        )
        entry = facts.lookup(key)
        if entry is not None and all(name in entry.outputs for name in node.outputs):
            return Planned(node.id, "cached", f"unchanged since {entry.origin}", key, entry)
        before = facts.previous.get(node.id)
        if before is None:
            return Planned(node.id, "run", "first run", key)
        now = KeyParts(
            facts.code,
            facts.package_version,
            facts.environment,
            node.params,
            inputs,
            node.run,
            node.seed,
            key,
        )
        return Planned(node.id, "run", difference(node, before, now) or "no result is kept", key)

    def _inputs(self, node: Node) -> tuple[dict[str, str], str, str]:
        """(hashes by input, the first input that is unknown, why one cannot come)."""
        inputs: dict[str, str] = {}
        unknown = ""
        for item in node.inputs:
            seen = [(source, self._source(source)) for source in item.sources]
            live = [(source, state) for source, state in seen if not isinstance(state, _Gone)]
            if seen and not live:
                said = [state.reason for _, state in seen if isinstance(state, _Gone)]
                return {}, "", next(filter(None, said), "") or without(item.sources)
            for source, state in live[:1]:
                if isinstance(state, str):
                    inputs[item.name] = state
                else:
                    unknown = unknown or source.text()
        return inputs, unknown, ""

    def _source(self, source: Source) -> str | _Gone | _WillBeMade:
        if source.kind == "file":
            return self.facts.files.get(source.name) or _MADE
        if source.kind == "champion":
            if self.champion is None:
                return _Gone("no champion is in production yet")
            found = self.champion.get(source.name)
            return found or _Gone(f"the champion in production has no {source.name!r}")
        if source.node in self.skipped or source.node not in self.walk.nodes:
            return _Gone("")
        return self.known.get((source.node, source.name)) or _MADE

    def _left_out(self) -> dict[str, str]:
        """Nodes that this kind of run does not look at, and why."""
        needs_batch = reach(
            (node.id for node in self.walk.graph.nodes if node.kind == "input"), self.walk.children
        )
        needs_champion = reach(
            (node.id for node in self.walk.graph.nodes if _takes_champion(node)),
            self.walk.children,
        )
        if self.batch is None:
            later = "needs the champion; it is planned when a batch arrives"
            return dict.fromkeys(needs_champion, later) | dict.fromkeys(
                needs_batch, "needs a batch"
            )
        if self.champion is None:
            return {}
        return self._makes_only_champion(needs_batch | needs_champion)

    def _makes_only_champion(self, others: set[str]) -> dict[str, str]:
        """The champion's node, what only feeds it, and what only hangs on it."""
        first = self.walk.graph.champion.node
        if first not in self.walk.nodes:
            return {}
        held = "a champion" if self.version is None else f"champion v{self.version}"
        why = f"{held} is in production"
        behind = reach([first], self.walk.children)
        found: dict[str, str] = {}
        for node_id in reversed(self.walk.ids):
            children = self.walk.children[node_id]
            if node_id in others or any(child not in found for child in children):
                continue
            if node_id in behind or children:
                found[node_id] = why
        return found


def _takes_champion(node: Node) -> bool:
    return any(source.kind == "champion" for item in node.inputs for source in item.sources)
