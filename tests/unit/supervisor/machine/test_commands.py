"""Commands against the machine, by value: a calm world walks to a human node, then one is given."""

from __future__ import annotations

from scanflow_tui.contract import commands as cmd
from scanflow_tui.session import events as ev
from scanflow_tui.supervisor.machine.advance import advance
from scanflow_tui.supervisor.machine.effects import Answer
from scanflow_tui.supervisor.machine.stimuli import Commanded, Opened
from scanflow_tui.supervisor.machine.turn import Turn
from tests.simulator.world import OTHER, OWNER, World


class Calm(World):
    """A world without accidents, in which every checked batch has drifted and every gate passes."""

    def __init__(self, form: str) -> None:
        super().__init__(1)
        self.calm = True
        self.give(cmd.StartRun(), "c3:0")
        self.settle()
        self.give(cmd.AddBatch("/batch", "batch"), "c3:1")
        while True:
            self.settle()
            run, node = self.asked()
            if node.form == form:
                return
            if node.form == "label":
                self.give(cmd.FinishLabelling(run.number, node.id), f"c3:{self.at}")
            else:
                evidence = run.offer.evidence
                self.give(
                    cmd.Decide(run.number, node.id, "retrain", "why", evidence), f"c3:{self.at}"
                )

    def give(self, command: cmd.Command, command_id: str, actor: str = OWNER) -> Turn:
        turn = advance(
            self.machine, Commanded(command_id, actor, command), at=self.at, salt=bytes(16)
        )
        self.committed.extend(turn.events)
        for effect in turn.effects:
            if not isinstance(effect, Answer):
                self.carry(effect)
        return turn

    def settle(self) -> None:
        """Deliver everything and let every step succeed, until only a person can go on."""
        for _ in range(400):
            if self.pending:
                self.feed(self.pending.pop(0))
            else:
                self.engine_goes_on()
                self.observe()

    def asked(self):  # type: ignore[no-untyped-def]
        for run in self.machine.state.runs.values():
            for node in run.nodes.values():
                if node.state == "needs_you":
                    return run, node
        raise AssertionError("nobody is asked")

    def _evidence(self, effect):  # type: ignore[no-untyped-def]
        self.random.choice = lambda options: options[-1]  # type: ignore[method-assign]
        self.random.random = lambda: 0.5  # type: ignore[method-assign]
        return super()._evidence(effect)


def answer(turn: Turn) -> Answer:
    return next(effect for effect in turn.effects if isinstance(effect, Answer))


def label(run: int, sample: str, value: int | None = 1) -> cmd.GiveLabel:
    return cmd.GiveLabel(run, "label", sample, "class", value)


def test_a_label_is_given_once_however_often_it_is_sent() -> None:
    world = Calm("label")
    run, _ = world.asked()
    first = answer(world.give(label(run.number, "s0"), "c1:0"))
    again = world.give(label(run.number, "s0"), "c1:0")
    assert again.events == []
    assert answer(again).seq == first.seq


def test_a_refusal_is_remembered_and_repeated() -> None:
    world = Calm("label")
    run, _ = world.asked()
    first = world.give(label(run.number, "nobody"), "c1:0")
    assert [event.kind for event in first.events] == ["CommandRefused"]
    again = world.give(label(run.number, "nobody"), "c1:0")
    assert again.events == []
    assert str(answer(again).error) == str(answer(first).error)


def test_a_class_that_is_none_is_refused() -> None:
    world = Calm("label")
    run, _ = world.asked()
    turn = world.give(label(run.number, "s0", 7), "c1:0")
    assert "not one of the 3 classes" in str(answer(turn).error)


def test_a_rejected_guess_is_recorded_and_counted_apart() -> None:
    world = Calm("label")
    run, _ = world.asked()
    command = cmd.GiveLabel(run.number, "label", "s0", "rejected", 1, key="-", view="single")
    turn = world.give(command, "c1:0")
    fact = turn.events[0].fact
    assert isinstance(fact, ev.LabelGiven)
    assert (fact.label_kind, fact.value, fact.key, fact.view) == ("rejected", 1, "-", "single")
    ended = world.give(cmd.FinishLabelling(run.number, "label"), "c1:1").events[0].fact
    assert isinstance(ended, ev.LabellingFinished)
    assert (ended.n_rejected, ended.n_labelled) == (1, 0)


def test_what_was_on_screen_is_a_few_words() -> None:
    world = Calm("label")
    run, _ = world.asked()
    command = cmd.GiveLabel(run.number, "label", "s0", "class", 1, view="x" * 201)
    assert "at most 200 characters" in str(answer(world.give(command, "c1:0")).error)


def test_undo_takes_back_only_ones_own_latest() -> None:
    world = Calm("label")
    run, _ = world.asked()
    world.give(label(run.number, "s0"), "c1:0", OWNER)
    turn = world.give(cmd.UndoLabel(run.number, "label", -1), "c2:0", OTHER)
    assert "no label of yours" in str(answer(turn).error)
    turn = world.give(cmd.UndoLabel(run.number, "label", -1), "c1:1", OWNER)
    assert isinstance(turn.events[0].fact, ev.LabelUndone)


def test_a_decision_on_old_evidence_is_refused() -> None:
    world = Calm("decide")
    run, _ = world.asked()
    turn = world.give(cmd.Decide(run.number, "decide", "retrain", "why", "old"), "c1:0")
    assert "other options are in force" in str(answer(turn).error)


def test_a_decision_needs_a_reason() -> None:
    world = Calm("decide")
    run, _ = world.asked()
    turn = world.give(cmd.Decide(run.number, "decide", "retrain", "  ", run.offer.evidence), "c1:0")
    assert "needs a reason" in str(answer(turn).error)


def test_a_reason_stands_beside_the_log_not_in_it() -> None:
    world = Calm("decide")
    run, _ = world.asked()
    command = cmd.Decide(run.number, "decide", "retrain", "secret words", run.offer.evidence)
    turn = world.give(command, "c1:0")
    assert all(b"secret" not in ev.encode(event) for event in turn.events)
    assert turn.contents[0].data == b"secret words"


def test_a_promotion_compares_with_what_is_in_production() -> None:
    world = Calm("approve")
    run, node = world.asked()
    turn = world.give(cmd.Approve(run.number, node.id, 7), "c1:0")
    assert "scanflow run --batch" in str(answer(turn).error)
    turn = world.give(cmd.Approve(run.number, node.id, 1), "c1:1")
    assert any(isinstance(event.fact, ev.ModelPromoted) for event in turn.events)
    assert world.machine.state.champion == 2


def test_roll_back_is_one_act() -> None:
    world = Calm("approve")
    run, node = world.asked()
    world.give(cmd.Approve(run.number, node.id, 1), "c1:0")
    world.give(cmd.RollBack(2), "c1:1")
    assert world.machine.state.champion == 1


def test_only_the_owner_starts_and_cancels() -> None:
    world = Calm("label")
    turn = world.give(cmd.StartRun(), "c2:0", OTHER)
    assert "the owner's" in str(answer(turn).error)


def test_the_limits_that_do_not_hold_here_are_recorded() -> None:
    world = World(1)
    opened = Opened(1, "process", "asked for", unheld=("memory", "pids"))
    turn = advance(world.machine, opened, at=world.at, salt=bytes(16))
    assert isinstance(turn.events[0].fact, ev.SupervisorStarted)
    assert turn.events[0].fact.unheld == ("memory", "pids")
