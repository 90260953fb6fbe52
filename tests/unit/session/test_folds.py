"""Folds of runs, nodes, attempts, versions and clients."""

from __future__ import annotations

import msgspec
import pytest

from scanflow_tui.contract.limits import REPLIES_KEPT_PER_CLIENT
from scanflow_tui.session import events as ev
from scanflow_tui.session import folds
from scanflow_tui.session.state import SessionState
from tests.unit.session.making import (
    ANNA,
    ULID,
    drawn,
    ended,
    entries,
    folded,
    found,
    intended,
    label,
    numbered,
    opened,
    planned,
)

ASKED = ev.PersonAsked(1, "label", "label", "q", "70 samples")


def test_every_kind_of_event_has_a_fold() -> None:
    assert set(folds.FOLDERS) == set(ev.KINDS.values())


def test_a_session_knows_its_id() -> None:
    assert folded(opened()).session == ULID


def test_a_node_planned_skipped_is_skipped() -> None:
    state = folded(planned(train="run", check="skipped"))
    assert {node.id: node.state for node in state.runs[1].nodes.values()} == {
        "train": "waiting",
        "check": "skipped",
    }


@pytest.mark.parametrize("outcome", ["done", "failed", "doubt", "lost", "timed_out", "cancelled"])
def test_the_outcome_of_the_last_attempt_is_the_nodes(outcome: str) -> None:
    state = folded(planned(train="run"), intended("train"), ended("train", outcome))
    assert state.runs[1].nodes["train"].state == outcome


def test_outputs_are_taken_from_success_alone() -> None:
    facts = (planned(train="run"), intended("train"))
    assert folded(*facts, ended("train")).runs[1].nodes["train"].outputs
    assert not folded(*facts, ended("train", "failed")).runs[1].nodes["train"].outputs


def test_a_second_attempt_is_a_retry() -> None:
    state = folded(
        planned(train="run"), intended("train"), ended("train", "failed"), intended("train", 2)
    )
    assert state.runs[1].nodes["train"].state == "retrying"


def test_a_retry_may_end_before_its_start_was_seen() -> None:
    facts = (planned(train="run"), intended("train"), ended("train", "failed"))
    state = folded(*facts, intended("train", 2), ended("train", attempt=2))
    assert state.runs[1].nodes["train"].state == "done"


def test_an_outcome_told_twice_changes_nothing() -> None:
    facts = (planned(train="run"), intended("train"), ended("train"))
    assert folded(*facts, ended("train", "failed")).runs == folded(*facts).runs


def test_a_late_outcome_of_an_old_attempt_leaves_the_node_alone() -> None:
    facts = (planned(train="run"), intended("train"), intended("train", 2))
    assert folded(*facts, ended("train")).runs[1].nodes["train"].state == "retrying"


def test_why_an_attempt_died_is_added_to_what_was_known() -> None:
    facts = (planned(train="run"), intended("train"), ended("train", "failed"))
    state = folded(*facts, ev.AttemptExplained(1, "train", 1, "out of memory"))
    assert state.runs[1].nodes["train"].attempts[0].outcome == "exit code 3: out of memory"


def test_a_run_with_a_question_and_nothing_active_needs_a_person() -> None:
    state = folded(planned(label="run"), ASKED)
    assert state.runs[1].state == "needs_you"
    assert folds.needs(state) == [(1, "label", "label")]


def test_a_run_that_works_beside_a_question_is_running() -> None:
    state = folded(planned(label="run", base="run"), ASKED, intended("base"))
    assert state.runs[1].state == "running"
    assert folds.needs(state) == [(1, "label", "label")]


def test_the_first_run_that_asks_holds_the_conversation_until_it_ends() -> None:
    facts = (planned(label="run"), ASKED)
    assert folds.open_conversation(folded(*facts)) == 1
    assert folds.open_conversation(folded(*facts, ev.RunEnded(1, "done", ""))) is None


def test_a_conversation_stays_open_between_two_questions() -> None:
    answered = ev.NodeEnded(1, "label", "done", {}, {})
    state = folded(planned(label="run", plan="run"), ASKED, answered, intended("plan"))
    assert folds.open_conversation(state) == 1


def test_retrying_a_node_of_a_failed_run_opens_the_run() -> None:
    state = folded(
        planned(train="run"),
        intended("train"),
        ended("train", "failed"),
        ev.RunEnded(1, "failed", "train failed"),
        ev.RetryAsked(1, "train"),
    )
    assert (state.runs[1].state, state.runs[1].nodes["train"].state) == ("running", "retrying")


def test_a_run_that_is_over_does_not_end_again() -> None:
    facts = (planned(train="run"), ev.RunEnded(1, "cancelled", "by hand"))
    assert folded(*facts, ev.RunEnded(1, "done", "")).runs[1].state == "cancelled"


