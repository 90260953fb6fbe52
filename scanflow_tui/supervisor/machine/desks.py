"""Label desks between sittings: where somebody left one, and one that is opened again. Pure."""

from __future__ import annotations

from scanflow_tui.contract import commands as cmd
from scanflow_tui.contract import limits
from scanflow_tui.contract.errors import InputError, Refused
from scanflow_tui.session import events as ev
from scanflow_tui.session.fold_runs import ACTIVE
from scanflow_tui.session.folds import asks_nothing
from scanflow_tui.session.state import RunView
from scanflow_tui.supervisor.machine.resuming import resets_of
from scanflow_tui.supervisor.machine.stimuli import Commanded
from scanflow_tui.supervisor.machine.turn import Turn


def keep_place(turn: Turn, given: Commanded, command: cmd.KeepPlace) -> None:
    """Remember where somebody is, and the note that they are writing."""
    for name in ("order", "contrast"):
        if len(getattr(command, name)) > limits.SHOWN_CHARS_MAX:
            raise InputError(f"{name} of a place has at most {limits.SHOWN_CHARS_MAX} characters")
    if len(command.draft) > limits.NOTE_CHARS_MAX:
        raise InputError(f"a note has at most {limits.NOTE_CHARS_MAX} characters")
    draft = turn.seal(command.draft.encode("utf-8", "replace")) if command.draft else ""
    fact = ev.PlaceKept(
        command.run, command.node, command.sample, command.order, command.single, command.blind,
        command.zoom, command.contrast, command.inverted, command.drafted, draft,
        command.judging, command.near, command.filtered,
    )  # fmt: skip
    turn.emit(fact, given.actor, given.id)
    turn.reply(given.id)


def reopen(turn: Turn, given: Commanded, command: cmd.ReopenLabelling) -> None:
    """Ask for labels again; what was made of them before begins anew once they are finished."""
    run = _may_reopen(turn, command)
    resets = resets_of(turn, run, command.node)
    turn.machine.missed = {key for key in turn.machine.missed if key[0] != run.number}
    turn.emit(ev.RetryAsked(run.number, command.node, resets), given.actor, given.id)
    turn.reply(given.id)


def _may_reopen(turn: Turn, command: cmd.ReopenLabelling) -> RunView:
    run = turn.state.runs.get(command.run)
    if run is None:
        raise InputError(f"there is no run {command.run} in this session")
    node = run.nodes.get(command.node)
    if node is None or node.form != "label":
        raise InputError(f"node {command.node} of run {command.run} never asked for labels")
    if asks_nothing(run, node):
        raise Refused(f"the check of run {run.number} put no sample into the queue")
    if run.state == "superseded":
        raise Refused(f"run {run.number} has ended: superseded", hint="label a newer batch")
    if node.state != "done":
        raise Refused(f"labelling of run {run.number} is not finished: {node.state}")
    if run.decision is not None:
        raise Refused(
            f"run {run.number} was decided on these labels: {run.decision.action}",
            hint="start a new run with the batch to label it again",
        )
    other = turn.state.conversation
    if other not in (None, run.number):
        raise Refused(f"run {other} is being talked about", hint=f"finish run {other} first")
    for name in resets_of(turn, run, command.node):
        if run.nodes[name].state in ACTIVE:
            raise Refused(
                f"node {name} works with these labels now",
                hint=f"wait for it, or cancel it first: scanflow cancel --node {name}",
            )
    return run
