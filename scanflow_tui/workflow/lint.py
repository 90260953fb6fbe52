"""Whether a graph makes sense: references, cycles, conditions, what humans and the champion need.

Pure; every problem is found, none is mended. ``read`` is what a run uses: no errors, or InputError.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

from scanflow_tui.contract import limits
from scanflow_tui.workflow import asks, when
from scanflow_tui.workflow import vocabulary as words
from scanflow_tui.workflow.asks import mount_problem
from scanflow_tui.workflow.findings import (
    EnoughFound,
    Finding,
    Findings,
    by_place,
    findings_text,
    suggestion,
)
from scanflow_tui.workflow.graph import Multigraph, Node, Place, Source
from scanflow_tui.workflow.load import load_into, refusal
from scanflow_tui.workflow.order import Order, cycle, order, reach

__all__ = ["Finding", "check", "findings_text", "lint", "read"]

_DAY_S = 86_400.0
_RANGES: tuple[tuple[str, str, float, float, str], ...] = (
    ("cpus", "cpus", 0.01, 1024, "from .01 to 1,024 cores"),
    ("memory", "memory_bytes", limits.MIB, 64 * 1024 * limits.GIB, "from 1m to 64t"),
    ("time", "time_s", 0.1, 365 * _DAY_S, "from 100ms to 365d"),
    ("log", "log_bytes", limits.KIB, 1024 * limits.GIB, "from 1k to 1t"),
    ("grace", "grace_s", 0, 3600, "from 0 to 1h"),
    ("backoff", "backoff_s", 0, 3600, "from 0 to 1h"),
    ("pids", "pids", 4, 4_194_304, "from 4 to 4,194,304"),
    ("disk", "disk_bytes", limits.KIB, 1024 * limits.GIB, "from 1k to 1t"),
    ("gpus", "gpus", 0, limits.STEP_GPUS_MAX, f"from 0 to {limits.STEP_GPUS_MAX}"),
    ("shm", "shm_bytes", 64 * limits.KIB, 1024 * limits.GIB, "from 64k to 1t"),
    ("retries", "retries", 0, limits.STEP_RETRIES_MAX, f"from 0 to {limits.STEP_RETRIES_MAX}"),
)


@functools.lru_cache(maxsize=4)
def read(text: str, name: str = "pipeline.yaml") -> Multigraph:
    """The graph of a document without errors. Raises InputError with all of them, by place."""
    findings = Findings()
    graph = load_into(text, findings)
    if graph is not None:
        findings.found += lint(graph)
    errors = [one for one in findings.found if one.severity == "error"]
    if errors or graph is None:
        raise refusal(errors, name)
    return graph


def check(
    text: str, name: str = "pipeline.yaml", exists: Callable[[str], bool] | None = None
) -> list[Finding]:
    """Every error and warning of a document, by place. Raises nothing; ``name`` is for callers.

    ``exists`` says of a path below the pipeline's folder whether something is there.
    """
    findings = Findings()
    graph = load_into(text, findings)
    if graph is not None:
        findings.found += lint(graph)
        if exists is not None:
            _absent(graph, findings, exists)
    return by_place(dict.fromkeys(findings.found))


def lint(graph: Multigraph) -> list[Finding]:
    """Every error and warning of a graph, by place."""
    linter = _Linter(graph)
    with suppress(EnoughFound):
        linter.judge()
    return by_place(linter.findings.found)


class _Linter:
    """The rules, one method each, over one graph."""

    def __init__(self, graph: Multigraph) -> None:
        self.graph = graph
        self.order: Order = order(graph)
        self.nodes: Mapping[str, Node] = self.order.nodes
        self.findings = Findings()
        self.types = {node.id: node.values for node in graph.nodes}
        self.versions = list(
            dict.fromkeys(
                name for node in graph.nodes for name in node.promotes if name in self.nodes
            )
        )
        self.waits: dict[str, frozenset[str]] | None = None

    def judge(self) -> None:
        """Every rule. Raises EnoughFound."""
        _ids(self.graph, self.findings)
        _classes(self.graph, self.findings)
        self.cycle()
        for node in self.graph.nodes:
            self.inputs(node)
            self.references(node)
            self.condition(node)
            self.limits(node)
            self.run(node)
            self.agent(node)
            self.human(node)
        self.champion()
        self.messages()
        self.unused()

    def place(self, node: Node, part: str) -> Place:
        return self.graph.places.get(f"{node.id}.{part}", node.place)

    def error(self, place: Place, sentence: str) -> None:
        self.findings.error(place, sentence)

    def cycle(self) -> None:
        found = cycle(self.order)
        if found:
            path = " → ".join((*found[:20], found[0]))
            self.error(self.nodes[found[0]].place, f"the nodes wait for one another: {path}")

    def inputs(self, node: Node) -> None:
        for item in node.inputs:
            place = self.place(node, f"in.{item.name}")
            for source in item.sources:
                for sentence in self._source(node, source):
                    self.error(place, sentence)

    def _source(self, node: Node, source: Source) -> Iterator[str]:
        if source.kind == "file":
            yield from _path_problems(source.name)
        elif source.kind == "champion":
            yield from self._champion_source(source)
        elif source.node not in self.nodes:
            yield f"unknown node {source.node!r}{suggestion(source.node, self.nodes)}"
        elif source.name not in self.nodes[source.node].outputs:
            made = self.nodes[source.node].outputs
            if source.name == source.node and made:
                yield f"{source.node!r} is no input node; name an output: {source.node}.{made[0]}"
            else:
                hint = suggestion(source.name, made)
                yield f"node {source.node!r} makes no {source.name!r}{hint}"
        elif source.node == node.id:
            yield f"node {node.id!r} takes its own output"

    def _champion_source(self, source: Source) -> Iterator[str]:
        champion = self.graph.champion
        if not champion.node and not champion.model_file:
            yield "the pipeline names no champion; add 'champion: NODE'"
            return
        if not champion.node and source.name not in words.MODEL_OUTPUTS:
            yield f"a champion from files has model and reference, no {source.name!r}"
        for maker in (champion.node, *self.versions):
            if maker in self.nodes and source.name not in self.nodes[maker].outputs:
                hint = suggestion(source.name, self.nodes[maker].outputs)
                missing = f"{source.name!r}{hint}"
                yield f"{maker!r}, whose version may be in production, makes no {missing}"

    def references(self, node: Node) -> None:
        for part, named in (("after", node.after), ("promotes", node.promotes)):
            for other in named:
                if other not in self.nodes:
                    hint = suggestion(other, self.nodes)
                    self.error(self.place(node, part), f"unknown node {other!r}{hint}")

    def condition(self, node: Node) -> None:
        if not node.when.strip():
            return
        place = self.place(node, "when")
        try:
            expr = when.parse(node.when)
        except when.WhenError as error:
            self.error(place, f"'when', column {error.column}: {error.sentence}")
            return
        for column, sentence in when.check(expr, self.types):
            self.error(place, f"'when', column {column}: {sentence}")

    def limits(self, node: Node) -> None:
        for key, field, low, high, sentence in _RANGES:
            value = getattr(node.limits, field)
            if value is not None and not low <= value <= high:
                self.error(self.place(node, f"limits.{key}"), f"limit {key!r} is {sentence}")
        for path in node.limits.mounts:
            if problem := mount_problem(path):
                self.error(self.place(node, "limits.mounts"), problem)
        for key, sentence in asks.warnings(node.limits) if _is_first(node) else ():
            said = f"{(node.group or node.id)!r} {sentence}"
            self.findings.warning(self.place(node, f"limits.{key}"), said)

    def run(self, node: Node) -> None:
        """What the reader cannot judge: a value of ``foreach`` may have been filled in."""
        if any("\0" in word for word in node.run):
            self.error(self.place(node, "run"), "'run' holds a NUL character")
        elif node.run and not node.run[0]:
            self.error(self.place(node, "run"), "'run' names no program")

    def agent(self, node: Node) -> None:
        if node.role != "checker":
            return
        if node.values.get("verdict") != words.CHECKER_VALUES["verdict"]:
            said = "a checker's value 'verdict' is clean, drift or too_few; leave it out"
            self.error(self.place(node, "values"), said)
        if "finding" not in node.outputs:
            said = f"the checker {node.id!r} makes no 'finding'; the Drift screen stays empty"
            self.findings.warning(node.place, said)

    def human(self, node: Node) -> None:
        if node.form is None:
            return
        made = words.HUMAN_MAKES[node.form]
        wanted = words.HUMAN_NEEDS[node.form]
        if words.evidence_input(node) is None:
            said = f"{_a(node)} node needs an input from a node's {wanted!r} (NODE.{wanted})"
            self.error(self.place(node, "in"), said)
        if set(node.outputs) != set(made):
            said = f"{_a(node)} node makes exactly {', '.join(made) or 'nothing'}"
            self.error(self.place(node, "out"), said)
        if node.form == "approve":
            self._promotes(node)
        elif node.promotes:
            self.error(self.place(node, "promotes"), f"{_a(node)} node promotes nothing")

    def _promotes(self, node: Node) -> None:
        place = self.place(node, "promotes")
        if not node.promotes:
            self.error(node.place, "an approve node needs 'promotes' (whose model)")
        if self.waits is None:
            self.waits = _waits(self.order, self.versions)
        for name in node.promotes:
            if name not in self.nodes:
                continue
            self._version(place, name)
            if not self.order.cyclic and name not in self.waits.get(node.id, ()):
                self.error(place, f"{node.id!r} promotes {name!r}, but does not wait for it")

    def _version(self, place: Place, name: str) -> None:
        """A version of the model needs a step that makes at least model and reference."""
        node = self.nodes[name]
        if node.kind not in ("step", "agent"):
            self.error(place, f"{name!r} is {_a(node)} node, which makes no model")
            return
        for output in words.MODEL_OUTPUTS:
            if output not in node.outputs:
                self.error(place, f"{name!r} has to make {output!r} to be a version of the model")

    def champion(self) -> None:
        champion = self.graph.champion
        place = self.graph.places.get("champion", Place(1, 1))
        if champion.node and champion.node not in self.nodes:
            hint = suggestion(champion.node, self.nodes)
            self.error(place, f"the champion's node {champion.node!r} does not exist{hint}")
        elif champion.node:
            self._version(place, champion.node)
            self._first_version(place, champion.node)
        if self.graph.dockerfile:
            image = self.graph.places.get("image", Place(1, 1))
            for sentence in _path_problems(self.graph.dockerfile):
                self.error(image, sentence)
        for key, path in (("file", champion.model_file), ("reference", champion.reference_file)):
            for sentence in _path_problems(path) if path else ():
                self.error(self.graph.places.get(f"champion.{key}", place), sentence)

    def _first_version(self, place: Place, champion: str) -> None:
        """Version 1 is made before any batch and any champion; else no run could ever begin."""
        for name in sorted(reach([champion], self.order.parents)):
            node = self.nodes[name]
            takes = any(s.kind == "champion" for item in node.inputs for s in item.sources)
            if node.kind in ("input", "human") or takes:
                what = "a champion" if takes else f"the {node.kind} node"
                said = f"the first champion comes from {champion!r}, which waits for {what} "
                self.error(place, said + f"({name})")

    def messages(self) -> None:
        edges = [edge for edge in self.graph.edges if edge.kind == "message"]
        for at, edge in enumerate(edges):
            place = self.graph.places.get(f"messages.{at}", Place(1, 1))
            for name in (edge.source, edge.target):
                if name not in self.nodes:
                    self.error(place, f"unknown node {name[:60]!r}{suggestion(name, self.nodes)}")
                elif self.nodes[name].layer != "supervision":
                    said = f"{name!r} is {_a(self.nodes[name])} node; "
                    self.error(place, said + "messages go between agents and humans")
            if edge.source == edge.target:
                self.error(place, f"{edge.source!r} sends itself a message")

    def unused(self) -> None:
        """Outputs that nothing reads: no input, no version, no screen. A foreach node is one."""
        owner = {node.id: node.group or node.id for node in self.graph.nodes}
        taken = {
            (owner.get(source.node, ""), source.name)
            for node in self.graph.nodes
            for item in node.inputs
            for source in item.sources
        }
        makers = {self.graph.champion.node, *self.versions}
        for node in self.graph.nodes:
            for output in node.outputs:
                written = owner[node.id]
                is_version = node.id in makers
                if (written, output) in taken or is_version or output in words.EVIDENCE:
                    continue
                taken.add((written, output))
                what = f"node {written!r}" if node.kind == "input" else f"{written}.{output}"
                self.findings.warning(self.place(node, "out"), f"nothing reads {what}")


def _is_first(node: Node) -> bool:
    """Whether a node stands for itself, or first of those that a foreach made."""
    return not node.group or node.id == f"{node.group}_1"


def _a(node: Node) -> str:
    word = node.form or node.kind
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"


def _ids(graph: Multigraph, findings: Findings) -> None:
    if len(graph.nodes) > limits.NODES_MAX:
        findings.error(Place(1, 1), f"more than {limits.NODES_MAX} nodes")
    seen: set[str] = set()
    for node in graph.nodes:
        if node.id in seen:
            findings.error(node.place, f"the node {node.id!r} stands twice")
        seen.add(node.id)


def _classes(graph: Multigraph, findings: Findings) -> None:
    place = graph.places.get("classes", Place(1, 1))
    first: dict[str, str] = {}
    for name in graph.classes:
        if name in first:
            findings.error(place, f"the class {name!r} stands twice")
        first[name] = name
    holders: dict[str, str] = {}
    length = max(map(len, graph.class_keys), default=1)
    for name, key in zip(graph.classes, graph.class_keys, strict=False):
        if key in holders:
            findings.error(place, f"classes {holders[key]!r} and {name!r} share the key {key!r}")
        elif not (key.isascii() and key.isalnum() and key == key.lower()) or len(key) > 2:
            findings.error(place, f"the key {key!r} of class {name!r} is no digit or small letter")
        elif len(key) != length:
            findings.error(place, f"the key {key!r} of class {name!r} is shorter than others")
        holders.setdefault(key, name)
    for name in graph.guidelines:
        if name not in first:
            where = graph.places.get("guidelines", Place(1, 1))
            hint = suggestion(name, first)
            findings.error(where, f"a guideline for the unknown class {name[:60]!r}{hint}")


def _waits(walk: Order, versions: list[str]) -> dict[str, frozenset[str]]:
    """Which of these nodes each node waits for, by way of others too."""
    found: dict[str, frozenset[str]] = {}
    wanted = frozenset(versions)
    for node_id in walk.ids:
        before = [found[parent] for parent in walk.parents[node_id]]
        found[node_id] = frozenset().union(*before, walk.parents[node_id]) & wanted
    return found


def _absent(graph: Multigraph, findings: Findings, exists: Callable[[str], bool]) -> None:
    """Files that a run will need and that are not there yet, where each is named first."""
    named: dict[str, Place] = {}
    for node in graph.nodes:
        for item in node.inputs:
            place = graph.places.get(f"{node.id}.in.{item.name}", node.place)
            for source in item.sources:
                if source.kind == "file" and not any(_path_problems(source.name)):
                    named.setdefault(source.name, place)
    for path, place in named.items():
        if not exists(path):
            findings.warning(place, f"there is no {path!r} yet; a run needs it")


def _path_problems(path: str) -> Iterator[str]:
    if path.startswith(("/", "~")) or "\\" in path or path[1:2] == ":":
        yield f"the path {path[:60]!r} is not relative to the pipeline's folder (with /)"
    elif ".." in path.split("/"):
        yield f"the path {path[:60]!r} leaves the pipeline's folder"
    elif all(part in ("", ".") for part in path.split("/")):
        yield f"the path {path[:60]!r} is the pipeline's folder itself"
