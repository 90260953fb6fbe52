"""The labels and notes of one label node as records, each with its author's word and time.

``history_of`` is pure: events in, records out. The rest reads what stands beside the log.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from scanflow_tui.cli.link import Link
from scanflow_tui.client.recorded import RecordedSource
from scanflow_tui.client.source import Ref
from scanflow_tui.contract.errors import Missing, UsageError
from scanflow_tui.labels.assign import first_of
from scanflow_tui.labels.interchange.record import NOTE, SEEN, WITH_CLASS, Record, SampleCard
from scanflow_tui.session import events as ev
from scanflow_tui.session.state import LabelDesk, RunView, SessionState
from scanflow_tui.workflow.lint import read

READS_AT_ONCE = 64
RANGE_EVENTS = 10_000
_SAID = (ev.LabelGiven, ev.LabelUndone, ev.NoteWritten, ev.LabelImported, ev.NoteImported)
_IMPORTS = (ev.ImportBegan, ev.ImportEnded, ev.ImportUndone)


@dataclass(frozen=True, slots=True)
class Desk:
    """One label node of a run: its classes and samples, and the authors whom files named.

    ``authors`` are ``(name, session)``; a name that was erased is the author's number alone.
    ``name`` is the session's.
    """

    run: RunView
    node: str
    session: str
    classes: tuple[str, ...]
    samples: tuple[SampleCard, ...]
    guesses: Mapping[str, int]
    authors: tuple[tuple[str, str], ...]
    name: str = ""
    n_settled: int = 0
    """Imports that had come into force, or were taken back."""


def desk_named(state: SessionState, number: int | None, node: str | None) -> LabelDesk:
    """The label node that is meant: by run and name, else of the latest run that has one.

    Raises UsageError where there is none, or where several are meant.
    """
    desks = [
        desk
        for desk in state.desks.values()
        if number in (None, desk.run) and node in (None, desk.node)
    ]
    if not desks:
        where = f"run {number}" if number is not None else f"session {state.name}"
        what = f"label node {node!r}" if node is not None else "label node that asked"
        raise UsageError(f"{where} has no {what}", hint="scanflow status says what it waits for.")
    latest = max(desk.run for desk in desks)
    meant = [desk for desk in desks if desk.run == latest]
    if len(meant) > 1:
        names = ", ".join(sorted(desk.node for desk in meant))
        raise UsageError(f"run {latest} has several label nodes", hint=f"Name one: --node {names}.")
    return meant[0]


def desk_of(link: Link, found: LabelDesk) -> Desk:
    """What has to be known of a label node to write or judge labels; reads every image once."""
    state = link.state
    run = state.runs[found.run]
    queue = run.check.queue if run.check is not None else ()
    thumbnails = run.check.thumbnails if run.check is not None else {}
    digests = link.run(_digests(link, thumbnails))
    authors = []
    for said in state.said_authors:
        name = _text(link, said.name_content)
        authors.append((f"erased author {said.author}" if name is None else name, said.session))
    return Desk(
        run,
        found.node,
        state.session,
        tuple(read(state.pipelines[run.pipeline]).classes),
        tuple(SampleCard(entry.id, digests.get(entry.id, "")) for entry in queue),
        {entry.id: entry.guess for entry in queue},
        tuple(authors),
        state.name,
        len(found.settled),
    )


async def _digests(link: Link, thumbnails: Mapping[str, str]) -> dict[str, str]:
    """SHA-256 of each sample's image; one that was erased has none."""
    found: dict[str, str] = {}

    async def one(sample: str, content: str) -> None:
        try:
            chunk = await link.source.read(Ref("content", content))
        except Missing:
            return
        found[sample] = hashlib.sha256(chunk.data).hexdigest()

    items = list(thumbnails.items())
    for at in range(0, len(items), READS_AT_ONCE):
        await asyncio.gather(*(one(*item) for item in items[at : at + READS_AT_ONCE]))
    return found


def _text(link: Link, content: str) -> str | None:
    try:
        return link.read(Ref("content", content)).data.decode("utf-8", "replace")
    except Missing:
        return None


def records_of(link: Link, source: RecordedSource, desk: Desk) -> tuple[list[Record], int]:
    """Every record of a label node in the order of their times; how many notes were erased."""
    events: list[ev.Event] = []
    for first in range(0, source.last + 1, RANGE_EVENTS):
        for event in link.run(source.events(first, first + RANGE_EVENTS - 1)):
            fact = event.fact
            is_said = isinstance(fact, (*_SAID, *_IMPORTS))
            if is_said and (fact.run, fact.node) == (desk.run.number, desk.node):  # type: ignore[union-attr]
                events.append(event)
    found = history_of(events, desk)
    records, n_erased = [], 0
    for record in found:
        if record.kind != NOTE:
            records.append(record)
            continue
        text = _text(link, record.note)
        n_erased += text is None
        if text:
            records.append(replace(record, note=text))
    return records, n_erased


