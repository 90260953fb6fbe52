"""What is asked before something is tried again, made again or resumed; and why not. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scanflow_tui.contract.states import BAD, GOOD, RUN_ENDED
from scanflow_tui.workflow.order import order, reach

if TYPE_CHECKING:
    from scanflow_tui.session.state import NodeView, RunView
    from scanflow_tui.workflow.graph import Multigraph

NAMED_MAX = 5

Asked = tuple[str, str, str]
"""Title, body, and the thing that the answer names."""


def retry_text(run: RunView, failed: Sequence[NodeView]) -> Asked:
    """Before what ended badly is tried again."""
    if len(failed) == 1:
        node = failed[0]
        body = f"{node.id} starts again as attempt {len(node.attempts) + 1}; its first log stays."
        thing = f"{node.id} of run {run.number}"
    else:
        body = f"{_named([node.id for node in failed])} start again; their logs stay."
        thing = f"{len(failed)} nodes of run {run.number}"
    return f"Retry {thing}?", body, thing


def make_again_text(run: RunView, node: NodeView, graph: Multigraph) -> Asked:
    """Before a node that succeeded is made again, with all that hangs on it."""
    reached = reach([node.id], order(graph).children)
    decided = {name for name, view in run.nodes.items() if view.state != "waiting"}
    behind = [name for name in graph.ids() if name in reached & decided and name != node.id]
    body = f"{node.id} succeeded ({node.state}). It is made again, without the cache"
    body += f", and with it what hangs on it: {_named(behind)}." if behind else "."
    thing = f"{node.id} of run {run.number}"
    return f"Make {thing} again?", f"{body} What was made before stays in the record.", thing


def resume_text(run: RunView) -> Asked:
    """Before a run that failed or was cancelled goes on."""
    failed = [node.id for node in run.nodes.values() if node.state in BAD]
    kept = [node.id for node in run.nodes.values() if node.state in GOOD]
    thing = f"run {run.number}"
    said = f"{_named(failed)} tried again" if failed else "It goes on where it stopped"
    body = f"{said}, then what waits for it. {len(kept)} that succeeded are not repeated."
    return f"Resume {thing}?", body[0].upper() + body[1:], thing


def why_no_resume(run: RunView | None) -> str:
    """Why a run cannot be resumed, as far as the state tells; empty where it can."""
    if run is None:
        return "no run"
    if run.state == "superseded":
        return "superseded by a newer run"
    if run.state == "done":
        return "this run is done"
    if run.state == "cancelled" or any(node.state in BAD for node in run.nodes.values()):
        return ""
    return "this run has ended" if run.state in RUN_ENDED else "nothing failed in this run"


def _named(names: Sequence[str]) -> str:
    more = len(names) - NAMED_MAX
    return ", ".join(names[:NAMED_MAX]) + (f" and {more} more" if more > 0 else "")