def test_rolling_back_changes_the_champion_and_keeps_both_versions() -> None:
    state = folded(
        ev.ModelPromoted(1, 1, "train", {}, None, "", "train"),
        ev.ModelPromoted(2, 2, "retrain", {}, 1, "", "retrain"),
        ev.ModelRolledBack(1, 2, ""),
    )
    assert (state.champion, sorted(state.versions)) == (1, [1, 2])
    assert state.champion_history == [(0, 1), (1, 2), (2, 1)]


def test_a_commands_reply_is_its_last_event() -> None:
    state = folded((label("s1"), ANNA, "u:0"), (label("s2"), ANNA, "u:0"))
    assert state.clients["u"].replies == {0: 1}


def test_a_refusal_is_kept_for_the_client_that_repeats() -> None:
    refused = ev.CommandRefused("Decide", "too late", "run 1", "look again", 6)
    state = folded((refused, ANNA, "u:4"))
    assert state.clients["u"].refusals == {4: ("too late", "run 1", "look again", 6)}


def test_the_newest_256_replies_are_kept() -> None:
    state = folded(*((label("s"), ANNA, f"u:{counter}") for counter in range(1000)))
    replies = state.clients["u"].replies
    assert sorted(replies) == list(range(1000 - REPLIES_KEPT_PER_CLIENT, 1000))
    assert state.clients["u"].highest == 999


def test_a_leap_of_the_counter_drops_the_old_replies() -> None:
    state = folded((label("s"), ANNA, "u:1"), (label("s"), ANNA, "u:5000"))
    assert sorted(state.clients["u"].replies) == [5000]


def test_a_command_id_that_is_none_is_passed_over() -> None:
    assert (
        folded((label("s"), ANNA, "u:²"), (label("s"), ANNA, "u:"), (label("s"), ANNA, "")).clients
        == {}
    )


def test_an_unknown_event_is_counted_and_changes_nothing() -> None:
    state = folded(opened(), ev.Unknown("FromTomorrow", {"x": 1}))
    assert (state.unknown, state.seq, state.session) == (1, 1, ULID)


def test_facts_about_a_run_that_is_not_there_change_nothing() -> None:
    state = folded(opened(), intended("train"), ended("train"), ASKED, ev.RunEnded(1, "done", ""))
    assert state.runs == {}


def test_folding_in_two_parts_gives_the_same_as_a_snapshot_between() -> None:
    facts = (opened(), planned(label="run"), ASKED, (label("s1"), ANNA, "u:0"))
    first, *rest = numbered(*facts)
    state = folds.replay([first])
    again = msgspec.json.decode(msgspec.json.encode(state), type=SessionState)
    for event in rest:
        folds.fold(again, event)
    assert again == folded(*facts)


STARTED = ev.AttemptStarted(1, "train", 1, 5)


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        ((opened(),), "nothing yet"),
        ((planned(label="run"), ASKED), "run 1 needs you: label samples at label"),
        ((planned(train="run"), intended("train")), "run 1: train queued"),
        ((planned(train="run"), intended("train"), STARTED), "run 1: train running"),
        ((planned(train="run"), ev.RunEnded(1, "failed", "x")), "run 1 failed"),
    ],
)
def test_the_summary_is_one_line(facts: tuple[ev.Fact, ...], line: str) -> None:
    assert folds.summary(folded(*facts)) == line


def test_a_queue_grows_with_what_is_drawn_after_its_check() -> None:
    state = folded(planned(check="run"), found(2), drawn(2, 3), drawn(5, 1))
    check = state.runs[1].check
    assert check is not None and check.queue == entries(0, 6)
    assert set(check.thumbnails) == {"s00000", "s00002", "s00005"}


def test_drawing_more_leaves_the_events_as_they_were() -> None:
    first = found(2)
    folded(planned(check="run"), first, drawn(2, 3))
    assert set(first.thumbnails) == {"s00000"}


def test_a_check_that_is_made_anew_begins_its_queue_anew() -> None:
    state = folded(planned(check="run"), found(2), drawn(2, 3), found(1), drawn(7, 2))
    check = state.runs[1].check
    assert check is not None
    assert [entry.index for entry in check.queue] == [0, 7, 8]


@pytest.mark.parametrize("stray", [drawn(2, 1, run=2), drawn(2, 1, node="other")])
def test_what_is_drawn_for_no_check_changes_no_queue(stray: ev.QueueDrawn) -> None:
    assert folded(planned(check="run"), stray).runs[1].check is None
    check = folded(planned(check="run"), found(2), stray).runs[1].check
    assert check is not None and check.queue == entries(0, 2)
