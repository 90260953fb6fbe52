"""What every run has to come to, written from docs/pipeline.md alone.

Nothing of the program is imported here. The oracle knows the drawn pipeline, what each attempt
would come to (``truth``), and what people did; it walks the graph once, in the document's order
(a drawn node only ever waits for earlier ones), and never looks at a schedule.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.simulator.drawing import Drawn, Expr, Written

WELL = ("done", "cached")
BAD = ("failed", "timed_out", "lost", "doubt", "cancelled")
BAD_INPUT = 2
PEOPLE = ("label", "decide", "approve")


@dataclass(frozen=True)
class Outcome:
    """What an attempt comes to: the state of its node, its exit code, the values it gives."""

    state: str
    code: int | None = None
    values: tuple[tuple[str, Any], ...] = ()


Truth = Callable[[int, str, int], Outcome]
Token = tuple[Any, ...]


@dataclass
class Member:
    """One node of a run: a written node, or one that ``foreach`` made of it."""

    id: str
    written: Written
    inputs: list[list[tuple[str, str]]]
    """For each input the sources, (node, output) each; a node is "" for what is simply there."""
    after: list[str]


@dataclass
class Standing:
    """Where a node of a run stands."""

    state: str = "waiting"
    n_attempts: int = 0
    code: int | None = None
    token: Token = ()
    values: dict[str, Any] = field(default_factory=dict)


@dataclass
class Facts:
    """What people did in a run, as the log says it: which code they took, what they decided, the
    attempts that they stopped.
    """

    code: str = ""
    action: str = ""
    approved: bool = False
    stopped: set[tuple[str, int]] = field(default_factory=set)


class Oracle:
    """One session: what was made so far is known from run to run."""

    def __init__(self, drawn: Drawn, truth: Truth) -> None:
        self.drawn = drawn
        self.truth = truth
        self.members = expanded(drawn)
        self.made: dict[Token, tuple[Token, dict[str, Any]]] = {}
        self.champion: Token = ("champion", "file")
        self.runs: dict[int, dict[str, Standing]] = {}
        self.batch_of: dict[int, bool] = {}
        self.again: set[tuple[int, str]] = set()
        """What a person wants made again, whatever the cache knows."""

    def begin(self, run: int, *, batch: bool) -> None:
        """A run is planned: without a batch what needs a batch or the champion is left out."""
        self.batch_of[run] = batch
        standings = self.runs[run] = {member.id: Standing() for member in self.members}
        if batch:
            return
        for member in self.members:
            needs = any(
                source in (("", "batches"), ("", "champion"))
                for sources in member.inputs
                for source in sources
            )
            hangs = any(standings[one].state == "skipped" for one in waits_for(member))
            if needs or hangs or member.written.kind == "input":
                standings[member.id].state = "skipped"

    def settle(self, run: int, facts: Facts, again: tuple[str, ...] = ()) -> str:
        """Let a run go on until nothing can; ``again`` are nodes that a person wants tried.

        The state that the run ends in.
        """
        standings = self.runs[run]
        for member in self.members:
            standing = standings[member.id]
            if standing.state in BAD and not standing.n_attempts and member.id in again:
                standing.state = "waiting"
            if standing.state == "waiting":
                self._decide(run, member, facts)
            elif standing.state in BAD:
                self._try(run, member, facts, forced=member.id in again)
        states = [one.state for one in standings.values()]
        if facts.approved and "approve" in standings and standings["approve"].state == "done":
            repaired = next(one for one in ("retrain", "filter") if standings[one].state in WELL)
            self.champion = standings[repaired].token
        return "failed" if any(state in BAD for state in states) else "done"

    def behind(self, node: str) -> set[str]:
        """A node and all that hangs on it."""
        found = {node}
        for member in self.members:
            if any(one in found for one in waits_for(member)):
                found.add(member.id)
        return found

    def reset(self, run: int, node: str) -> None:
        """A node is to be made again, and all that hangs on it is decided anew."""
        for name in self.behind(node):
            known = self.runs[run][name]
            self.runs[run][name] = Standing(n_attempts=known.n_attempts)
        self.again.add((run, node))

    def cancel(self, run: int, before: dict[str, tuple[str, int, bool]], facts: Facts) -> str:
        """A run was cancelled when its nodes stood so (state, attempts, whether one was open). Its
        state then.
        """
        standings = self.runs[run]
        for member in self.members:
            state, n_attempts, is_open = before[member.id]
            standing = standings[member.id]
            standing.n_attempts = n_attempts
            if is_open:
                self._take(run, member, facts)
            elif state in ("needs_you", "retrying"):
                standing.state = "cancelled"
            elif state in WELL and standing.state not in WELL:
                self._keep(run, member, state, facts)
            else:
                standing.state = state
                if state in BAD:
                    standing.code = self.truth(run, member.id, n_attempts).code
        return "cancelled"

    def _decide(self, run: int, member: Member, facts: Facts) -> None:
        """Skipped, left waiting, or begun."""
        standings = self.runs[run]
        standing = standings[member.id]
        for sources in member.inputs:
            if all(node and standings[node].state == "skipped" for node, _ in sources):
                standing.state = "skipped"
                return
        holds: bool | None = True
        if member.written.when is not None:
            holds = kleene(member.written.when, standings)
            if holds is False:
                standing.state = "skipped"
                return
        if any(standings[one].state in (*BAD, "waiting") for one in waits_for(member)):
            return
        if holds is None:
            standing.state = "skipped"
        elif member.written.kind == "input":
            standing.state, standing.token = "done", ("batch",)
        elif member.written.kind in PEOPLE:
            self._keep(run, member, "done", facts)
        else:
            self._try(run, member, facts, forced=True)

    def _try(self, run: int, member: Member, facts: Facts, *, forced: bool) -> None:
        """Attempts, one after the other, until one succeeds or none may follow."""
        standing = self.runs[run][member.id]
        while standing.state not in WELL:
            is_stopped = (member.id, standing.n_attempts) in facts.stopped
            is_over = self._is_over(run, member, standing)
            gives_up = standing.state == "cancelled" or standing.code == BAD_INPUT
            if not forced and (is_stopped or is_over or gives_up):
                return
            forced = False
            known = self.made.get(self._key(run, member, facts))
            if known is not None and (run, member.id) not in self.again:
                standing.state, (standing.token, standing.values) = "cached", known
                return
            standing.n_attempts += 1
            self._take(run, member, facts)

    def _is_over(self, run: int, member: Member, standing: Standing) -> bool:
        """Whether no try is left; up to three in doubt are the engine's, and cost none."""
        tries = range(1, standing.n_attempts + 1)
        n_doubts = [self.truth(run, member.id, one).state for one in tries].count("doubt")
        if standing.state == "doubt" and n_doubts <= 3:
            return False
        return standing.n_attempts - min(n_doubts, 3) > member.written.retries

    def _take(self, run: int, member: Member, facts: Facts) -> None:
        """The latest attempt's outcome is the node's."""
        standing = self.runs[run][member.id]
        outcome = self.truth(run, member.id, standing.n_attempts)
        if outcome.state == "done":
            self._keep(run, member, "done", facts)
        else:
            standing.state, standing.code = outcome.state, outcome.code

    def _keep(self, run: int, member: Member, state: str, facts: Facts) -> None:
        """A node made something: a person's word is new each time, a step's goes into the cache."""
        standing = self.runs[run][member.id]
        standing.state = state
        if member.written.kind in PEOPLE or member.written.kind == "input":
            standing.token = ("said", run, member.id)
            standing.values = {"action": facts.action} if member.written.kind == "decide" else {}
            return
        key = self._key(run, member, facts)
        if state == "cached":
            standing.token, standing.values = self.made[key]
            return
        outcome = self.truth(run, member.id, standing.n_attempts)
        standing.values = dict(outcome.values)
        standing.token = ("made", run, member.id, standing.n_attempts)
        self.made[key] = (standing.token, standing.values)
        self.again.discard((run, member.id))

    def _key(self, run: int, member: Member, facts: Facts) -> Token:
        """The same node, code and inputs; of several sources the first that was made."""
        standings = self.runs[run]
        taken = []
        for sources in member.inputs:
            for node, output in sources:
                if not node:
                    there = self.champion if output == "champion" else (output,)
                    taken.append((*there, output))
                    break
                if standings[node].state in WELL:
                    taken.append((*standings[node].token, output))
                    break
        return (member.id, facts.code, *taken)


