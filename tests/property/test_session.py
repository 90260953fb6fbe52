"""Folds, chain and export against sequences and changes that nobody thought of."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanflow_tui.session import chain, export, folds
from scanflow_tui.session import events as ev
from scanflow_tui.session.state import SessionState
from tests.unit.session.making import (
    ANNA,
    BORIS,
    ULID,
    drawn,
    found,
    label,
    numbered,
    opened,
    stored,
    undone,
)

RUNS = st.integers(1, 2)
NODES = st.sampled_from(["train", "label", "check"])
ATTEMPTS = st.integers(1, 3)
SAMPLES = st.sampled_from(["a", "b"])


def planned(run: int, verdict: str) -> ev.RunPlanned:
    nodes = tuple(ev.PlannedNode(node, verdict, "") for node in ("train", "label", "check"))
    return ev.RunPlanned(run, "b0001", None, "c", "e", {}, nodes)


def intended(run: int, node: str, attempt: int) -> ev.AttemptIntended:
    return ev.AttemptIntended(run, node, attempt, "sf", "k", {}, {}, {}, (), "")


def ended(run: int, node: str, attempt: int, state: Any) -> ev.AttemptEnded:
    return ev.AttemptEnded(run, node, attempt, state, 0, None, "", 1.0, None, {}, {})


def node_ended(run: int, node: str, state: Any) -> ev.NodeEnded:
    return ev.NodeEnded(run, node, state, {}, {})


ATTEMPT_STATES = st.sampled_from(["done", "failed", "lost", "cancelled", "running"])
FACTS = st.one_of(
    st.builds(planned, RUNS, st.sampled_from(["run", "cached", "skipped"])),
    st.builds(intended, RUNS, NODES, ATTEMPTS),
    st.builds(ev.AttemptQueued, RUNS, NODES, ATTEMPTS, st.just("busy")),
    st.builds(ev.AttemptStarted, RUNS, NODES, ATTEMPTS, st.integers(0, 9)),
    st.builds(ended, RUNS, NODES, ATTEMPTS, ATTEMPT_STATES),
    st.builds(ev.NodeSkipped, RUNS, NODES, st.just("")),
    st.builds(ev.PersonAsked, RUNS, NODES, st.just("label"), st.just("q"), st.just("")),
    st.builds(node_ended, RUNS, NODES, st.sampled_from(["done", "cancelled", "failed"])),
    st.builds(ev.RunEnded, RUNS, st.sampled_from(["done", "failed", "running"]), st.just("")),
    st.builds(ev.RetryAsked, RUNS, NODES),
    st.builds(ev.CancelAsked, RUNS, st.none() | NODES),
    st.builds(found, st.integers(0, 2), RUNS, st.sampled_from(["check", "other"])),
    st.builds(drawn, st.integers(0, 3), st.integers(0, 2), RUNS, st.sampled_from(["check", "x"])),
    st.builds(label, SAMPLES, st.integers(0, 9), st.none() | st.integers(0, 30)),
    st.builds(undone, SAMPLES, st.integers(0, 30)),
    st.builds(ev.ModelRolledBack, st.integers(1, 3), st.integers(1, 3), st.just("")),
    st.builds(ev.CommandRefused, *[st.just("x")] * 4, st.just(6)),
    st.builds(ev.Unknown, st.just("FromTomorrow"), st.just({})),
)
ACTORS = st.sampled_from([ANNA, BORIS, "supervisor"])
COMMANDS = st.none() | st.sampled_from(["u:0", "u:1", "u:700", "v:3", "", ":", "u:x"])
SEQUENCES = st.lists(st.tuples(FACTS, ACTORS, COMMANDS), max_size=60)


def counts(state: SessionState) -> list[tuple[int, int]]:
    """Active and asking nodes of every run, counted anew."""
    active = {"queued", "running", "retrying"}
    return [
        (
            sum(node.state in active for node in run.nodes.values()),
            sum(node.state == "needs_you" for node in run.nodes.values()),
        )
        for run in state.runs.values()
    ]


@given(SEQUENCES)
@settings(max_examples=300, deadline=None)
def test_a_fold_never_raises_and_its_counts_are_true(sequence: list[Any]) -> None:
    state = folds.replay(numbered(*sequence))
    assert [(run.n_active, run.n_needs) for run in state.runs.values()] == counts(state)
    assert folds.summary(state) and folds.word(state)
    assert {run for run, _, _ in folds.needs(state)} <= set(state.runs)


@given(SEQUENCES, st.integers(0, 60))
@settings(max_examples=100, deadline=None)
def test_a_snapshot_at_any_moment_leads_to_the_same_state(sequence: list[Any], at: int) -> None:
    events = numbered(*sequence)
    snapshot = msgspec.json.encode(folds.replay(events[:at]))
    state = msgspec.json.decode(snapshot, type=SessionState)
    for event in events[at:]:
        folds.fold(state, event)
    assert state == folds.replay(events)


@given(SEQUENCES)
@settings(max_examples=100, deadline=None)
def test_every_event_is_the_same_after_encoding(sequence: list[Any]) -> None:
    for event in numbered(*sequence):
        assert ev.decode(ev.encode(event)) == event
        assert ev.decode(ev.encode(event).decode("ascii")) == event


BODIES = st.sampled_from(
    [
        b'{"seq":1,"at":2,"kind":"LabelUndone","actor":"a","command":null,"version":1,"payload":%s}',
        b'{"actor":"\\"kind\\":\\"QueueDrawn\\"","at":2,"command":null,"kind":"LabelUndone",'
        b'"payload":%s,"seq":1,"version":1}',
        b'{"actor":"a","at":2,"command":null,"kind":"LabelUndone","payload":%s,"seq":1,"version":2}',
        b'{"actor":"a","at":2,"command":null,"kind":"LabelUndone","payload":%s,"seq":1}',
        b'{"payload":%s,"actor":{"kind":"MetricReported"},"at":2,"kind":"LabelUndone","seq":1}',
    ]
)
PAYLOADS = st.sampled_from(
    [
        b'{"node":"n","run":1,"sample":"s","undoes":3}',
        b'{"node":"n","run":1,"sample":"s","undoes":36893488147419103232}',
        b'{"node":"n","run":1,"sample":"s","undoes":3,"kind":"LabelGiven"}',
        b'{"node":"n","run":1,"sample":"s","undoes":"3"}',
        b'{"node":"n","run":1,"sample":"\\ud800","undoes":3}',
        b'{"node":"n","run":1,"sample":"s","undoes":NaN}',
        b'{"node":"n","run":1.0,"sample":"s","undoes":1}',
        b'{"more":[1],"node":"n","run":1,"sample":"s","undoes":3}',
    ]
)


@given(BODIES, PAYLOADS)
def test_decoding_in_one_go_comes_to_the_same_as_looking_closer(
    form: bytes, payload: bytes
) -> None:
    body = form % payload

    def looked(many: frozenset[Any]) -> object:
        ev._decoder.cache_clear()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ev, "MANY", many)
            try:
                return ev.decode(body)
            except (ValueError, KeyError, TypeError) as error:
                return type(error)
            finally:
                ev._decoder.cache_clear()

    assert looked(ev.MANY) == looked(frozenset())


@given(st.lists(st.tuples(SAMPLES, st.integers(0, 9)), min_size=1, max_size=20), st.data())
@settings(deadline=None)
def test_undoing_everything_leaves_no_label_and_redoing_all_brings_them_back(
    given_labels: list[tuple[str, int]], data: st.DataObject
) -> None:
    facts: list[Any] = [(label(sample, value), ANNA) for sample, value in given_labels]
    before = _values(facts)
    while (found := folds.undoable(_desk(facts), ANNA)) is not None:
        facts.append((undone(found.sample, found.seq), ANNA))
    assert _values(facts) == {}
    while (found := folds.redoable(_desk(facts), ANNA)) is not None:
        facts.append((label(found.sample, found.value or 0, found.seq), ANNA))
    assert _values(facts) == before


def _desk(facts: list[Any]) -> Any:
    return folds.replay(numbered(*facts)).desks["1.label"]


def _values(facts: list[Any]) -> dict[str, Any]:
    return {sample: by[ANNA].value for sample, by in _desk(facts).labels.items()}


@given(st.integers(0, 6), st.integers(0, 10_000), st.integers(1, 255))
@settings(deadline=None)
def test_any_changed_byte_of_a_body_names_its_event(seq: int, at: int, by: int) -> None:
    rows = stored(6)
    body = bytearray(rows[seq].body)
    body[at % len(body)] ^= by
    rows[seq] = rows[seq]._replace(body=bytes(body))
    assert chain.check(rows, ULID).bad_seq == seq
    assert chain.check(rows, None).bad_seq == seq


@given(st.permutations(range(7)))
def test_any_other_order_is_found(order: list[int]) -> None:
    rows = stored(6)
    verdict = chain.check([rows[seq] for seq in order], ULID)
    assert verdict.holds is (order == sorted(order))


@given(SEQUENCES)
@settings(max_examples=50, deadline=None)
def test_an_export_is_read_back_byte_for_byte(sequence: list[Any]) -> None:
    rows = chain.rows(numbered(opened(), *sequence), chain.first(ULID))
    lines = list(export.lines(rows))
    assert list(export.parse(lines)) == rows
    assert list(export.lines(export.parse(lines))) == lines
