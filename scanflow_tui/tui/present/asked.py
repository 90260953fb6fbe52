"""Which run and node a screen is about: the one that asks, else the latest that has anything.
Pure."""

from __future__ import annotations

from scanflow_tui.session.state import (
    CheckView,
    LabelDesk,
    NodeView,
    RunView,
    SessionState,
    desk_key,
)


def newest_first(state: SessionState) -> list[RunView]:
    """All runs, the latest first; the open conversation before all."""
    runs = sorted(state.runs.values(), key=lambda run: -run.number)
    return sorted(runs, key=lambda run: run.number != state.conversation)


def asking(run: RunView, form: str) -> NodeView | None:
    """The run's node that asks a person in this form now."""
    for node in run.nodes.values():
        if node.form == form and node.state == "needs_you":
            return node
    return None


def label_desk(state: SessionState) -> tuple[RunView, CheckView, LabelDesk] | None:
    """The run to label, its check and its desk: the one that asks, else the last that asked."""
    runs = [run for run in newest_first(state) if run.check is not None]
    runs.sort(key=lambda run: asking(run, "label") is None)
    for run in runs:
        for node in run.nodes.values():
            desk = state.desks.get(desk_key(run.number, node.id))
            if desk is not None and node.form == "label" and run.check is not None:
                return run, run.check, desk
    return None


def decide_run(state: SessionState) -> RunView | None:
    """The run that asks for a decision, else the last that has options."""
    runs = [run for run in newest_first(state) if run.offer is not None]
    runs.sort(key=lambda run: asking(run, "decide") is None)
    return runs[0] if runs else None


def result_run(state: SessionState) -> RunView | None:
    """The run that asks for an approval, else the last that was evaluated."""
    runs = [run for run in newest_first(state) if run.table is not None]
    runs.sort(key=lambda run: asking(run, "approve") is None)
    return runs[0] if runs else None


def checks(state: SessionState) -> list[CheckView]:
    """Every batch's check, oldest first; of a batch that was checked again the last one."""
    latest: dict[str, CheckView] = {}
    for number in sorted(state.runs):
        check = state.runs[number].check
        if check is not None:
            latest[check.batch] = check
    return sorted(latest.values(), key=lambda check: check.batch)
