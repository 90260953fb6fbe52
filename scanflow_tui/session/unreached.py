"""Nodes that were planned and never begun, since their run ended before: said, not stored. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scanflow_tui.contract.states import BAD, FACES, RUN_ENDED

if TYPE_CHECKING:
    from scanflow_tui.session.state import NodeView, RunView

NAMED_MAX = 3
NOT_RUN = "not_run"
"""How such a node is shown; its own state is still ``waiting``, for a retry lets it go on."""


def state_shown(run: RunView, node: NodeView) -> str:
    """A node's state, or that it was not run."""
    is_left = node.state == "waiting" and run.state in RUN_ENDED
    return NOT_RUN if is_left else node.state


def unreached(run: RunView, node: NodeView) -> str:
    """Why a node was not run, as ``not run: train failed``; empty for every other node."""
    if state_shown(run, node) != NOT_RUN:
        return ""
    bad = [one for one in run.nodes.values() if one.state in BAD and one.state != "cancelled"]
    if run.state != "failed" or not bad:
        return f"not run: the run was {run.state}"
    if len(bad) == 1:
        return f"not run: {bad[0].id} {_ended(bad[0].state)}"
    return f"not run: {named([one.id for one in bad])} failed"


def named(nodes: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b, c and 4 more``."""
    more = len(nodes) - NAMED_MAX
    if more > 0:
        return f"{', '.join(nodes[:NAMED_MAX])} and {more} more"
    return " and ".join(filter(None, (", ".join(nodes[:-1]), nodes[-1])))


def _ended(state: str) -> str:
    word = FACES[state].word
    return f"is {word}" if state == "doubt" else f"was {word}" if state == "lost" else word
