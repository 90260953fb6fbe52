"""Trying again, by value: what is refused, what is asked first, what a run goes on with."""

from __future__ import annotations

from scanflow_tui.contract import commands as cmd
from scanflow_tui.engine.protocol import Absent, Capacity, Exited, Lost, Running
from scanflow_tui.session import events as ev
from scanflow_tui.session.state import SessionState
from scanflow_tui.supervisor.machine import effects as fx
from scanflow_tui.supervisor.machine import stimuli as st
from scanflow_tui.supervisor.machine.advance import advance
from scanflow_tui.supervisor.machine.resuming import no_node
from scanflow_tui.supervisor.machine.turn import Machine, Turn

OWNER = "human:u1"
PIPELINE = """scanflow: 1
nodes:
  a: {run: x, out: [o]}
  b: {run: y, in: {i: a.o}}
  c: {run: w}
"""
RENAMED = PIPELINE.replace("b:", "d:")
OTHER_OUTPUT = PIPELINE.replace("out: [o]", "out: [o, p]")
EDITED = PIPELINE.replace("run: y", "run: z")


class Small:
    """A machine with one run, in which ``a`` succeeded and ``b`` failed; ``c`` may go on."""

    def __init__(self, *, c_goes_on: bool = False, text: str = PIPELINE) -> None:
        self.machine = Machine(SessionState(), Capacity(2.0, None), OWNER)
        self.counter = 0
        turn = Turn(self.machine, 1, b"0" * 16)
        turn.emit(ev.SessionOpened("S", "s", "", "", "", "", ""))
        turn.emit(ev.PipelineRead(text))
        planned = tuple(ev.PlannedNode(node, "run", "first run") for node in "abc")
        turn.emit(ev.RunPlanned(1, None, None, "code", "env", {}, planned))
        self.turn = turn
        self.feed(st.Ticked())
        self.ends("a", 0)
        self.ends("b", 3)
        if not c_goes_on:
            self.ends("c", 0)

    @property
    def run(self):  # type: ignore[no-untyped-def]
        return self.machine.state.runs[1]

    def feed(self, stimulus: st.Stimulus) -> Turn:
        """One turn; the cache knows nothing."""
        turn = advance(self.machine, stimulus, at=10, salt=bytes(16))
        for effect in turn.effects:
            if isinstance(effect, fx.AskCache):
                self.feed(st.CacheAnswered(effect.run, effect.node, effect.key, None))
        return turn

    def ends(self, node: str, code: int) -> None:
        attempt = self.run.nodes[node].attempts[-1]
        outputs = {"o": ev.Artifact("e" * 64, 1, 1)} if node == "a" and not code else {}
        exited = Exited(code, None, 1, 2)
        self.feed(st.Observed(attempt.name, exited))
        self.feed(st.Collected(attempt.name, exited, outputs, {}))

    def give(self, command: cmd.Command) -> Turn:
        self.counter += 1
        return self.feed(st.Commanded(f"c:{self.counter}", OWNER, command))

    def found(self, turn: Turn, *, text: str = PIPELINE, code: str = "code") -> Turn:
        """The shell's answer to the question that this turn asked."""
        asked = next(item for item in turn.effects if isinstance(item, fx.ReadCode))
        changes = () if (text, code) == (PIPELINE, "code") else ("model.py",)
        told = (asked.command, asked.actor, asked.run, asked.node, asked.choice)
        return self.feed(st.CodeRead(*told, text, code, "env", {}, changes))


def refusal(turn: Turn) -> str:
    answer = next(effect for effect in turn.effects if isinstance(effect, fx.Answer))
    return answer.error.sentence() if answer.error else ""


def test_the_run_failed_and_kept_what_succeeded() -> None:
    small = Small()
    assert small.run.state == "failed"
    assert small.run.nodes["a"].state == "done"


def test_a_look_that_began_before_the_end_and_is_told_after_it_changes_nothing() -> None:
    small = Small(c_goes_on=True)
    attempt = small.run.nodes["c"].attempts[-1]
    exited = Exited(0, None, 1, 2)
    small.feed(st.Observed(attempt.name, exited))
    for late in (Absent(), Lost("gone"), Running(1)):
        small.feed(st.Observed(attempt.name, late))
        assert attempt.state == "running"
    small.feed(st.Collected(attempt.name, exited, {}, {}))
    assert attempt.state == "done"


