"""The state machine of a session: ``advance(machine, stimulus)`` → events, contents, effects. Pure.

A stimulus is a client's command, an answer to an effect, an observation of an engine, or a tick.
Time and salts come in as data. Effects are carried out by the shell after the commit that holds
the events.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scanflow_tui import __version__
from scanflow_tui.contract import ids
from scanflow_tui.contract.errors import InputError
from scanflow_tui.contract.states import UNSTARTED
from scanflow_tui.session import events as ev
from scanflow_tui.session.folds import open_runs
from scanflow_tui.supervisor.machine import outcomes, production, stimuli, team
from scanflow_tui.supervisor.machine.commands import code_read, commanded
from scanflow_tui.supervisor.machine.effects import Stop
from scanflow_tui.supervisor.machine.progress import is_final, proceed
from scanflow_tui.supervisor.machine.turn import Machine, Turn, open_of

__all__ = ["Machine", "Turn", "advance", "next_due", "open_attempts"]

TICK_US = 1_000_000

QUIET: frozenset[type] = frozenset(
    {
        ev.LabelGiven,
        ev.LabelUndone,
        ev.NoteWritten,
        ev.ImportBegan,
        ev.LabelImported,
        ev.NoteImported,
        ev.ImportEnded,
        ev.ImportUndone,
        ev.CommandRefused,
        ev.MetricReported,
        ev.VitalSampled,
        ev.MessageSent,
        ev.HeadIssued,
        ev.AttemptQueued,
        ev.AttemptAccepted,
        ev.EngineSeen,
        ev.SessionShared,
        ev.SessionUnshared,
        ev.AnnotatorJoined,
    }
)
"""Events after which no run can do anything that it could not do before."""


def advance(machine: Machine, stimulus: stimuli.Stimulus, *, at: int, salt: bytes) -> Turn:
    """Handle one stimulus. ``at`` is microseconds UTC, ``salt`` 16 random bytes."""
    turn = Turn(machine, at, salt)
    HANDLERS[type(stimulus)](turn, stimulus)
    if turn.touched or any(type(event.fact) not in QUIET for event in turn.events):
        proceed(turn)
    return turn


def open_attempts(machine: Machine) -> dict[str, tuple[int, str, int]]:
    """What the shell has to watch: engine name → (run, node, attempt)."""
    return {name: known for name, known in machine.open.items() if name not in machine.exited}


def next_due(machine: Machine) -> int | None:
    """When a tick is needed (microseconds UTC): for a next try, or for an effect that went wrong.

    At most one tick a second, so that what keeps failing does not make a hot loop.
    """
    waits = [
        attempt.not_before
        for run in open_runs(machine.state)
        for _, attempt in open_of(machine, run)
        if attempt.state in UNSTARTED
        and not attempt.ref
        and ("start", attempt.name) not in machine.asked
    ]
    waits += [
        0
        for run in open_runs(machine.state)
        if run.n_needs
        for node in run.nodes.values()
        if is_final(machine.state, run, node)
        and ("human", run.number, node.id) not in machine.asked
    ]
    return max(min(waits), machine.ticked_at + TICK_US) if waits else None


def _opened(turn: Turn, told: stimuli.Opened) -> None:
    turn.emit(
        ev.SupervisorStarted(
            __version__, told.pid, told.engine, told.engine_reason, told.recovered, told.unheld
        )
    )
    production.gather_waiting(turn)
    for run in turn.state.runs.values():
        if run.state == "superseded" and run.batch is not None:
            batch = turn.state.batches[run.batch]
            if batch.run == run.number:
                production.gather(turn, batch=run.batch, replaces=run.number)


def _batch_stored(turn: Turn, told: stimuli.BatchStored) -> None:
    if not turn.answered(("ingest", told.command)):
        return
    if told.error is not None or told.artifact is None:
        error = told.error or InputError("the batch could not be read")
        turn.refuse(told.command, told.actor, "AddBatch", error)
        return
    batch = ids.batch_id(len(turn.state.batches) + 1)
    turn.emit(
        ev.BatchArrived(
            batch,
            told.artifact.sha,
            told.artifact.n_bytes,
            told.artifact.n_files,
            turn.seal(told.name.encode("utf-8", "replace")),
        ),
        told.actor,
        told.command,
    )
    turn.reply(told.command, value=batch)
    production.gather_waiting(turn)


def _head_written(turn: Turn, told: stimuli.HeadWritten) -> None:
    turn.emit(ev.HeadIssued(told.upto, told.head, told.place))


def _ticked(turn: Turn, told: stimuli.Ticked) -> None:
    turn.machine.ticked_at = turn.at
    turn.touched = True


def _leaving(turn: Turn, told: stimuli.Leaving) -> None:
    turn.emit(ev.SupervisorLeft(told.reason))
    turn.effects.append(Stop())


HANDLERS: dict[type, Callable[[Turn, Any], None]] = {
    stimuli.Opened: _opened,
    stimuli.Commanded: commanded,
    stimuli.BatchStored: _batch_stored,
    stimuli.PlanGathered: production.plan_gathered,
    stimuli.CodeRead: code_read,
    stimuli.StartAnswered: outcomes.start_answered,
    stimuli.Observed: outcomes.observed,
    stimuli.EngineObserved: outcomes.engine_observed,
    stimuli.Reported: outcomes.reported,
    stimuli.Sampled: outcomes.sampled,
    stimuli.Collected: outcomes.collected,
    stimuli.CacheAnswered: outcomes.cache_answered,
    stimuli.HumanStored: outcomes.human_stored,
    stimuli.HeadWritten: _head_written,
    stimuli.DoorSet: team.door_set,
    stimuli.NameFound: team.name_found,
    stimuli.Ticked: _ticked,
    stimuli.Leaving: _leaving,
}
