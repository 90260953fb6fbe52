"""What a command gives to somebody whom the owner admitted: a part of the queue, and not yet what
others say.

A guest's program receives the whole session: that others' words stay unread until all is said, is
for the sake of independent labels, not a secret.
"""

from __future__ import annotations

import os

from scanflow_tui.cli.link import Link
from scanflow_tui.contract.commands import TakePart
from scanflow_tui.contract.errors import Refused
from scanflow_tui.contract.evidence import QueueEntry
from scanflow_tui.labels.assign import AGAIN
from scanflow_tui.session.state import LabelDesk, RunView, SessionState, desk_key
from scanflow_tui.tui.labelling import team
from scanflow_tui.tui.present.label_order import arranged
from scanflow_tui.workflow.lint import read


def me() -> str:
    """The actor that the kernel will name for what this process sends."""
    return f"human:u{os.getuid()}"


def is_guest(state: SessionState) -> bool:
    """Whether this user was admitted by another one."""
    return team.is_guest(state, me())


def own_queue(link: Link, run: RunView, node: str) -> tuple[QueueEntry, ...]:
    """What this user is asked, in the order of the Label screen; a guest gets a part of it.

    Nothing is named twice: what is shown again is for a screen that does not say so.
    """
    key = desk_key(run.number, node)
    if is_guest(link.state):
        link.send(TakePart(run.number, node))
        link.wait(lambda state: True if me() in state.desks[key].annotators else None)
    state = link.state
    check = state.runs[run.number].check
    if check is None:
        return ()
    part = team.my_part(state.desks[key], check, read(state.pipelines[run.pipeline]), me())
    return tuple(
        entry for entry in arranged(part.entries, "typical") if not entry.id.endswith(AGAIN)
    )


def refuse_early(state: SessionState, desk: LabelDesk, what: str) -> None:
    """Raises Refused for a guest at a label node where people label still."""
    if is_guest(state) and not desk.finished:
        raise Refused(
            f"{what} is the owner's to see until labelling is finished",
            hint="what others say would be no second opinion if it were known before",
        )