def test_all_that_failed_is_named() -> None:
    small = Small(c_goes_on=True)
    assert small.run.state == "running"
    small.ends("c", 4)
    assert small.run.state == "failed"
    assert small.run.reason.startswith("node b: ") and small.run.reason.endswith("; c failed too")


def test_a_node_that_is_a_foreach_is_refused_with_its_nodes() -> None:
    small = Small()
    small.machine.graphs.clear()
    small.machine.state.pipelines[0] = PIPELINE.replace("c: {", "c: {foreach: {n: [1, 2]}, ")
    said = no_node(small.turn, small.run, "c").sentence()
    assert said == "run 1 has no node 'c'; it stands for c_1 and c_2; name one of them"


def test_what_was_intended_ahead_of_its_room_is_cancelled_without_the_engine() -> None:
    small = Small(c_goes_on=True)
    name = small.run.nodes["c"].attempts[-1].name
    small.machine.asked.discard(("start", name))  # as where it was intended and had no room yet
    turn = small.give(cmd.Cancel(1, "c"))
    assert not any(isinstance(effect, fx.CancelAttempt) for effect in turn.effects)
    assert small.run.nodes["c"].state == "cancelled"


def test_what_was_intended_in_an_earlier_life_is_cancelled_by_the_engine() -> None:
    small = Small(c_goes_on=True)
    small.machine.asked.clear()
    small.machine.intents.clear()
    turn = small.give(cmd.Cancel(1, "c"))
    assert any(isinstance(effect, fx.CancelAttempt) for effect in turn.effects)


def test_a_retry_with_the_same_code_has_a_new_attempt_and_repeats_nothing() -> None:
    small = Small()
    small.found(small.give(cmd.Retry(1, "b")))
    assert small.run.state == "running"
    assert [len(small.run.nodes[node].attempts) for node in "ab"] == [1, 2]


def test_changed_code_is_said_and_nothing_is_tried() -> None:
    small = Small()
    said = refusal(small.found(small.give(cmd.Retry(1, "b")), code="other"))
    assert "model.py changed since run 1 was planned" in said and "--code new" in said
    assert small.run.state == "failed" and small.run.code == "code"


def test_frozen_code_is_used_without_a_look_at_the_folder() -> None:
    small = Small()
    turn = small.give(cmd.Retry(1, "b", "frozen"))
    assert not any(isinstance(effect, fx.ReadCode) for effect in turn.effects)
    assert small.run.state == "running" and small.run.code == "code"


def test_new_code_is_recorded_and_used_for_what_did_not_succeed() -> None:
    small = Small()
    turn = small.found(small.give(cmd.Retry(1, "b", "new")), code="other", text=EDITED)
    assert any(isinstance(event.fact, ev.RunResumed) for event in turn.events)
    attempt = small.run.nodes["b"].attempts[-1]
    assert attempt.argv == ("z",) and "new model.py" in attempt.reason
    assert small.run.code == "other" and len(small.run.nodes["a"].attempts) == 1


def test_new_code_with_other_nodes_is_refused() -> None:
    small = Small()
    turn = small.found(small.give(cmd.Retry(1, "b", "new")), code="other", text=RENAMED)
    assert "other nodes than run 1 (new: d; gone: b)" in refusal(turn)


def test_new_code_that_makes_something_else_is_refused() -> None:
    small = Small()
    turn = small.found(small.give(cmd.Retry(1, "b", "new")), text=OTHER_OUTPUT)
    assert "node a of run 1 made o and is another node now" in refusal(turn)


def test_a_pipeline_that_cannot_be_read_is_refused_and_frozen_is_named() -> None:
    small = Small()
    turn = small.give(cmd.Retry(1, "b", "new"))
    assert refusal(small.found(turn, text="nodes: [")) and small.run.state == "failed"


def test_new_code_is_refused_while_something_runs() -> None:
    small = Small(c_goes_on=True)
    turn = small.found(small.give(cmd.Retry(1, "b", "new")), code="other")
    assert "run 1 still runs" in refusal(turn) and small.run.code == "code"


def test_frozen_code_may_be_tried_again_while_something_runs() -> None:
    small = Small(c_goes_on=True)
    small.give(cmd.Retry(1, "b", "frozen"))
    assert len(small.run.nodes["b"].attempts) == 2


