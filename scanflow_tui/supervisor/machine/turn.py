"""One turn of the state machine: what it knows, and what it says and asks while it handles a
stimulus.

Every event is folded as it is emitted, so later decisions of the same turn see it. Nothing here
reads a clock, a file or a random source.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable

from scanflow_tui.contract import ids
from scanflow_tui.contract.errors import ScanflowError
from scanflow_tui.contract.records import dataclass, field
from scanflow_tui.contract.states import ATTEMPT_ENDED
from scanflow_tui.engine.protocol import Capacity, Exited
from scanflow_tui.session import events as ev
from scanflow_tui.session.contents import SALT_BYTES, Content, content
from scanflow_tui.session.folds import fold
from scanflow_tui.session.state import AttemptView, NodeView, RunView, SessionState
from scanflow_tui.supervisor.machine import frontier
from scanflow_tui.supervisor.machine.effects import Answer, Effect
from scanflow_tui.supervisor.machine.frontier import Frontiers
from scanflow_tui.workflow.graph import Multigraph, Node
from scanflow_tui.workflow.lint import read
from scanflow_tui.workflow.plan import Order, order

SUPERVISOR = "supervisor"

Key = tuple[Hashable, ...]
Inputs = tuple[dict[str, str], dict[str, str], str]
"""What a node reads, where each comes from, and its key."""


@dataclass(slots=True)
class Machine:
    """The folded state, and what is only true while this process lives.

    ``asked`` are effects without an answer yet: a restarted supervisor has none and asks again.
    ``pending`` are commands whose answer waits for an effect; ``open`` attempts have not ended,
    ``intents`` are the events that intended those of this life.
    """

    state: SessionState
    budget: Capacity
    owner: str
    asked: set[Key] = field(default_factory=set)
    pending: set[str] = field(default_factory=set)
    missed: set[Key] = field(default_factory=set)
    exited: dict[str, Exited] = field(default_factory=dict)
    names: dict[str, tuple[int, str, int]] = field(default_factory=dict)
    open: dict[str, tuple[int, str, int]] = field(default_factory=dict)
    intents: dict[str, int] = field(default_factory=dict)
    graphs: dict[int, tuple[Multigraph, Order]] = field(default_factory=dict)
    samples: dict[int, frozenset[str]] = field(default_factory=dict)
    frontiers: Frontiers = field(default_factory=dict)
    inputs: dict[tuple[int, str], Inputs] = field(default_factory=dict)
    ticked_at: int = 0

    def __post_init__(self) -> None:
        for run in self.state.runs.values():
            for node in run.nodes.values():
                for attempt in node.attempts:
                    self.names[attempt.name] = (run.number, node.id, attempt.number)
                    if attempt.state not in ATTEMPT_ENDED:
                        self.open[attempt.name] = self.names[attempt.name]


@dataclass(slots=True)
class Turn:
    """What one stimulus causes: events (folded already), contents beside them, effects after
    them.
    """

    machine: Machine
    at: int
    salt: bytes
    events: list[ev.Event] = field(default_factory=list)
    contents: list[Content] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    touched: bool = False

    @property
    def state(self) -> SessionState:
        return self.machine.state

    def emit(self, fact: ev.Kind, actor: str = SUPERVISOR, command: str | None = None) -> int:
        """Make an event of a fact, fold it, and return its sequence number."""
        state = self.machine.state
        event = ev.Event(state.seq + 1, max(self.at, state.at), actor, fact, command)
        fold(state, event)
        self.events.append(event)
        if isinstance(fact, ev.AttemptIntended):
            known = (fact.run, fact.node, fact.attempt)
            self.machine.names[fact.name] = self.machine.open[fact.name] = known
            self.machine.intents[fact.name] = event.seq
            self.machine.inputs.pop(known[:2], None)
        elif isinstance(fact, ev.NodeCached):
            self.machine.inputs.pop((fact.run, fact.node), None)
        elif isinstance(fact, frontier.TURNS):
            self._forget_inputs(fact.run)
        elif isinstance(fact, ev.AttemptEnded):
            name = ids.attempt_name(state.session, fact.run, fact.node, fact.attempt)
            self.machine.open.pop(name, None)
            self.machine.intents.pop(name, None)
        frontier.heard(self.machine.frontiers, fact, self._known_order)
        return event.seq

    def _forget_inputs(self, run: int) -> None:
        """What hangs on the outputs, the code and the environment of a run is asked anew."""
        kept = self.machine.inputs.items()
        self.machine.inputs = {key: known for key, known in kept if key[0] != run}

    def _known_order(self, number: int) -> Order | None:
        run = self.state.runs.get(number)
        known = None if run is None else self.machine.graphs.get(run.pipeline)
        return None if known is None else known[1]

    def seal(self, data: bytes, media: str = "text/plain") -> str:
        """Put erasable bytes beside the log; the digest that an event may name."""
        # One salt a content: equal texts must not show by equal digests.
        number = len(self.contents).to_bytes(8, "big")
        salt = hashlib.sha256(self.salt + number).digest()[:SALT_BYTES]
        sealed = content(data, salt, media)
        self.contents.append(sealed)
        return sealed.digest

    def ask(self, key: Key, effect: Effect) -> None:
        """Ask for an effect, unless it is asked already and not answered."""
        if key not in self.machine.asked:
            self.machine.asked.add(key)
            self.effects.append(effect)

    def answered(self, key: Key) -> bool:
        """An effect was answered, so it may be asked again; False where nobody asked."""
        was_asked = key in self.machine.asked
        self.machine.asked.discard(key)
        self.touched = True
        return was_asked

    def reply(self, command: str, value: str = "") -> None:
        """Acknowledge a command with the last event of this turn."""
        self.machine.pending.discard(command)
        self.effects.append(Answer(command, self.state.seq, value=value))

    def refuse(self, command: str, actor: str, name: str, error: ScanflowError) -> None:
        """Record a refusal and answer it."""
        self.emit(
            ev.CommandRefused(name, error.what, error.where, error.hint, error.exit_code),
            actor,
            command,
        )
        self.machine.pending.discard(command)
        self.effects.append(Answer(command, None, error))


def graph_of(machine: Machine, run: RunView) -> tuple[Multigraph, Order]:
    """The graph that a run was planned from, parsed once a pipeline text."""
    known = machine.graphs.get(run.pipeline)
    if known is None:
        graph = read(machine.state.pipelines[run.pipeline])
        known = machine.graphs[run.pipeline] = (graph, order(graph))
    return known


def node_of(machine: Machine, run: RunView, node_id: str) -> Node:
    """A node as its run's pipeline declares it."""
    return graph_of(machine, run)[1].nodes[node_id]


def open_of(machine: Machine, run: RunView) -> list[tuple[NodeView, AttemptView]]:
    """Every attempt of a run that has not ended."""
    nodes = [run.nodes[node] for number, node, _ in machine.open.values() if number == run.number]
    return [(node, node.attempts[-1]) for node in nodes]


def find(machine: Machine, name: str) -> tuple[RunView, NodeView, AttemptView] | None:
    """The run, node and attempt behind an engine name, if this session has it."""
    known = machine.names.get(name)
    if known is None:
        return None
    run = machine.state.runs[known[0]]
    node = run.nodes[known[1]]
    for attempt in reversed(node.attempts):
        if attempt.number == known[2]:
            return run, node, attempt
    return None
