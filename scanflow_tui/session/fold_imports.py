"""Folds of labels and notes that a file says: its author's word beside the words given here.

The author of a file is never the actor of an event, so nobody here can be made to have said it: the
voice is ``said:<author>``. Of one author, what was said last is in force, whenever it came in. A
file comes into force as a whole, and goes as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator

from scanflow_tui.session.events import (
    Event,
    ImportBegan,
    ImportEnded,
    ImportUndone,
    LabelImported,
    NoteImported,
)
from scanflow_tui.session.fold_labels import desk_of, note_in_force, place_of, shown_words
from scanflow_tui.session.state import (
    ImportView,
    LabelDesk,
    LabelView,
    NoteView,
    SessionState,
    desk_key,
)


def voice(author: str) -> str:
    """The name under which a file's author stands beside the people of a session."""
    return f"said:{author}"


def import_began(state: SessionState, event: Event, fact: ImportBegan) -> None:
    """A file is brought to a desk, and names people."""
    desk = desk_of(state, fact.run, fact.node)
    state.imports[event.seq] = ImportView(
        desk_key(fact.run, fact.node),
        event.at,
        event.actor,
        fact.file,
        fact.form,
        fact.n_labels,
        phase="coming" if fact.whole else "here",
        n_settled=len(desk.settled),
    )
    state.said_authors.extend(fact.authors)


def label_imported(state: SessionState, event: Event, fact: LabelImported) -> None:
    """A label of a file's author has come; it is history before it is in force."""
    desk = desk_of(state, fact.run, fact.node)
    actor = voice(fact.author)
    before = desk.labels.get(fact.sample, {}).get(actor)
    label = LabelView(
        event.seq,
        event.at,
        actor,
        fact.sample,
        fact.label_kind,
        fact.value,
        fact.ms,
        None if before is None else before.seq,
        shown_words(fact),
        said_at=fact.said_at,
        imported_by=event.actor,
        begun=fact.begun,
    )
    desk.history.append(label)
    phase = _came(state, fact.begun)
    if fact.undone:
        desk.undone.add(event.seq)
    elif phase == "here":
        _put(desk, label)


def note_imported(state: SessionState, event: Event, fact: NoteImported) -> None:
    """A file's note has come; in force it is where nobody noted anything later."""
    desk = desk_of(state, fact.run, fact.node)
    phase = _came(state, fact.begun)
    if fact.undone:
        return
    note = NoteView(event.seq, fact.said_at, voice(fact.author), fact.text_content, fact.begun)
    desk.noted.setdefault(fact.sample, []).append(note)
    if phase == "here":
        note_in_force(state, desk, fact.sample)


def import_ended(state: SessionState, event: Event, fact: ImportEnded) -> None:
    """A file has come as a whole: all that it says is in force, unless it was undone there."""
    known = state.imports.get(fact.begun)
    if known is None or known.phase != "coming":
        return
    known.phase = "here"
    desk = desk_of(state, fact.run, fact.node)
    for label in _labels(desk, fact.begun):
        if label.seq not in desk.undone:
            _put(desk, label)
    _settle(state, desk, fact.begun)


def import_undone(state: SessionState, event: Event, fact: ImportUndone) -> None:
    """All of a file is taken back; of its authors, what other files say is in force again."""
    known = state.imports.get(fact.begun)
    if known is None or known.phase == "undone":
        return
    known.phase = "undone"
    desk = desk_of(state, fact.run, fact.node)
    bare: set[tuple[str, str]] = set()
    for label in _labels(desk, fact.begun):
        desk.undone.add(label.seq)
        in_force = desk.labels.get(label.sample, {})
        now = in_force.get(label.actor)
        if now is not None and now.seq == label.seq:
            del in_force[label.actor]
            bare.add((label.sample, label.actor))
            if not in_force:
                del desk.labels[label.sample]
    for label in desk.history if bare else ():
        is_bare = (label.sample, label.actor) in bare and label.seq not in desk.undone
        if is_bare and _phase(state, label.begun) == "here":
            _put(desk, label)
    _settle(state, desk, fact.begun)


def _came(state: SessionState, begun: int) -> str:
    known = state.imports.get(begun)
    if known is not None:
        known.n_came += 1
    return _phase(state, begun)


def _phase(state: SessionState, begun: int | None) -> str:
    known = None if begun is None else state.imports.get(begun)
    return "here" if known is None else known.phase


def _labels(desk: LabelDesk, begun: int) -> Iterator[LabelView]:
    """The labels of an import, in the order of the log."""
    for at in range(place_of(desk, begun), len(desk.history)):
        label = desk.history[at]
        if label.begun == begun:
            yield label


def _put(desk: LabelDesk, label: LabelView) -> None:
    """Put a label in force, unless its author said something later."""
    by_actor = desk.labels.setdefault(label.sample, {})
    before = by_actor.get(label.actor)
    if before is None or (before.said_at or 0) <= (label.said_at or 0):
        by_actor[label.actor] = label


def _settle(state: SessionState, desk: LabelDesk, begun: int) -> None:
    for sample, notes in desk.noted.items():
        if any(note.begun == begun for note in notes):
            note_in_force(state, desk, sample)
    desk.settled.append(begun)