def history_of(events: Iterable[ev.Event], desk: Desk) -> list[Record]:
    """Records from events, by time; the ``note`` of a note is the digest of its text still.

    What a file says of which the import never ended was never in force, and is left out.
    """
    digests = {sample.id: sample.digest for sample in desk.samples}
    found: list[tuple[int, int, Record]] = []
    events = list(events)
    undone = {event.fact.undoes for event in events if isinstance(event.fact, ev.LabelUndone)}
    coming, taken_back = _imports(events)
    given: dict[int, ev.LabelGiven] = {}
    for event in events:
        fact = event.fact
        if isinstance(fact, ev.LabelGiven):
            # A label given again says what was on screen when it was given first.
            fact = given[event.seq] = given.get(-1 if fact.redoes is None else fact.redoes, fact)
        if isinstance(fact, ev.LabelImported | ev.NoteImported):
            if fact.begun in coming:
                continue
            if fact.begun in taken_back:
                undone.add(event.seq)
        record = _record(event, fact, desk)
        # What was shown again measures a person, and is no label for anybody else.
        if record is not None and first_of(record.sample, digests) == record.sample:
            made = replace(record, digest=digests.get(record.sample, ""))
            found.append((record.at, event.seq, made))
    found.sort(key=lambda item: item[:2])
    last = {
        _voice(record): seq
        for _, seq, record in found
        if seq not in undone and record.state != "undone"
    }
    return [_stated(record, seq, undone, last) for _, seq, record in found]


def _imports(events: Iterable[ev.Event]) -> tuple[set[int], set[int]]:
    """Imports that never ended, and those that were taken back once they were in force."""
    coming: set[int] = set()
    taken_back: set[int] = set()
    for event in events:
        fact = event.fact
        if isinstance(fact, ev.ImportBegan) and fact.whole:
            coming.add(event.seq)
        elif isinstance(fact, ev.ImportEnded):
            coming.discard(fact.begun)
        elif isinstance(fact, ev.ImportUndone):
            taken_back.add(fact.begun)
    return coming, taken_back


def _stated(
    record: Record, seq: int, undone: set[int], last: Mapping[tuple[str, str, str, bool], int]
) -> Record:
    if seq in undone:
        return replace(record, state="undone")
    if record.state != "undone" and last[_voice(record)] != seq:
        return replace(record, state="superseded")
    return record


def _voice(record: Record) -> tuple[str, str, str, bool]:
    return record.author, record.session, record.sample, record.kind == NOTE


def _record(event: ev.Event, fact: object, desk: Desk) -> Record | None:
    if isinstance(fact, ev.LabelGiven):
        return Record(
            fact.sample,
            fact.label_kind,
            fact.value,
            _class_name(desk, fact.label_kind, fact.value),
            event.actor,
            desk.session,
            event.at,
            fact.ms,
            desk.guesses.get(fact.sample),
            fact.guess_shown,
            fact.order,
            **_seen(fact),
        )
    if isinstance(fact, ev.NoteWritten):
        return Record(
            fact.sample, NOTE, None, "", event.actor, desk.session, event.at, note=fact.text_content
        )
    if not isinstance(fact, ev.LabelImported | ev.NoteImported):
        return None
    author, session = desk.authors[int(fact.author.removeprefix("a")) - 1]
    if isinstance(fact, ev.NoteImported):
        return Record(
            fact.sample,
            NOTE,
            None,
            "",
            author,
            session,
            fact.said_at,
            state="undone" if fact.undone else "in_force",
            note=fact.text_content,
            imported_by=event.actor,
        )
    return Record(
        fact.sample,
        fact.label_kind,
        fact.value,
        _class_name(desk, fact.label_kind, fact.value),
        author,
        session,
        fact.said_at,
        fact.ms,
        fact.guess,
        fact.guess_shown,
        fact.order,
        "undone" if fact.undone else "in_force",
        imported_by=event.actor,
        **_seen(fact),
    )


def _seen(fact: ev.LabelGiven | ev.LabelImported) -> dict[str, Any]:
    return {name: getattr(fact, name) for name in (*SEEN, "place")}


def _class_name(desk: Desk, kind: str, value: int | None) -> str:
    if kind not in WITH_CLASS or value is None or not 0 <= value < len(desk.classes):
        return ""
    return desk.classes[value]
