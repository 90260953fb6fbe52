"""Folder and socket of a session, open to the owner alone or to a Unix group too.

Members of the group may pass through the folder to the socket; they can list, read and write
nothing in it. What they may ask at the socket is judged there, by the kernel's word on the peer.
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
import sys
from pathlib import Path

from scanflow_tui.contract.errors import InputError, Missing, Refused, ScanflowError
from scanflow_tui.supervisor.machine.effects import LookUpName, SetDoor
from scanflow_tui.supervisor.machine.stimuli import DoorSet, NameFound

SOCKET_NAME = "sock"
OPEN_FOLDER, OPEN_SOCKET = 0o710, 0o660
CLOSED_FOLDER, CLOSED_SOCKET = 0o700, 0o600


def set_door(folder: Path, effect: SetDoor) -> DoorSet:
    """Carry the effect out; its error says why nothing was changed."""
    try:
        gid = None if effect.group is None else gid_of(effect.group)
        if gid is not None and effect.group is not None:
            require_way(folder, effect.group, gid)
        move_door(folder, gid, effect.group or "")
    except ScanflowError as error:
        return DoorSet(effect.command, effect.actor, effect.group, None, error)
    return DoorSet(effect.command, effect.actor, effect.group, gid)


def keep_door(folder: Path, gid: int | None) -> None:
    """Set the door to what the session's events say; a problem goes to the log."""
    try:
        move_door(folder, gid, f"number {gid}")
    except ScanflowError as error:
        sys.stderr.write(f"the session is not shared: {error.sentence()}\n")


def gid_of(group: str) -> int:
    """A group's number. Raises InputError where there is no such group."""
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise InputError(
            f"there is no group {group!r} on this machine", hint="getent group lists them"
        ) from None


def require_way(folder: Path, group: str, gid: int) -> None:
    """Raises Refused where a folder above the session is closed to the group's members."""
    closed = [parent for parent in folder.absolute().parents if not _may_enter(parent, gid)]
    if closed:
        raise Refused(
            f"members of {group} cannot come to this session: {closed[-1]} is closed to them",
            hint=f"chmod o+x {' '.join(str(path) for path in reversed(closed))}",
        )


def move_door(folder: Path, gid: int | None, group: str) -> None:
    """Open folder and socket to a group, or close both. Raises Refused, Missing."""
    socket = folder / SOCKET_NAME
    modes = (CLOSED_FOLDER, CLOSED_SOCKET) if gid is None else (OPEN_FOLDER, OPEN_SOCKET)
    try:
        for path, mode in zip((folder, socket), modes, strict=True):
            # Closed first: another group must not come in while the owner of it changes.
            path.chmod(stat.S_IMODE(path.stat().st_mode) & 0o700)
            os.chown(path, -1, os.getgid() if gid is None else gid, follow_symlinks=False)
            path.chmod(mode)
    except PermissionError:
        raise Refused(
            f"you are no member of group {group}, so you cannot share with it",
            where=str(folder),
        ) from None
    except OSError as error:
        raise Missing(
            f"the session cannot be shared here ({error.strerror})", where=str(folder)
        ) from None


def look_up(effect: LookUpName) -> NameFound:
    """The login of an actor ``human:u<uid>``, or the number where there is none."""
    number = effect.actor.removeprefix("human:u")
    try:
        name = pwd.getpwuid(int(number)).pw_name
    except (KeyError, ValueError):
        name = number
    return NameFound(effect.command, effect.actor, effect.run, effect.node, name)


def _may_enter(folder: Path, gid: int) -> bool:
    found = folder.stat()
    bit = stat.S_IXGRP if found.st_gid == gid else stat.S_IXOTH
    return bool(found.st_mode & bit)
