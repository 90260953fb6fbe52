"""What may run at once: cores, memory and GPUs, against what open attempts hold. Pure.

An attempt that waits for its next try holds nothing; once its time has come, no first try takes
the room before it. A few first tries are intended ahead of their room: they hold nothing either,
and others that fit may go before them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from scanflow_tui.contract.step import StepLimits
from scanflow_tui.engine.protocol import Capacity
from scanflow_tui.session.state import AttemptView, NodeView, RunView
from scanflow_tui.supervisor.machine.sharing import Ask, ask_of
from scanflow_tui.supervisor.machine.turn import Machine, Turn, find, node_of

Open = tuple[RunView, NodeView, AttemptView]

AHEAD_MAX = 4
"""First tries that may be intended before there is room for them."""


def open_in(turn: Turn) -> list[Open]:
    """Every attempt of the session that has not ended."""
    found = []
    for run_number, node_id, _ in turn.machine.open.values():
        run = turn.state.runs[run_number]
        node = run.nodes[node_id]
        found.append((run, node, node.attempts[-1]))
    return found


def may_intend(turn: Turn, limits: StepLimits) -> bool:
    """Whether a first try has room beside all that holds some, or is next in turn for it."""
    return _fits(turn, limits, (item for item in open_in(turn) if _is_due(turn, item[2])))


def may_queue(turn: Turn) -> bool:
    """Whether one more first try may be intended before it has room."""
    n_ahead = sum(_is_ahead(item[2]) and not _holds(turn, item[2]) for item in open_in(turn))
    return n_ahead < AHEAD_MAX


def may_start(turn: Turn, attempt: AttemptView, limits: StepLimits) -> bool:
    """Whether a try that waited for its time has room now."""
    others = (item for item in open_in(turn) if item[2] is not attempt)
    return _fits(turn, limits, (item for item in others if _holds(turn, item[2])))


def _fits(turn: Turn, limits: StepLimits, holders: Iterable[Open]) -> bool:
    budget = turn.machine.budget
    if budget.cpus is None:
        return True
    # What has exited holds nothing any more, though its outputs are still being judged.
    used = [
        node_of(turn.machine, run, node.id).limits
        for run, node, attempt in holders
        if attempt.name not in turn.machine.exited
    ]
    # One attempt always has room: a step that asks for more than there is would wait for ever.
    return not used or fits(budget, used, limits)


def fits(budget: Capacity, used: list[StepLimits], wanted: StepLimits) -> bool:
    """Whether a step fits in beside others; what the budget does not bound always does."""
    together = [*used, wanted]
    memory_bytes = sum(item.memory_bytes or 0 for item in together)
    return (
        (budget.cpus is None or sum(item.cpus for item in together) <= budget.cpus)
        and (budget.memory_bytes is None or memory_bytes <= budget.memory_bytes)
        and (not wanted.gpus or sum(item.gpus for item in together) <= budget.gpus)
    )


def running(machine: Machine, name: str) -> Ask | None:
    """What an attempt that the engine has holds of the machine; None where it has not begun."""
    found = find(machine, name)
    if found is None or (found[2].state != "running" and not found[2].ref):
        return None
    run, node, attempt = found
    limits = node_of(machine, run, node.id).limits
    asked = ask_of(name, machine.state.name, node.id, limits, attempt.intended_at)
    return replace(asked, gpus=attempt.gpus, holds=True)


def _is_due(turn: Turn, attempt: AttemptView) -> bool:
    has_turn = attempt.not_before <= turn.at and not _is_ahead(attempt)
    return has_turn or _holds(turn, attempt)


def _is_ahead(attempt: AttemptView) -> bool:
    """Whether it waits for room alone, not for a time."""
    return 0 < attempt.not_before <= attempt.intended_at


def _holds(turn: Turn, attempt: AttemptView) -> bool:
    """Whether the engine has it, was asked for it, or is about to be (it was let in at once)."""
    is_asked = ("start", attempt.name) in turn.machine.asked
    return attempt.state != "starting" or bool(attempt.ref) or is_asked or not attempt.not_before
