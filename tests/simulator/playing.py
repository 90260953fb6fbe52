"""A seeded world that plays one drawn pipeline: what each attempt comes to is written beforehand.

Crashes, lost replies, late and repeated observations and full disks are the parent's, and must not
change what a run comes to.
"""

from __future__ import annotations

import random
from typing import Any

from scanflow_tui.contract import commands as cmd
from scanflow_tui.contract.evidence import (
    Finding,
    Gate,
    Option,
    OptionEvidence,
    Options,
    QueueEntry,
    Table,
)
from scanflow_tui.contract.states import ATTEMPT_ENDED, RUN_ENDED
from scanflow_tui.engine.protocol import Absent, Capacity, Exited, StartUnknown
from scanflow_tui.session import events as ev
from scanflow_tui.session.folds import fold
from scanflow_tui.session.state import NodeView, SessionState
from scanflow_tui.supervisor.machine import effects as fx
from scanflow_tui.supervisor.machine import stimuli as st
from scanflow_tui.supervisor.machine.advance import open_attempts
from tests.simulator.drawing import OPTIONS, VERDICTS, Drawn
from tests.simulator.oracle import Facts, Outcome
from tests.simulator.world import World

BUDGET = Capacity(4.0, 8 * 2**30, 1)
ENDS = ("done",) * 14 + ("failed", "failed", "signal", "input", "time", "lost", "doubt", "missing")
STATES = {"signal": "failed", "input": "failed", "missing": "failed", "time": "timed_out"}