def waits_for(member: Member) -> list[str]:
    """Sources, ``after``, and the nodes that ``when`` reads."""
    found = [node for sources in member.inputs for node, _ in sources if node]
    found += member.after
    if member.written.when is not None:
        found += sorted(read_by(member.written.when))
    return found


def read_by(expr: Expr) -> set[str]:
    """The nodes that a condition reads."""
    if expr[0] == "is":
        return {expr[1]}
    return set().union(*(read_by(part) for part in expr[1:]))


def kleene(expr: Expr, standings: dict[str, Standing]) -> bool | None:
    """A condition over what is known; None where that does not settle it."""
    if expr[0] == "is":
        _, node, name, operator, literal = expr
        if name not in standings[node].values:
            return None
        value = standings[node].values[name]
        answer: bool = {
            "==": lambda: value == literal,
            "!=": lambda: value != literal,
            "<": lambda: value < literal,
            "<=": lambda: value <= literal,
            ">": lambda: value > literal,
            ">=": lambda: value >= literal,
        }[operator]()
        return answer
    parts = [kleene(part, standings) for part in expr[1:]]
    if expr[0] == "not":
        return None if parts[0] is None else not parts[0]
    settles: bool = expr[0] == "or"
    if settles in parts:
        return settles
    return None if None in parts else not settles


def expanded(drawn: Drawn) -> list[Member]:
    """Every node of a run: ``foreach`` makes one for each value, others take all of them."""
    written = {node.id: node for node in drawn.nodes}

    def root(node: Written) -> str:
        return root(written[node.shares]) if node.shares else node.id

    def count(node: Written) -> int:
        return written[root(node)].each

    def members_of(node_id: str, at: int | None, taker: Written) -> list[str]:
        other = written[node_id]
        if not other.is_many:
            return [node_id]
        if at is not None and root(other) == root(taker):
            return [f"{node_id}_{at}"]
        return [f"{node_id}_{number}" for number in range(1, count(other) + 1)]

    def wired(node: Written, at: int | None) -> Member:
        inputs: list[list[tuple[str, str]]] = []
        for sources in node.inputs.values():
            if len(sources) == 1 and (found := _source(sources[0]))[0]:
                inputs += [[(one, found[1])] for one in members_of(found[0], at, node)]
            else:
                inputs.append([_source(text) for text in sources])
        after = [one for before in node.after for one in members_of(before, at, node)]
        return Member(node.id if at is None else f"{node.id}_{at}", node, inputs, after)

    return [
        wired(node, at)
        for node in drawn.nodes
        for at in (range(1, count(node) + 1) if node.is_many else (None,))
    ]


def _source(text: str) -> tuple[str, str]:
    """(node, output); what is there before any node ran has no node."""
    if text.startswith("file:") or text == "batches":
        return "", text
    node, _, output = text.partition(".")
    return ("", "champion") if node == "champion" else (node, output)
