"""The typed multigraph: nodes of two layers, and edges that may run in parallel (design, section
4).

Values only. ``load`` makes a graph from a document, ``lint`` judges it, ``plan`` freezes it into a
run.
"""

from __future__ import annotations

from typing import Any, Literal

from scanflow_tui.contract.records import dataclass, field
from scanflow_tui.contract.step import StepLimits

NodeKind = Literal["input", "step", "agent", "human"]
Layer = Literal["workflow", "supervision"]
Role = Literal["tracker", "checker", "planner", "improver", "supervisor"]
HumanForm = Literal["label", "decide", "approve"]
EdgeKind = Literal["data", "order", "message"]
SourceKind = Literal["file", "champion", "node"]


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a document: line and column, counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Source:
    """Where an input comes from.

    ``file`` a path below the pipeline's folder, ``champion`` an output of the version in
    production, or
    ``node`` an output of another node (``name`` is the output; an input node's is its own id).
    """

    kind: SourceKind
    node: str
    name: str

    def text(self) -> str:
        """As written in the document."""
        if self.kind == "file":
            return f"file:{self.name}"
        if self.kind == "champion":
            return f"champion.{self.name}"
        return self.node if self.name == self.node else f"{self.node}.{self.name}"


@dataclass(frozen=True, slots=True)
class Input:
    """An input of a node; with several sources, the one that ran is taken."""

    name: str
    sources: tuple[Source, ...]
    is_list: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    """One node. What a kind does not use is empty.

    ``values`` maps a value that the node declares to its type: ``number``, ``text``, ``bool`` or a
    tuple of allowed words. ``promotes`` (approve nodes) names the nodes whose model may be
    promoted. ``classes`` are the pipeline's, which its step is told. ``group`` is the ``foreach``
    that made this node; ``lists`` maps an input as written to those of all members that it means.
    """

    id: str
    kind: NodeKind
    role: Role | None = None
    form: HumanForm | None = None
    run: tuple[str, ...] = ()
    inputs: tuple[Input, ...] = ()
    outputs: tuple[str, ...] = ()
    params: dict[str, Any] = field(default_factory=dict)
    limits: StepLimits = field(default_factory=StepLimits)
    env: tuple[str, ...] = ()
    when: str = ""
    after: tuple[str, ...] = ()
    values: dict[str, str | tuple[str, ...]] = field(default_factory=dict)
    promotes: tuple[str, ...] = ()
    seed: int = 0
    place: Place = Place(1, 1)
    classes: tuple[str, ...] = ()
    group: str = ""
    lists: dict[str, tuple[str, ...]] = field(default_factory=dict)
    overlap: float | None = None
    """Of a label node: the share of samples that everybody labels; None where nothing is said."""
    repeats: float | None = None
    """Of a label node: the share that a person is shown again; None where nothing is said."""

    @property
    def layer(self) -> Layer:
        """Agents and humans supervise; steps and inputs work."""
        return "supervision" if self.kind in ("agent", "human") else "workflow"


@dataclass(frozen=True, slots=True)
class Edge:
    """One typed edge. Two nodes may have several; ``label`` tells them apart."""

    source: str
    target: str
    kind: EdgeKind
    label: str


@dataclass(frozen=True, slots=True)
class Champion:
    """Where version 1 comes from: a node's first success, or files below the pipeline's folder."""

    node: str = ""
    model_file: str = ""
    reference_file: str = ""


@dataclass(frozen=True, slots=True)
class Multigraph:
    """A pipeline as read: nodes in document order, every edge, and what else the document says.

    ``places`` says where a part stands (``train.in.data``, ``messages.0``); it does not count when
    graphs are compared.
    """

    name: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    classes: tuple[str, ...] = ()
    class_keys: tuple[str, ...] = ()
    champion: Champion = field(default_factory=Champion)
    dockerfile: str = ""
    image: str = ""
    guidelines: dict[str, str] = field(default_factory=dict)
    ignore_above: float | None = None
    places: dict[str, Place] = field(default_factory=dict, compare=False, repr=False)

    def node(self, node_id: str) -> Node:
        """The node with this id. Raises KeyError."""
        for node in self.nodes:
            if node.id == node_id:
                return node
        raise KeyError(node_id)

    def ids(self) -> tuple[str, ...]:
        return tuple(node.id for node in self.nodes)

    def upstream(self, node_id: str) -> frozenset[str]:
        """Nodes that this one waits for (data and order edges)."""
        return frozenset(
            edge.source for edge in self.edges if edge.target == node_id and edge.kind != "message"
        )

    def downstream(self, node_id: str) -> frozenset[str]:
        """Nodes that wait for this one (data and order edges)."""
        return frozenset(
            edge.target for edge in self.edges if edge.source == node_id and edge.kind != "message"
        )
