"""Folds of what humans say at a label node: labels, undo and redo, notes, the end of labelling.

A label is never edited: a later one of the same human supersedes it, an undo brings the earlier one
back. A fold costs constant work, or the logarithm of the history, so 100,000 labels replay in well
under 1 s.
"""

from __future__ import annotations

from bisect import bisect_left
from sys import intern

from scanflow_tui.session.events import (
    Event,
    LabelGiven,
    LabelImported,
    LabellingFinished,
    LabelUndone,
    NoteWritten,
    PlaceKept,
)
from scanflow_tui.session.state import (
    LabelDesk,
    LabelView,
    NoteView,
    PlaceView,
    SessionState,
    desk_key,
)

SECOND_LOOK = "second look"
"""The order in which the owner looks at what is disputed."""


def desk_of(state: SessionState, run: int, node: str) -> LabelDesk:
    """The label desk of a node, made where there is none yet."""
    key = desk_key(run, node)
    desk = state.desks.get(key)
    if desk is None:
        desk = state.desks[key] = LabelDesk(run, node)
    return desk


def label_given(state: SessionState, event: Event, fact: LabelGiven) -> None:
    """A label comes into force for its human; all but a redo empty that human's redo stack."""
    desk = desk_of(state, fact.run, fact.node)
    in_force = desk.labels.setdefault(fact.sample, {})
    before = in_force.get(event.actor)
    label = LabelView(
        event.seq,
        event.at,
        event.actor,
        fact.sample,
        fact.label_kind,
        fact.value,
        fact.ms,
        None if before is None else before.seq,
        shown_words(fact),
        settles=fact.order == SECOND_LOOK,
    )
    in_force[event.actor] = label
    desk.history.append(label)
    desk.undo.setdefault(event.actor, []).append(event.seq)
    redo = desk.redo.get(event.actor)
    if not redo:
        return
    if fact.redoes is None:
        redo.clear()
    elif fact.redoes in redo:
        redo.remove(fact.redoes)


def shown_words(fact: LabelGiven | LabelImported) -> str:
    """What was on screen when a label was given; the same few texts, so each is kept once."""
    if not fact.view:
        return ""
    guess = "guess shown" if fact.guess_shown else "guess hidden"
    key = f"key {fact.key}" if fact.key else ""
    parts = (fact.view, fact.way if fact.picture else "no picture", fact.look, guess, key)
    return intern(" · ".join(part for part in parts if part))


def label_undone(state: SessionState, event: Event, fact: LabelUndone) -> None:
    """A label is taken back; what it superseded is in force again, unless taken back too."""
    desk = desk_of(state, fact.run, fact.node)
    label = _by_seq(desk, fact.undoes)
    if label is None or label.actor != event.actor or label.seq in desk.undone:
        return
    desk.undone.add(label.seq)
    desk.redo.setdefault(label.actor, []).append(label.seq)
    undo = desk.undo[label.actor]
    while undo and undo[-1] in desk.undone:
        undo.pop()
    in_force = desk.labels.get(label.sample, {})
    now = in_force.get(label.actor)
    if now is None or now.seq != label.seq:
        return
    earlier = _standing(desk, label.previous)
    if earlier is not None:
        in_force[label.actor] = earlier
        return
    del in_force[label.actor]
    if not in_force:
        del desk.labels[label.sample]


def note_written(state: SessionState, event: Event, fact: NoteWritten) -> None:
    """The latest note on a sample, as the digest of its erasable text."""
    desk = desk_of(state, fact.run, fact.node)
    note = NoteView(event.seq, event.at, event.actor, fact.text_content)
    desk.noted.setdefault(fact.sample, []).append(note)
    note_in_force(state, desk, fact.sample)
    desk.drafts.get(event.actor, {}).pop(fact.sample, None)


def note_in_force(state: SessionState, desk: LabelDesk, sample: str) -> None:
    """The note on a sample that was said last, of those that are no part of a file that is only
    coming, or was taken back.
    """
    imports = state.imports
    notes = [
        note
        for note in desk.noted.get(sample, ())
        if note.begun not in imports or imports[note.begun].phase == "here"
    ]
    if notes:
        desk.notes[sample] = max(notes, key=lambda note: (note.at, note.seq)).text_content
    else:
        desk.notes.pop(sample, None)


def note_of(desk: LabelDesk, sample: str, actor: str) -> str:
    """The digest of the last note that this person wrote on a sample, empty where there is none."""
    mine = [note for note in desk.noted.get(sample, ()) if note.actor == actor]
    return mine[-1].text_content if mine else ""


def labelling_finished(state: SessionState, event: Event, fact: LabellingFinished) -> None:
    """No label is taken at this desk from here on."""
    desk_of(state, fact.run, fact.node).finished = True


def place_kept(state: SessionState, event: Event, fact: PlaceKept) -> None:
    """Where somebody left the desk, and a note that they have not finished."""
    desk = desk_of(state, fact.run, fact.node)
    desk.places[event.actor] = PlaceView(
        event.seq, fact.sample, fact.order, fact.single, fact.blind,
        fact.zoom, fact.contrast, fact.inverted, fact.judging, fact.near, fact.filtered,
    )  # fmt: skip
    if not fact.drafted:
        return
    drafts = desk.drafts.setdefault(event.actor, {})
    if fact.draft_content:
        drafts[fact.drafted] = fact.draft_content
    else:
        drafts.pop(fact.drafted, None)


def undoable(desk: LabelDesk, actor: str) -> LabelView | None:
    """The label that this human's next undo takes back."""
    stack = desk.undo.get(actor)
    return _by_seq(desk, stack[-1]) if stack else None


def redoable(desk: LabelDesk, actor: str) -> LabelView | None:
    """The label, taken back, that this human's next redo gives again."""
    stack = desk.redo.get(actor)
    return _by_seq(desk, stack[-1]) if stack else None


def place_of(desk: LabelDesk, seq: int) -> int:
    """The place in the history of an event, or of the next one."""
    return bisect_left(desk.history, seq, key=lambda label: label.seq)


def _by_seq(desk: LabelDesk, seq: int) -> LabelView | None:
    at = place_of(desk, seq)
    if at < len(desk.history) and desk.history[at].seq == seq:
        return desk.history[at]
    return None


def _standing(desk: LabelDesk, seq: int | None) -> LabelView | None:
    """The first label on this chain of superseded ones that was not taken back."""
    while seq is not None:
        label = _by_seq(desk, seq)
        if label is None:
            return None
        if label.seq not in desk.undone:
            return label
        seq = label.previous
    return None