class Play(World):
    """The world of one drawn pipeline."""

    def __init__(self, seed: int, drawn: Drawn) -> None:
        self.drawn = drawn
        self.values = {node.id: node.values for node in drawn.nodes}
        self.wanted: cmd.Command | None = None
        self.plays_cancel: str = ""
        super().__init__(seed, drawn.text(), BUDGET)

    # what was written beforehand

    def chance(self, *what: object) -> random.Random:
        """Always the same for the same thing, whenever it is asked."""
        return random.Random(f"{self.seed} {what}")

    def end_of(self, run: int, node: str, attempt: int) -> str:
        return self.chance("end", run, node, attempt).choice(ENDS)

    def values_of(self, run: int, node: str, attempt: int) -> dict[str, Any]:
        """What an attempt writes; now and then it forgets a value."""
        rng = self.chance("values", run, node, attempt)
        if node == "check":
            return {"verdict": rng.choice(VERDICTS)}
        written = node if node in self.values else node.rpartition("_")[0]
        drawn = {"n": rng.randint(0, 3), "w": rng.choice("abc"), "f": rng.random() < 0.5}
        return {name: drawn[name] for name in self.values[written] if rng.random() < 0.9}

    def truth(self, run: int, node: str, attempt: int) -> Outcome:
        """What an attempt came to: as written, unless it was ended, or never begun, before."""
        held = self.engine.get(f"sf-01j0-{run}-{node}-{attempt}")
        if (run, node, attempt) in self.stopped and (
            held is None or (held.exited is not None and held.exited.cancelled)
        ):
            return Outcome("cancelled")
        end = self.end_of(run, node, attempt)
        if end == "done":
            return Outcome("done", 0, tuple(self.values_of(run, node, attempt).items()))
        code = {"failed": 3, "input": 2, "missing": 0, "doubt": 0}.get(end)
        return Outcome(STATES.get(end, end), code)

    # the engine

    def engine_goes_on(self) -> None:
        running = [name for name, item in self.engine.items() if item.state == "running"]
        if not running:
            return
        name = self.random.choice(running)
        item = self.engine[name]
        _, _, run, node, attempt = name.split("-")
        end = self.end_of(int(run), node, int(attempt))
        item.state = "lost" if end == "lost" else "exited"
        exits = {
            "failed": Exited(3, None, 1, 2_000_001),
            "signal": Exited(None, 9, 1, 2_000_001),
            "input": Exited(2, None, 1, 2_000_001),
            "time": Exited(None, 15, 1, 2_000_001, hit="time"),
            "doubt": Exited(0, None, 1, 2_000_001, doubt="the engine was away"),
        }
        if end != "lost":
            item.exited = exits.get(end, Exited(0, None, 1, 2_000_001))

    def observe(self) -> None:
        """As the parent, but that an attempt is absent is told at once: a shell asks its engine in
        one thread, so absence never comes after the claim that followed it. It may come after the
        end: an engine tells that by itself, beside a look that began before the claim.
        """
        names = list(open_attempts(self.machine))
        if not names:
            return
        name = self.random.choice(names)
        seen = self.sight(name)
        if not self.calm and self.random.random() < 0.2:
            if not isinstance(seen, Absent):
                self.pending.append(st.Observed(name, seen))
            return
        self.feed(st.Observed(name, seen))
        if isinstance(seen, Exited) and not self.calm and self.random.random() < 0.2:
            self.feed(st.Observed(name, Absent()))

    def carry(self, effect: fx.Effect) -> None:
        """As the parent; a batch can be read."""
        if isinstance(effect, fx.IngestBatch):
            told = (effect.command, effect.actor, effect.name, self._artifact())
            self.pending.append(st.BatchStored(*told))
        else:
            super().carry(effect)

    def _start(self, effect: fx.StartAttempt) -> None:
        """As the parent, but nothing is refused by chance."""
        calm, self.calm = self.calm, True
        super()._start(effect)
        if not calm and self.random.random() < 0.1:
            last = self.pending.pop()
            assert isinstance(last, st.StartAnswered)
            self.pending.append(st.StartAnswered(last.name, StartUnknown("no reply")))
        self.calm = calm

    def _collect(self, effect: fx.CollectAttempt) -> st.Collected:
        calm, self.calm = self.calm, True
        told = super()._collect(effect)
        self.calm = calm
        end = self.end_of(effect.run, effect.node, effect.attempt)
        if end == "missing" and effect.exited.code == 0:
            return st.Collected(told.name, told.exited, {}, {}, "it wrote no output")
        return told

    def _evidence(self, effect: fx.CollectAttempt) -> tuple[st.Evidence, dict[str, Any]]:
        values = self.values_of(effect.run, effect.node, effect.attempt)
        if effect.is_checker:
            finding = Finding(values["verdict"], 20, 0.01, 0.5, "sim", 600, 0, 0.0)
            queue = tuple(QueueEntry(f"s{i}", i, "repair", False, 0.5, 0, 0.5) for i in range(3))
            return st.Evidence(finding, queue), values
        if effect.is_planner:
            nothing = OptionEvidence(None, None, None, None)
            options = tuple(Option(one, one, one, {}, nothing) for one in OPTIONS)  # type: ignore[arg-type]
            return st.Evidence(options=Options(options, None, "undecided", "options", 3)), {}
        if effect.node == "evaluate":
            table = Table((), Gate(True, ()), "retrain", "retrain")
            return st.Evidence(table=table), {}
        return st.Evidence(), values

    def _plan(self, effect: fx.GatherPlan) -> st.PlanGathered:
        told = super()._plan(effect)
        if self.drawn.supervised:
            told.champion_files.update(model=self._artifact(), reference=self._artifact())
        return told

    # people

    def people(self) -> None:
        client = self.clients[0]
        if client.waiting:
            command_id = next(iter(client.waiting))
            self.feed(st.Commanded(command_id, client.actor, client.waiting[command_id]))
            return
        command = self._act()
        if command is not None:
            command_id = f"{client.name}:{client.counter}"
            client.counter += 1
            client.waiting[command_id] = command
            self.feed(st.Commanded(command_id, client.actor, command))

    def _act(self) -> cmd.Command | None:
        if self.wanted is not None:
            command, self.wanted = self.wanted, None
            return command
        for run in self.machine.state.runs.values():
            if run.state in RUN_ENDED:
                continue
            for node in run.nodes.values():
                if node.state == "needs_you":
                    return self._answer_form(run, node)
        return None

    def _answer_form(self, run: Any, node: Any) -> cmd.Command | None:
        rng = self.chance("person", run.number, node.id)
        if node.form == "label":
            return cmd.FinishLabelling(run.number, node.id)
        if node.form == "decide" and run.decision is None:
            option = rng.choice(OPTIONS)
            return cmd.Decide(run.number, node.id, option, "because", run.offer.evidence)
        if node.form == "approve":
            if rng.random() < 0.5:
                return cmd.Discard(run.number, node.id)
            return cmd.Approve(run.number, node.id, self.machine.state.champion or 0)
        return None

    # what the log says of people

    @property
    def stopped(self) -> set[tuple[int, str, int]]:
        """Every attempt that was open when somebody cancelled it, or its whole run."""
        return {(run, *one) for run in self.machine.state.runs for one in self.facts(run).stopped}

    def facts(self, run: int) -> Facts:
        """What people did in a run."""
        facts = Facts()
        self.before(run, facts)
        view = self.machine.state.runs[run]
        facts.code = view.code
        facts.action = view.decision.action if view.decision else ""
        facts.approved = any(version.run == run for version in self.machine.state.versions.values())
        return facts

    def before(self, run: int, facts: Facts) -> dict[str, tuple[str, int, bool]] | None:
        """How the nodes stood at the run's last cancellation that no retry followed, if any."""
        state = SessionState()
        found: dict[str, tuple[str, int, bool]] | None = None
        for event in self.committed:
            fact = event.fact
            if isinstance(fact, ev.CancelAsked) and fact.run == run:
                nodes = state.runs[run].nodes.values()
                facts.stopped |= {
                    (node.id, node.attempts[-1].number)
                    for node in nodes
                    if fact.node in (None, node.id) and _is_open(node)
                }
                if fact.node is None:
                    found = {
                        node.id: (node.state, len(node.attempts), _is_open(node)) for node in nodes
                    }
            if isinstance(fact, ev.RetryAsked) and fact.run == run:
                found = None
            fold(state, event)
        return found


def _is_open(node: NodeView) -> bool:
    return bool(node.attempts) and node.attempts[-1].state not in ATTEMPT_ENDED
