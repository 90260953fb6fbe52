"""A seeded world around the real state machine: engine, disk, clients, crashes.

Everything random comes from one seed, so a failing schedule replays. What the world keeps over a
crash is only what a real one keeps: the committed events, the engine's attempts, the cache, the
clients.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scanflow_tui.contract import commands as cmd
from scanflow_tui.contract.errors import InputError
from scanflow_tui.contract.evidence import (
    Finding,
    Gate,
    Option,
    OptionEvidence,
    Options,
    QueueEntry,
    Table,
)
from scanflow_tui.contract.limits import QUEUE_EVENT_ENTRIES_MAX
from scanflow_tui.engine.protocol import (
    Absent,
    Accepted,
    Capacity,
    Exited,
    Lost,
    Observation,
    Running,
    StartRefused,
    StartUnknown,
)
from scanflow_tui.labels.files import label_files
from scanflow_tui.session.events import Artifact, Event, SessionOpened
from scanflow_tui.session.folds import replay
from scanflow_tui.supervisor.loop import take_at_once
from scanflow_tui.supervisor.machine import effects as fx
from scanflow_tui.supervisor.machine import stimuli as st
from scanflow_tui.supervisor.machine.advance import Machine, Turn, advance, next_due, open_attempts
from scanflow_tui.workflow.lint import read
from scanflow_tui.workflow.plan import PlanFacts, plan

OWNER = "human:u1000"
OTHER = "human:u1001"

PIPELINE = (Path(__file__).parent / "pipeline.yaml").read_text(encoding="utf-8")


TWO_CORES = Capacity(2.0, None)


@dataclass
class Attempt:
    """What the engine holds of an attempt: it survives every crash of the supervisor."""

    state: str = "running"
    exited: Exited | None = None
    n_runs: int = 1


@dataclass
class Client:
    """A client: it repeats a command with the same id until it is answered."""

    name: str
    actor: str
    counter: int = 0
    waiting: dict[str, cmd.Command] = field(default_factory=dict)
    acknowledged: dict[str, tuple[cmd.Command, int]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


class World:
    """The shell, the engine and the people of one schedule."""

    def __init__(self, seed: int, pipeline: str = PIPELINE, budget: Capacity = TWO_CORES) -> None:
        self.pipeline = pipeline
        self.budget = budget
        self.random = random.Random(seed)
        self.seed = seed
        self.at = 1_000_000
        self.committed: list[Event] = []
        self.engine: dict[str, Attempt] = {}
        self.cache: dict[str, tuple[dict[str, Artifact], dict[str, Any], str]] = {}
        self.pending: list[st.Stimulus] = []
        self.uncommitted: list[Turn] = []
        self.disk_full = False
        self.calm = False
        self.n_crashes = 0
        self.n_artifacts = 0
        self.evidence: dict[str, st.Evidence] = {}
        self.clients = [Client("c1", OWNER), Client("c2", OTHER), Client("c3", OWNER)]
        opened = SessionOpened("01J0", "sim", "json-sorted-ascii-1", "0", "", "", "fake")
        self.committed.append(Event(0, self.at, "supervisor", opened))
        self.machine = self._machine()
        self.feed(st.Opened(1, "fake", "asked for"))

    def _machine(self) -> Machine:
        return Machine(replay(self.committed), self.budget, OWNER)

    # what the shell does

    def feed(self, stimulus: st.Stimulus) -> None:
        """One stimulus: a turn, its commit (or a full disk), then its effects."""
        self.at += self.random.randrange(1, 50_000)
        salt = self.random.randbytes(16)
        turn = advance(self.machine, stimulus, at=self.at, salt=salt)
        for effect in take_at_once(turn, self.committed[-1].seq if self.committed else 0):
            self.carry(effect)
        self.uncommitted.append(turn)
        self.commit()

    def commit(self) -> None:
        if self.disk_full:
            return
        turns, self.uncommitted = self.uncommitted, []
        for turn in turns:
            self.committed.extend(turn.events)
        for turn in turns:
            for effect in turn.effects:
                self.carry(effect)

    def crash(self) -> None:
        """kill -9: all that is not committed is gone, and so are answers on their way."""
        self.n_crashes += 1
        self.pending.clear()
        self.uncommitted.clear()
        self.machine = self._machine()
        self.feed(st.Opened(self.n_crashes + 1, "fake", "asked for", "a crash"))

    def step(self) -> None:
        """One thing happens, by chance."""
        if self.disk_full and self.random.random() < 0.2:
            self.disk_full = False
            self.commit()
        roll = self.random.random()
        if self.calm:
            roll = roll * 0.9
        if roll < 0.45 and self.pending:
            self.deliver()
        elif roll < 0.65:
            self.observe()
        elif roll < 0.75:
            self.engine_goes_on()
        elif roll < 0.90:
            self.people()
        elif roll < 0.94:
            self.feed(st.Ticked())
        elif roll < 0.97:
            self.disk_full = not self.disk_full
        elif self.committed:
            self.crash()
        if next_due(self.machine) is not None:
            self.at += 2_000_000
            if self.random.random() < 0.3:
                self.feed(st.Ticked())

    def deliver(self) -> None:
        index = self.random.randrange(len(self.pending))
        stimulus = self.pending.pop(index)
        self.feed(stimulus)
        if not self.calm and self.random.random() < 0.1:
            self.feed(stimulus)

    def observe(self) -> None:
        """The engine is asked; answers may come twice, late, or not at all."""
        names = list(open_attempts(self.machine))
        if not names:
            return
        name = self.random.choice(names)
        seen = self.sight(name)
        if not self.calm and self.random.random() < 0.1:
            return
        if not self.calm and self.random.random() < 0.2:
            self.pending.append(st.Observed(name, seen))
            return
        self.feed(st.Observed(name, seen))

    def sight(self, name: str) -> Observation:
        attempt = self.engine.get(name)
        if attempt is None:
            return Absent()
        if attempt.state == "lost":
            return Lost("its heartbeat stood still")
        if attempt.exited is not None:
            return attempt.exited
        return Running(1)

    def engine_goes_on(self) -> None:
        running = [name for name, item in self.engine.items() if item.state == "running"]
        if not running:
            return
        item = self.engine[self.random.choice(running)]
        roll = self.random.random()
        if not self.calm and roll < 0.08:
            item.state = "lost"
        else:
            code = 0 if self.calm or roll < 0.8 else 3
            item.state = "exited"
            item.exited = Exited(code, None, 1, 2_000_001)

    # what people do

    def people(self) -> None:
        client = self.random.choice(self.clients)
        if client.waiting and self.random.random() < 0.6:
            command_id = next(iter(client.waiting))
            self.feed(st.Commanded(command_id, client.actor, client.waiting[command_id]))
            return
        command = self.idea(client)
        if command is None or len(client.waiting) > 5:
            return
        command_id = f"{client.name}:{client.counter}"
        client.counter += 1
        client.waiting[command_id] = command
        if self.random.random() < 0.9:
            self.feed(st.Commanded(command_id, client.actor, command))

    def idea(self, client: Client) -> cmd.Command | None:
        state = self.machine.state
        asked = [
            (run, node)
            for run in state.runs.values()
            for node in run.nodes.values()
            if node.state == "needs_you"
        ]
        roll = self.random.random()
        if not state.runs and client.actor == OWNER:
            return cmd.StartRun()
        if roll < 0.10 and client.actor == OWNER and len(state.batches) < 4 and not self.calm:
            return cmd.AddBatch("/batch", "batch")
        if roll < 0.13 and not self.calm and state.runs:
            number = self.random.choice(list(state.runs))
            whole = self.random.random() < 0.6
            node_id = self.random.choice(list(state.runs[number].nodes))
            return cmd.Cancel(number, None if whole else node_id)
        failed = [
            (run.number, node.id)
            for run in state.runs.values()
            for node in run.nodes.values()
            if node.state in ("failed", "lost") and run.state == "failed"
        ]
        if roll < 0.25 and failed:
            number, name = self.random.choice(failed)
            whole = self.random.random() < 0.3
            code = self.random.choice(("frozen", "new", ""))
            return cmd.Retry(number, None if whole else name, code)
        if roll < 0.28 and state.champion is not None and not self.calm:
            return cmd.RollBack(state.champion)
        if not asked:
            if not state.versions and client.actor == OWNER and roll < 0.5:
                return cmd.StartRun()
            return None
        run, node = self.random.choice(asked)
        return answer_to(run, node, state.champion or 0, self.random, calm=self.calm)

    # effects

    def carry(self, effect: fx.Effect) -> None:
        """Carry an effect out on the world; its answer comes later."""
        match effect:
            case fx.Answer():
                self._answer(effect)
            case fx.IngestBatch():
                told = self._artifact()
                self.pending.append(
                    st.BatchStored(effect.command, effect.actor, effect.name, told)
                    if self.calm or self.random.random() < 0.9
                    else st.BatchStored(
                        effect.command, effect.actor, effect.name, None, InputError("unreadable")
                    )
                )
            case fx.ReadCode():
                self.pending.append(self._code(effect))
            case fx.GatherPlan():
                self.pending.append(self._plan(effect))
            case fx.StartAttempt():
                self._start(effect)
            case fx.CancelAttempt():
                item = self.engine.get(effect.name)
                if item is not None and item.state == "running":
                    item.state = "exited"
                    item.exited = Exited(None, 15, 1, 2_000_001, cancelled=True)
            case fx.CollectAttempt():
                self.pending.append(self._collect(effect))
            case fx.AskCache():
                hit = self.cache.get(effect.key)
                outputs, values, origin = hit if hit else (None, {}, "")
                told_evidence = self.evidence.get(origin, st.Evidence())
                self.pending.append(
                    st.CacheAnswered(
                        effect.run, effect.node, effect.key, outputs, values, origin, told_evidence
                    )
                )
            case fx.KeepInCache():
                self.cache[effect.key] = (effect.outputs, effect.values, effect.origin)
            case fx.StoreHumanOutputs():
                outputs = {name: self._artifact() for name in effect.files}
                self.pending.append(st.HumanStored(effect.run, effect.node, outputs))
            case fx.StoreLabels():
                outputs = {name: self._artifact() for name in label_files(effect.said)}
                self.pending.append(st.HumanStored(effect.run, effect.node, outputs))
            case fx.IssueHead():
                self.pending.append(st.HeadWritten(self.committed[-1].seq, "00", "receipt"))
            case fx.ForgetAttempt() | fx.Stop():
                pass

    def _answer(self, effect: fx.Answer) -> None:
        client = next(item for item in self.clients if effect.command.startswith(item.name))
        if not self.calm and self.random.random() < 0.1:
            return  # the reply was lost
        command = client.waiting.pop(effect.command, None)
        if command is None:
            return
        if effect.error is not None:
            client.refused[effect.command] = effect.error.sentence()
        else:
            assert effect.seq is not None
            client.acknowledged[effect.command] = (command, effect.seq)

    def _start(self, effect: fx.StartAttempt) -> None:
        roll = self.random.random()
        if not self.calm and roll < 0.03 and effect.name not in self.engine:
            self.pending.append(st.StartAnswered(effect.name, StartRefused("no such program")))
            return
        if effect.name not in self.engine:
            self.engine[effect.name] = Attempt()
        if not self.calm and roll < 0.1:
            self.pending.append(st.StartAnswered(effect.name, StartUnknown("no reply")))
            return
        self.pending.append(st.StartAnswered(effect.name, Accepted("ref")))

    def _artifact(self) -> Artifact:
        self.n_artifacts += 1
        return Artifact(f"{self.n_artifacts:064x}", 1, 1)

    def _plan(self, effect: fx.GatherPlan) -> st.PlanGathered:
        graph = read(self.pipeline)
        facts = PlanFacts(
            code="code",
            package_version="0",
            environment="env",
            files={"data/train": "f" * 64},
            lookup=lambda key: None,
            previous=effect.previous,
        )
        made = plan(
            graph,
            facts,
            batch=effect.batch_artifact,
            champion=effect.champion_outputs if effect.champion is not None else None,
        )
        return st.PlanGathered(
            batch=effect.batch,
            command=effect.command,
            actor=effect.actor,
            replaces=effect.replaces,
            champion=effect.champion,
            text=self.pipeline,
            code="code",
            environment="env",
            files={"data/train": "f" * 64},
            plan=made,
        )

    def _code(self, effect: fx.ReadCode) -> st.CodeRead:
        """Somebody edited a step meanwhile, or did not."""
        asked = (effect.command, effect.actor, effect.run, effect.node, effect.choice)
        files, code = effect.files, effect.code
        changes: tuple[str, ...] = ()
        if self.random.random() < 0.3:
            changes, code = ("model.py",), f"code {self.random.randrange(9)}"
        return st.CodeRead(
            *asked, self.pipeline, code, effect.environment, files, changes, again=effect.again
        )

    def _collect(self, effect: fx.CollectAttempt) -> st.Collected:
        outputs: dict[str, Artifact] = {}
        problem = ""
        evidence = st.Evidence()
        values: dict[str, Any] = {}
        if effect.exited.code == 0:
            if not self.calm and self.random.random() < 0.05:
                problem = "wrote no output"
            else:
                outputs = {name: self._artifact() for name in effect.outputs}
                evidence, values = self._evidence(effect)
                self.evidence[effect.name] = evidence
        return st.Collected(effect.name, effect.exited, outputs, values, problem, evidence=evidence)

    def _evidence(self, effect: fx.CollectAttempt) -> tuple[st.Evidence, dict[str, Any]]:
        if effect.is_checker:
            verdict = self.random.choice(("clean", "drift", "drift"))
            finding = Finding(verdict, 20, 0.01, 0.5, "sim", 600, 0, 0.0)  # type: ignore[arg-type]
            queue = tuple(
                QueueEntry(f"s{i}", i, "repair" if i % 3 else "audit", False, 0.5, 0, 0.5)
                for i in range(5 if self.random.random() < 0.9 else QUEUE_EVENT_ENTRIES_MAX + 5)
            )
            return st.Evidence(finding, queue), {"verdict": verdict}
        if effect.is_planner:
            nothing = OptionEvidence(None, None, None, None)
            options = tuple(
                Option(action, action, action, {}, nothing)
                for action in ("retrain", "filter", "ignore")
            )
            return st.Evidence(options=Options(options, None, "undecided", "options", 3)), {}
        if effect.node == "evaluate":
            gate = Gate(self.random.random() < 0.7, ("it got worse",))
            return st.Evidence(table=Table((), gate, "retrain", "retrain")), {}
        return st.Evidence(), {}


def answer_to(
    run: Any, node: Any, champion: int, chance: random.Random, *, calm: bool
) -> cmd.Command:
    """What a person may answer to a human node that waits."""
    if node.form == "label":
        entry = chance.choice(run.check.queue)
        roll = chance.random()
        if roll < (0.6 if calm else 0.15):
            return cmd.FinishLabelling(run.number, node.id)
        if roll < 0.3:
            return cmd.UndoLabel(run.number, node.id, -1)
        if roll > 0.9:
            return cmd.KeepPlace(run.number, node.id, entry.id, drafted=entry.id, draft="perhaps")
        return cmd.GiveLabel(run.number, node.id, entry.id, "class", chance.randrange(3))
    if node.form == "decide" and chance.random() < 0.15:
        return cmd.ReopenLabelling(run.number, "label")
    if node.form == "decide":
        evidence = run.offer.evidence if chance.random() < 0.9 else "old"
        option = chance.choice(("retrain", "filter", "ignore"))
        return cmd.Decide(run.number, node.id, option, "because", evidence)
    if chance.random() < 0.3:
        return cmd.Discard(run.number, node.id)
    return cmd.Approve(run.number, node.id, champion)
