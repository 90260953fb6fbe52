"""Parts of a queue: all is asked, evenly, the audit share as any other, repeats far behind."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from scanflow_tui.contract.evidence import QueueEntry
from scanflow_tui.labels.assign import AGAIN, deal, first_of, later, overlap_of, part_of

OWNER = "human:u0"
NAMES = [f"human:u{uid}" for uid in range(1, 6)]


def queue(n: int, n_audit: int) -> list[QueueEntry]:
    return [
        QueueEntry(
            id=f"{at:05d}", index=at, share="audit" if at < n_audit else "repair", flagged=False,
            p=0.5, guess=0, confidence=0.5, probability=0.1 if at < n_audit else None,
        )
        for at in range(n)
    ]  # fmt: skip


def ids(entries) -> list[str]:  # type: ignore[no-untyped-def]
    return [entry.id for entry in entries]


def test_an_owner_alone_has_the_queue_as_it_is() -> None:
    part = part_of(queue(30, 10), [], OWNER)
    assert (list(part.entries), part.mine) == (queue(30, 10), frozenset())


@settings(deadline=None)
@given(
    st.integers(0, 80), st.integers(0, 20), st.integers(1, 5), st.sampled_from([0.0, 0.2, 0.5, 1.0])
)
def test_every_sample_is_asked_once_and_the_overlap_of_all(
    n: int, n_audit: int, n_people: int, overlap: float
) -> None:
    entries, people = queue(n, min(n, n_audit)), NAMES[:n_people]
    parts = [part_of(entries, people, who, overlap=overlap, repeats=0.0) for who in people]
    asked = Counter(sample for part in parts for sample in ids(part.entries))
    shared = overlap_of(entries, overlap)
    assert asked == {entry.id: n_people if entry.id in shared else 1 for entry in entries}
    for kind in ("repair", "audit"):
        sizes = [sum(entry.share == kind for entry in part.entries) for part in parts]
        assert max(sizes) - min(sizes) <= n_people
    assert [
        part_of(entries, people[::-1], who, overlap=overlap, repeats=0.0) for who in people
    ] == (parts)


def test_few_samples_move_when_somebody_joins() -> None:
    entries = queue(200, 60)
    before, after = deal(entries, NAMES[:2]), deal(entries, NAMES[:3])
    moved = [one for one in before if after[one] not in (before[one], NAMES[2])]
    assert sum(who == NAMES[2] for who in after.values()) in range(60, 74)
    assert len(moved) <= 20


def test_what_somebody_began_stays_theirs_when_the_queue_is_dealt_anew() -> None:
    entries = queue(40, 10)
    mine = ids(part_of(entries, NAMES[:1], NAMES[0], overlap=0.0, repeats=0.0).entries)
    assert mine == ids(entries)
    said = {sample: [NAMES[0]] for sample in mine[:30]}
    new = part_of(entries, NAMES[:2], NAMES[1], overlap=0.0, repeats=0.0, said=said)
    old = part_of(entries, NAMES[:2], NAMES[0], overlap=0.0, repeats=0.0, said=said)
    assert set(ids(old.entries)) >= set(said) and not set(ids(new.entries)) & set(said)
    assert set(ids(old.entries)) | set(ids(new.entries)) == set(mine)


def test_the_owner_beside_others_has_the_whole_queue_and_owes_the_overlap() -> None:
    part = part_of(queue(50, 20), NAMES[:2], OWNER, overlap=0.2)
    assert list(part.entries) == queue(50, 20)
    assert part.mine == overlap_of(queue(50, 20), 0.2) and len(part.mine) == 10


def test_repeats_are_drawn_without_regard_to_the_share() -> None:
    entries = queue(400, 100)
    again = [
        entry
        for who in NAMES
        for entry in part_of(entries, [who], who, repeats=0.2).entries
        if entry.id.endswith(AGAIN)
    ]
    assert len(again) == 5 * 80
    assert 0.15 < sum(entry.share == "audit" for entry in again) / len(again) < 0.35


def test_a_second_showing_is_the_same_sample_under_another_name() -> None:
    entries = queue(20, 5)
    part = part_of(entries, NAMES[:1], NAMES[0], repeats=0.1)
    known = set(ids(entries))
    assert {first_of(entry.id, known) for entry in part.entries} == known
    assert first_of("00001", known) == "00001" and first_of("x~2", known) == "x~2"
    assert part.mine == set(ids(part.entries))


@given(st.integers(40, 200), st.integers(0, 10))
def test_second_showings_come_far_behind_the_first(n: int, seed: int) -> None:
    part = part_of(queue(n, n // 3), [f"human:u{seed}"], f"human:u{seed}", repeats=0.1)
    ordered = [entry for entry in part.entries if not entry.id.endswith(AGAIN)][::-1]
    again = [entry for entry in part.entries if entry.id.endswith(AGAIN)]
    shown = ids(later(ordered, again))
    assert sorted(shown) == sorted(ids(part.entries))
    for entry in again:
        assert shown.index(entry.id) - shown.index(entry.id.removesuffix(AGAIN)) > n // 5


def test_without_second_showings_an_order_is_left_alone() -> None:
    assert later(queue(9, 3), []) == tuple(queue(9, 3))