def test_without_a_node_all_that_ended_badly_is_tried_again() -> None:
    small = Small()
    small.give(cmd.Retry(1, None, "frozen"))
    assert [len(small.run.nodes[node].attempts) for node in "ab"] == [1, 2]


def test_a_cancelled_run_is_resumed() -> None:
    small = Small()
    small.give(cmd.Retry(1, None, "frozen"))
    small.give(cmd.Cancel(1))
    name = small.run.nodes["b"].attempts[-1].name
    exited = Exited(None, 15, 1, 2, cancelled=True)
    small.feed(st.Observed(name, exited))
    small.feed(st.Collected(name, exited, {}, {}))
    assert small.run.state == "cancelled"
    small.give(cmd.Retry(1, None, "frozen"))
    assert small.run.state == "running" and len(small.run.nodes["b"].attempts) == 3


def test_what_did_not_fail_is_not_tried_again() -> None:
    small = Small()
    assert "did not fail: done" in refusal(small.give(cmd.Retry(1, "a")))
    assert "has no node 'z'" in refusal(small.give(cmd.Retry(1, "z")))
    assert "there is no run 7" in refusal(small.give(cmd.Retry(7)))
    assert "'frozen' or 'new'" in refusal(small.give(cmd.Retry(1, "b", "old")))


def test_a_second_answer_about_the_folder_changes_nothing() -> None:
    small = Small()
    turn = small.give(cmd.Retry(1, "b", "new"))
    small.found(turn, code="other", text=EDITED)
    before = small.machine.state.seq
    small.found(turn, code="third", text=EDITED)
    assert small.machine.state.seq == before


def test_what_was_made_is_made_again_with_all_that_hangs_on_it() -> None:
    small = Small()
    turn = small.give(cmd.Retry(1, "a", "frozen", again=True))
    asked = next(event.fact for event in turn.events if isinstance(event.fact, ev.RetryAsked))
    assert asked.resets == ("a", "b")
    assert small.run.nodes["a"].attempts[-1].reason == "a person wants it made again"
    assert small.run.nodes["b"].state == "waiting" and not small.run.nodes["a"].outputs
    assert [len(small.run.nodes[node].attempts) for node in "abc"] == [2, 1, 1]


def test_what_is_made_again_does_not_come_from_the_cache_until_it_was_made() -> None:
    small = Small()
    turn = small.give(cmd.Retry(1, "a", "frozen", again=True))
    assert not any(isinstance(effect, fx.AskCache) for effect in turn.effects)
    assert small.run.nodes["a"].is_forced
    small.ends("a", 0)
    assert not small.run.nodes["a"].is_forced


def test_what_hangs_on_it_must_not_run_when_it_is_made_again() -> None:
    small = Small()
    small.give(cmd.Retry(1, "b", "frozen"))
    said = refusal(small.give(cmd.Retry(1, "a", "frozen", again=True)))
    assert "node b, which hangs on a, still runs" in said


def test_again_needs_a_node_that_was_made() -> None:
    small = Small(c_goes_on=True)
    assert "--again needs a node" in refusal(small.give(cmd.Retry(1, None, "frozen", again=True)))
    said = refusal(small.give(cmd.Retry(1, "c", "frozen", again=True)))
    assert "was not made" in said


def test_a_done_node_that_is_tried_again_is_told_how() -> None:
    small = Small()
    assert "scanflow retry a --again" in refusal(small.give(cmd.Retry(1, "a")))


def test_a_second_cancel_does_not_forget_the_first() -> None:
    small = Small(c_goes_on=True)
    small.give(cmd.Cancel(1, "c"))
    small.give(cmd.Cancel(1))
    name = small.run.nodes["c"].attempts[-1].name
    small.feed(st.Observed(name, Exited(3, None, 1, 2)))
    small.feed(st.Collected(name, Exited(3, None, 1, 2), {}, {}))
    assert small.run.nodes["c"].attempts[-1].cancel_asked


def test_a_node_cancelled_before_its_next_try_ends_the_run_at_once() -> None:
    small = Small(text=PIPELINE.replace("run: y,", "run: y, limits: {retries: 1},"))
    assert small.run.nodes["b"].attempts[-1].not_before > 10 and small.run.state == "running"
    small.give(cmd.Cancel(1, "b"))
    assert small.run.nodes["b"].state == "cancelled" and small.run.state == "failed"
