"""Accuracies, intervals and tables as short text for the command line. Pure."""

from __future__ import annotations

from scanflow_tui.contract.evidence import Interval, Table, WorstClass
from scanflow_tui.contract.states import BAD
from scanflow_tui.session.state import NodeView, RunView, SessionState
from scanflow_tui.session.unreached import unreached


def why(run: RunView, node: NodeView) -> str:
    """Why a node stands as it does: what its last attempt came to or waits for, that it was not
    run, else the plan's reason.
    """
    last = node.attempts[-1] if node.attempts else None
    if last is not None and last.outcome:
        return last.outcome
    if last is not None and node.state == "queued" and last.queued_reason:
        return last.queued_reason
    return unreached(run, node) or node.reason


def troubled(run: RunView) -> list[NodeView]:
    """Nodes that went wrong, or that wait for something other than their turn."""
    return [
        node
        for node in run.nodes.values()
        if node.attempts
        and (node.state in BAD or (node.state == "queued" and node.attempts[-1].queued_reason))
    ]


def engine_line(state: SessionState) -> str:
    """Which engine runs the steps and why, or that it does not answer; empty before it is known."""
    if not state.engine_reachable:
        return f"engine {state.engine} does not answer: {state.engine_text}"
    return f"engine {state.engine}: {state.engine_reason}" if state.engine_reason else ""


def accuracy(found: Interval | None) -> str:
    """``.86 (.78 to .91)``, or a dash."""
    if found is None:
        return "-"
    return f"{found.value:.3f} ({found.low:.2f} to {found.high:.2f})"


def change(before: Interval | None, after: Interval | None) -> str:
    """Before and after in one cell."""
    if before is None:
        return "-"
    if after is None:
        return f"{before.value:.2f}"
    return f"{before.value:.2f} -> {after.value:.2f} ({after.low:.2f} to {after.high:.2f})"


def worst(found: WorstClass | None) -> str:
    """The worst class and its accuracy."""
    return "-" if found is None else f"class {found.label}: {found.accuracy:.2f}"


def table_rows(table: Table) -> list[tuple[str, ...]]:
    """The evaluation's rows: data, n, before, no labels, after, change, worst class."""
    return [
        (
            row.data,
            str(row.before.n),
            accuracy(row.before),
            accuracy(row.no_labels),
            accuracy(row.after),
            f"{row.delta.value:+.3f} ({row.delta.low:+.3f} to {row.delta.high:+.3f})",
            f"{worst(row.worst_before)} -> {worst(row.worst_after)}",
        )
        for row in table.rows
    ]
