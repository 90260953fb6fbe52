"""Out of one session, through a file, into another: the same words, authors and times."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanflow_tui.cli.commands.labels_import import _row
from scanflow_tui.cli.label_records import Desk, history_of
from scanflow_tui.contract.commands import ImportLabels
from scanflow_tui.labels.interchange import formats
from scanflow_tui.labels.interchange.judge import Ground, judge
from scanflow_tui.labels.interchange.record import Record, SampleCard
from scanflow_tui.session import events as ev
from scanflow_tui.session.folds import replay
from scanflow_tui.session.state import RunView
from scanflow_tui.supervisor.machine import importing
from scanflow_tui.supervisor.machine.turn import Turn
from tests.unit.session.making import ANNA, BORIS, ULID, numbered

OTHER = "01BX5ZZKBKACTAV9WEVGEMMVRZ"
SAMPLES = ("a", "b")
CLASSES = ("zero", "o,ne", "=two")
KINDS = [("class", 0), ("class", 2), ("rejected", 1), ("unsure", None), ("skip", None)]


def desk(session: str, authors: tuple[tuple[str, str], ...] = ()) -> Desk:
    cards = tuple(SampleCard(sample, sample * 64) for sample in SAMPLES)
    run = cast(RunView, None)
    return Desk(run, "label", session, CLASSES, cards, {"a": 1, "b": 2}, authors)


def given_label(sample: str, said: tuple[Any, int | None], ms: int) -> ev.LabelGiven:
    seen = ("A a", "grid 8x5", ms, "zoom 2 · inverted", "sixel", "ab" * 32) if ms % 3 else ()
    return ev.LabelGiven(
        1, "label", sample, said[0], said[1], ms, bool(ms % 2), "typical", None, *seen
    )


FACTS = st.one_of(
    st.builds(given_label, st.sampled_from(SAMPLES), st.sampled_from(KINDS), st.integers(0, 9)),
    st.builds(ev.NoteWritten, *map(st.just, (1, "label")), st.sampled_from(SAMPLES), st.just("d")),
    st.just("undo"),
)
STEPS = st.lists(st.tuples(FACTS, st.sampled_from([ANNA, BORIS])), max_size=20)


def events_of(steps: list[tuple[Any, str]]) -> list[ev.Event]:
    """Events as a supervisor makes them: an undo takes back its human's latest that stands."""
    facts: list[Any] = [ev.EngineSeen(True, "")]
    stands: dict[str, list[tuple[int, str]]] = {}
    for fact, actor in steps:
        if fact == "undo":
            if stands.get(actor):
                seq, sample = stands[actor].pop()
                facts.append((ev.LabelUndone(1, "label", sample, seq), actor))
            continue
        if isinstance(fact, ev.LabelGiven):
            stands.setdefault(actor, []).append((len(facts), fact.sample))
        facts.append((fact, actor))
    return numbered(*facts)


def brought_in(records: list[Record]) -> tuple[list[ev.Event], Desk]:
    """The events of an import into another session, and its desk."""
    authors = tuple(dict.fromkeys((record.author, record.session) for record in records))
    numbers = {author: at for at, author in enumerate(authors, start=1)}
    command = ImportLabels(1, "label", 0, [_row(record, numbers) for record in records])
    sealer = cast(Turn, type("Sealer", (), {"seal": lambda _, data: data.decode()})())
    facts: list[Any] = [ev.ImportBegan(1, "label", "f" * 64, "csv", len(records), (), whole=True)]
    facts += [(importing._fact(sealer, command, row), ANNA) for row in command.rows]
    facts.append((ev.ImportEnded(1, "label", 0), ANNA))
    return numbered(*facts), desk(OTHER, authors)


@pytest.mark.parametrize("form", formats.NAMES)
@given(steps=STEPS)
@settings(max_examples=60, deadline=None)
def test_a_session_s_labels_come_out_of_another_as_they_were(
    form: str, steps: list[tuple[Any, str]]
) -> None:
    events = events_of(steps)
    records = history_of(events, desk(ULID))
    first = desk(ULID)
    text = "".join(formats.write(form, records, first.samples, CLASSES))
    ground = Ground({card.id: card.digest for card in first.samples}, CLASSES, 10**15)
    found = judge(formats.read(form, text.encode()), ground)
    assert found.problems == []
    imported, other = brought_in(found.records)
    again = history_of(imported, other)
    assert {one.imported_by for one in again} <= {ANNA}
    key = repr if form in ("coco", "label-studio") else (lambda one: one.at)
    assert sorted((replace(one, imported_by="") for one in again), key=key) == sorted(
        records, key=key
    )
    if again:
        third = judge(
            formats.read(
                form, "".join(formats.write(form, again, other.samples, CLASSES)).encode()
            ),
            ground,
        )
        assert sorted(third.records, key=repr) == sorted(found.records, key=repr)


@given(steps=STEPS)
@settings(max_examples=100, deadline=None)
def test_what_is_in_force_here_is_in_force_there(steps: list[tuple[Any, str]]) -> None:
    events = events_of(steps)
    records = history_of(events, desk(ULID))
    imported, other = brought_in(records)
    here = replay(events).desks.get("1.label")
    there = replay(imported).desks["1.label"]
    voices = {f"said:a{at}": name for at, (name, _) in enumerate(other.authors, start=1)}
    mine = {} if here is None else here.labels
    assert {
        sample: {actor: (one.kind, one.value) for actor, one in by.items()}
        for sample, by in mine.items()
    } == {
        sample: {voices[actor]: (one.kind, one.value) for actor, one in by.items()}
        for sample, by in there.labels.items()
    }
    assert {one.sample for one in records if one.kind == "note"} == set(there.notes)


def test_a_label_given_again_says_what_was_on_screen_the_first_time() -> None:
    first = given_label("a", ("class", 2), 5)
    again = ev.LabelGiven(1, "label", "a", "class", 2, 0, False, "random", 1, "U")
    facts = [
        (first, ANNA), (ev.LabelUndone(1, "label", "a", 1), ANNA), (again, ANNA),
        (ev.LabelUndone(1, "label", "a", 3), ANNA),
        (ev.LabelGiven(1, "label", "a", "class", 2, 0, False, "random", 3, "U"), ANNA),
    ]  # fmt: skip
    records = history_of(numbered(ev.EngineSeen(True, ""), *facts), desk(ULID))
    assert [record.state for record in records] == ["undone", "undone", "in_force"]
    seen = {(r.ms, r.guess_shown, r.order, r.key, r.view, r.picture) for r in records}
    assert seen == {(5, True, "typical", "A a", "grid 8x5", "ab" * 32)}
