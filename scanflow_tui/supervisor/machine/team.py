"""Who is admitted beside the owner, and who takes part in labelling. Pure.

Folder and socket are opened before the event says so, and a supervisor that starts sets them to
what the events say: a crash between the two leaves nobody admitted.
"""

from __future__ import annotations

from scanflow_tui.contract import commands as cmd
from scanflow_tui.contract.errors import InputError, Refused
from scanflow_tui.session import events as ev
from scanflow_tui.session.state import LabelDesk, SessionState
from scanflow_tui.supervisor.machine.effects import LookUpName, SetDoor
from scanflow_tui.supervisor.machine.stimuli import Commanded, DoorSet, NameFound
from scanflow_tui.supervisor.machine.turn import Turn

GROUP_CHARS_MAX = 64


def is_admitted(state: SessionState, groups: frozenset[int]) -> bool:
    """Whether a user with these groups is, beside the owner."""
    return state.shared is not None and state.shared.gid in groups


def share(turn: Turn, given: Commanded, command: cmd.Share) -> None:
    """Open the door to a group, if the shell can."""
    group = command.group.strip()
    if not group or len(group) > GROUP_CHARS_MAX:
        raise InputError(f"a group has a name of 1 to {GROUP_CHARS_MAX} characters")
    turn.machine.pending.add(given.id)
    turn.ask(("door", given.id), SetDoor(given.id, given.actor, group))


def unshare(turn: Turn, given: Commanded, command: cmd.Unshare) -> None:
    """Close the door."""
    if turn.state.shared is None:
        raise Refused("this session is shared with nobody")
    turn.machine.pending.add(given.id)
    turn.ask(("door", given.id), SetDoor(given.id, given.actor, None))


def door_set(turn: Turn, told: DoorSet) -> None:
    """The door is open or closed, or stays as it was with the reason."""
    if not turn.answered(("door", told.command)):
        return
    if told.error is not None:
        name = "Unshare" if told.group is None else "Share"
        turn.refuse(told.command, told.actor, name, told.error)
        return
    if told.gid is not None and told.group is not None:
        content = turn.seal(told.group.encode("utf-8", "replace"))
        turn.emit(ev.SessionShared(told.gid, content), told.actor, told.command)
    else:
        gid = turn.state.shared.gid if turn.state.shared is not None else -1
        turn.emit(ev.SessionUnshared(gid), told.actor, told.command)
    turn.reply(told.command)


def take_part(turn: Turn, given: Commanded, desk: LabelDesk) -> None:
    """A part of the queue for whoever has none; the owner has the whole of it already."""
    if given.actor == turn.machine.owner:
        raise Refused("the owner has the whole queue")
    if given.actor in desk.annotators:
        turn.reply(given.id)
        return
    turn.machine.pending.add(given.id)
    turn.ask(("name", given.id), LookUpName(given.id, given.actor, desk.run, desk.node))


def name_found(turn: Turn, told: NameFound) -> None:
    """The name is known: the part is theirs."""
    if not turn.answered(("name", told.command)):
        return
    content = turn.seal(told.name.encode("utf-8", "replace"))
    fact = ev.AnnotatorJoined(told.run, told.node, content)
    turn.emit(fact, told.actor, told.command)
    turn.reply(told.command)
