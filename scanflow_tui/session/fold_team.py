"""Folds of who is admitted beside the owner, and of who takes part at a label node."""

from __future__ import annotations

from scanflow_tui.session.events import AnnotatorJoined, Event, SessionShared, SessionUnshared
from scanflow_tui.session.fold_labels import desk_of
from scanflow_tui.session.state import SessionState, SharedView


def session_shared(state: SessionState, event: Event, fact: SessionShared) -> None:
    """A group is admitted, in place of another one."""
    state.shared = SharedView(fact.gid, fact.group_content, event.actor, event.at)


def session_unshared(state: SessionState, event: Event, fact: SessionUnshared) -> None:
    """Nobody but the owner is admitted; what others said stays."""
    state.shared = None


def annotator_joined(state: SessionState, event: Event, fact: AnnotatorJoined) -> None:
    """Somebody has a part of this desk's queue, once."""
    desk = desk_of(state, fact.run, fact.node)
    if event.actor not in desk.annotators:
        desk.annotators.append(event.actor)
    state.names[event.actor] = fact.name_content
