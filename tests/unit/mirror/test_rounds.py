"""When a session is mirrored, when it waits, and when the mirror leaves."""

from __future__ import annotations

from scanflow_tui.mirror.rounds import LEAVE_S, RETRY_S, RETRY_S_MAX, Rounds
from scanflow_tui.session.index import Entry


def entry(seq: int, ulid: str = "01J") -> Entry:
    return Entry("demo", ulid, seq=seq)


def test_a_session_is_due_until_it_was_mirrored() -> None:
    rounds = Rounds(0.0)
    assert rounds.due([entry(3)], 1.0) == [entry(3)]
    rounds.done("demo", "01J", 3)
    assert rounds.due([entry(3)], 2.0) == []
    assert rounds.due([entry(4)], 3.0) == [entry(4)]


def test_another_session_of_the_same_name_is_due() -> None:
    rounds = Rounds(0.0)
    rounds.done("demo", "01J", 9)
    assert rounds.due([entry(1, "01K")], 1.0) == [entry(1, "01K")]


def test_a_session_without_a_sound_index_is_left_alone() -> None:
    assert Rounds(0.0).due([Entry("demo", damaged="its index is damaged")], 0.0) == []


def test_a_failure_waits_longer_each_time_up_to_a_bound() -> None:
    rounds = Rounds(0.0)
    pauses = [rounds.failed("demo", 0.0) for _ in range(20)]
    assert pauses[:3] == [RETRY_S, 2 * RETRY_S, 4 * RETRY_S] and pauses[-1] == RETRY_S_MAX
    assert rounds.due([entry(1)], RETRY_S_MAX - 1) == []
    assert rounds.due([entry(1)], RETRY_S_MAX) == [entry(1)]


def test_the_mirror_leaves_when_nothing_came_for_two_minutes() -> None:
    rounds = Rounds(0.0)
    rounds.due([entry(1)], 10.0)
    assert not rounds.is_over(LEAVE_S + 9)
    rounds.due([entry(1)], LEAVE_S)
    assert rounds.is_over(LEAVE_S + 10)
