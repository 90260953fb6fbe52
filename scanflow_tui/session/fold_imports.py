"""Folds of labels and notes that a file says: its author's word beside the words given here.

The author of a file is never the actor of an event, so nobody here can be made to have said it: the
voice is ``said:<author>``. Of one author, what was said last is in force, whenever it came in.
"""

from __future__ import annotations

from scanflow_tui.session.events import Event, ImportBegan, LabelImported, NoteImported
from scanflow_tui.session.fold_labels import desk_of
from scanflow_tui.session.state import LabelView, SessionState, desk_key


def voice(author: str) -> str:
    """The name under which a file's author stands beside the people of a session."""
    return f"said:{author}"


def import_began(state: SessionState, event: Event, fact: ImportBegan) -> None:
    """A file is brought to a desk, and names people."""
    desk_of(state, fact.run, fact.node)
    state.imports[event.seq] = desk_key(fact.run, fact.node)
    state.said_authors.extend(fact.authors)


def label_imported(state: SessionState, event: Event, fact: LabelImported) -> None:
    """A label of a file's author comes into force, unless it was undone or is not their last."""
    desk = desk_of(state, fact.run, fact.node)
    actor = voice(fact.author)
    by_actor = desk.labels.get(fact.sample, {})
    before = by_actor.get(actor)
    label = LabelView(
        event.seq,
        event.at,
        actor,
        fact.sample,
        fact.label_kind,
        fact.value,
        fact.ms,
        None if before is None else before.seq,
        said_at=fact.said_at,
        imported_by=event.actor,
    )
    desk.history.append(label)
    if fact.undone:
        desk.undone.add(event.seq)
    elif before is None or (before.said_at or 0) <= fact.said_at:
        desk.labels.setdefault(fact.sample, {})[actor] = label


def note_imported(state: SessionState, event: Event, fact: NoteImported) -> None:
    """A file's note is in force where nobody noted anything later."""
    desk = desk_of(state, fact.run, fact.node)
    if desk.noted_at.get(fact.sample, 0) <= fact.said_at:
        desk.notes[fact.sample] = fact.text_content
        desk.noted_at[fact.sample] = fact.said_at
