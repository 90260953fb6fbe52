"""The hash chain and its verdicts."""

from __future__ import annotations

import hashlib

import pytest

from scanflow_tui.session import chain
from scanflow_tui.session import events as ev
from tests.unit.session.making import ULID, numbered, opened, stored


def test_the_hash_of_an_event_covers_the_one_before_and_the_body() -> None:
    row = stored(0)[0]
    start = hashlib.sha256(ULID.encode()).digest()
    assert row.hash == hashlib.sha256(start + row.body).hexdigest()


def test_a_whole_chain_holds() -> None:
    verdict = chain.check(stored(3), ULID)
    assert verdict.holds and verdict.n == 4 and verdict.covered is None
    assert "a cut tail would not show" in verdict.sentence()


def test_a_head_of_the_end_vouches_for_all() -> None:
    rows = stored(3)
    verdict = chain.check(rows, ULID, chain.Head(3, rows[3].hash))
    assert verdict.covered == 3
    assert "vouches for all of it" in verdict.sentence()


def test_the_verdict_says_what_no_head_vouches_for() -> None:
    rows = stored(5)
    verdict = chain.check(rows, ULID, chain.Head(2, rows[2].hash))
    assert verdict.sentence().endswith("up to event 2, nothing does for events 3 to 5")


def test_a_cut_tail_shows_against_a_head() -> None:
    rows = stored(5)
    verdict = chain.check(rows[:3], ULID, chain.Head(5, rows[5].hash))
    assert not verdict.holds
    assert verdict.sentence() == (
        "the file ends at event 2 and no longer reaches event 5 of the head: its tail was cut"
    )


def test_a_rewritten_and_newly_chained_file_contradicts_the_head() -> None:
    head = chain.Head(1, stored(2)[1].hash)
    other = chain.rows(numbered(opened(), ev.EngineSeen(False, "x")), chain.first(ULID))
    verdict = chain.check(other, ULID, head)
    assert not verdict.holds and "rewritten" in verdict.sentence()


@pytest.mark.parametrize("change", ["body", "hash", "kind", "actor", "at"])
def test_one_changed_value_names_the_event(change: str) -> None:
    rows = stored(3)
    other = {
        "body": rows[2].body.replace(b"s1", b"s9"),
        "hash": "0" * 64,
        "kind": "NoteWritten",
        "actor": "human:u0",
        "at": 5,
    }
    rows[2] = rows[2]._replace(**{change: other[change]})
    verdict = chain.check(rows, ULID)
    assert verdict.bad_seq == 2
    assert verdict.sentence().startswith("event 2 was changed")


def test_a_deleted_event_is_named() -> None:
    rows = stored(3)
    del rows[1]
    verdict = chain.check(rows, ULID)
    assert verdict.bad_seq == 1 and "event 1 is missing" in verdict.sentence()


def test_a_doubled_event_is_named() -> None:
    rows = stored(3)
    rows.insert(2, rows[1])
    assert chain.check(rows, ULID).sentence() == "event 1 is there twice or out of order"


def test_another_sessions_chain_is_told() -> None:
    other = "01ARZ3NDEKTSV4RRFFQ69G5FAX"
    assert other in chain.check(stored(1), other).sentence()


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff", b'{"kind":"SessionOpened"}'])
def test_a_body_that_is_none_gives_a_sentence(body: bytes) -> None:
    row = stored(0)[0]._replace(body=body)
    assert chain.check([row], None).sentence().startswith("event 0 was changed")


def test_an_empty_file_is_said_to_be_empty() -> None:
    assert chain.check([], ULID).sentence() == "the file holds no event"
    assert not chain.check([], ULID, chain.Head(3, "0" * 64)).holds
