"""What becomes of a client's command: events and an answer, or a refusal with its sentence.

A command that came before is answered as before and not applied again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scanflow_tui.contract import commands as cmd
from scanflow_tui.contract import limits
from scanflow_tui.contract.errors import BY_CODE, InputError, Refused, ScanflowError
from scanflow_tui.contract.states import ATTEMPT_ENDED, RUN_ENDED
from scanflow_tui.labels.assign import first_of
from scanflow_tui.session import events as ev
from scanflow_tui.session.fold_labels import SECOND_LOOK
from scanflow_tui.session.folds import undoable
from scanflow_tui.session.state import LabelDesk, NodeView, RunView, desk_key
from scanflow_tui.supervisor.machine import desks, importing, resuming, team
from scanflow_tui.supervisor.machine.effects import Answer, IngestBatch, IssueHead, Stop
from scanflow_tui.supervisor.machine.production import approve, discard, gather, roll_back
from scanflow_tui.supervisor.machine.stimuli import CodeRead, Commanded
from scanflow_tui.supervisor.machine.turn import Turn, graph_of


def commanded(turn: Turn, given: Commanded) -> None:
    """Apply a command once, or answer it as before."""
    if given.id in turn.machine.pending or _answered_before(turn, given):
        return
    name = type(given.command).__name__
    try:
        if name not in cmd.ANNOTATORS and given.actor != turn.machine.owner:
            raise Refused(f"{name} is the owner's", hint="ask the owner of this session")
        HANDLERS[type(given.command)](turn, given, given.command)
    except ScanflowError as error:
        turn.refuse(given.id, given.actor, name, error)


def _answered_before(turn: Turn, given: Commanded) -> bool:
    """Answer a repeat with the old word; refuse what is too old to be known."""
    client, _, counter_text = given.id.rpartition(":")
    known = turn.state.clients.get(client)
    if known is None:
        return False
    counter = int(counter_text)
    if counter in known.refusals:
        what, where, hint, code = known.refusals[counter]
        error = BY_CODE.get(code, ScanflowError)(what, where=where, hint=hint)
        turn.effects.append(Answer(given.id, None, error))
        return True
    if counter in known.replies:
        turn.effects.append(Answer(given.id, known.replies[counter]))
        return True
    if counter <= known.highest - limits.REPLIES_KEPT_PER_CLIENT:
        error = Refused(f"command {counter} is too old to be known", hint="reload the session")
        turn.effects.append(Answer(given.id, None, error))
        return True
    return False


def _add_batch(turn: Turn, given: Commanded, command: cmd.AddBatch) -> None:
    if not command.path.startswith("/"):
        raise InputError("a batch needs an absolute path", where=command.path)
    turn.machine.pending.add(given.id)
    turn.ask(("ingest", given.id), IngestBatch(given.id, given.actor, command.path, command.name))


def _start_run(turn: Turn, given: Commanded, command: cmd.StartRun) -> None:
    if command.batch is not None:
        if command.batch not in turn.state.batches:
            raise InputError(f"there is no batch {command.batch!r} in this session")
        if turn.state.champion is None:
            raise Refused(
                "no model is in production yet, so the batch has to wait",
                hint="start a run without a batch first",
            )
    turn.machine.pending.add(given.id)
    gather(turn, batch=command.batch, command=given.id, actor=given.actor)


def _desk(turn: Turn, run_number: int, node_id: str) -> tuple[RunView, LabelDesk]:
    """The open label desk of a node. Raises where there is none."""
    run, node = _node(turn, run_number, node_id)
    desk = turn.state.desks.get(desk_key(run_number, node_id))
    if desk is None or node.form != "label":
        raise Refused(f"node {node_id} of run {run_number} does not ask for labels")
    if desk.finished or node.state != "needs_you":
        raise Refused(f"labelling of run {run_number} is finished, so nothing was changed")
    return run, desk


def _node(turn: Turn, run_number: int, node_id: str) -> tuple[RunView, NodeView]:
    run = turn.state.runs.get(run_number)
    if run is None:
        raise InputError(f"there is no run {run_number} in this session")
    node = run.nodes.get(node_id)
    if node is None:
        raise resuming.no_node(turn, run, node_id)
    return run, node


def _samples(turn: Turn, run: RunView) -> frozenset[str]:
    known = turn.machine.samples.get(run.number)
    if known is None:
        queue = run.check.queue if run.check else ()
        known = turn.machine.samples[run.number] = frozenset(entry.id for entry in queue)
    return known


def _require_sample(turn: Turn, run: RunView, sample: str) -> None:
    """Raises InputError for what is neither a sample of the queue nor one shown again."""
    samples = _samples(turn, run)
    if first_of(sample, samples) not in samples:
        raise InputError(f"sample {sample!r} is not in the queue of run {run.number}")


def _give_label(turn: Turn, given: Commanded, command: cmd.GiveLabel) -> None:
    run, desk = _desk(turn, command.run, command.node)
    _require_sample(turn, run, command.sample)
    _check_shown(command)
    if command.order == SECOND_LOOK and given.actor != turn.machine.owner:
        raise Refused("a second look is the owner's", hint="label in another order")
    if command.kind in ("class", "rejected"):
        n_classes = len(graph_of(turn.machine, run)[0].classes)
        if command.value is None or not 0 <= command.value < n_classes:
            raise InputError(f"class {command.value} is not one of the {n_classes} classes")
    elif command.value is not None:
        raise InputError(f"a label of kind {command.kind} has no class")
    if command.redoes is not None and command.redoes not in desk.undone:
        raise Refused(f"label {command.redoes} was not taken back, so there is nothing to redo")
    turn.emit(
        ev.LabelGiven(
            command.run,
            command.node,
            command.sample,
            command.kind,
            command.value,
            max(0, command.ms),
            command.guess_shown,
            command.order,
            command.redoes,
            command.key,
            command.view,
            max(-1, command.place),
            command.look,
            command.way,
            command.picture,
        ),
        given.actor,
        given.id,
    )
    turn.reply(given.id)


def _check_shown(command: cmd.GiveLabel) -> None:
    """What a client says of its screen is a few words, never a text of a person's."""
    for name in ("order", "key", "view", "look", "way", "picture"):
        if len(getattr(command, name)) > limits.SHOWN_CHARS_MAX:
            raise InputError(f"{name} of a label has at most {limits.SHOWN_CHARS_MAX} characters")


def _undo_label(turn: Turn, given: Commanded, command: cmd.UndoLabel) -> None:
    _, desk = _desk(turn, command.run, command.node)
    latest = undoable(desk, given.actor)
    if latest is None:
        raise Refused("there is no label of yours to take back")
    if command.seq not in (-1, latest.seq):
        raise Refused(f"label {command.seq} is not your latest, so it was not taken back")
    turn.emit(
        ev.LabelUndone(command.run, command.node, latest.sample, latest.seq),
        given.actor,
        given.id,
    )
    turn.reply(given.id)


def _write_note(turn: Turn, given: Commanded, command: cmd.WriteNote) -> None:
    run, _ = _desk(turn, command.run, command.node)
    _require_sample(turn, run, command.sample)
    if len(command.text) > limits.NOTE_CHARS_MAX:
        raise InputError(f"a note has at most {limits.NOTE_CHARS_MAX} characters")
    digest = turn.seal(command.text.encode("utf-8", "replace"))
    turn.emit(
        ev.NoteWritten(command.run, command.node, command.sample, digest), given.actor, given.id
    )
    turn.reply(given.id)


def _keep_place(turn: Turn, given: Commanded, command: cmd.KeepPlace) -> None:
    run, _ = _desk(turn, command.run, command.node)
    _require_sample(turn, run, command.sample)
    if command.drafted:
        _require_sample(turn, run, command.drafted)
    desks.keep_place(turn, given, command)


def _finish_labelling(turn: Turn, given: Commanded, command: cmd.FinishLabelling) -> None:
    run, desk = _desk(turn, command.run, command.node)
    counts = {"class": 0, "unsure": 0, "skip": 0, "invalid": 0, "rejected": 0}
    samples = _samples(turn, run)
    said = [by_actor for sample, by_actor in desk.labels.items() if sample in samples]
    for by_actor in said:
        latest = max(by_actor.values(), key=lambda label: label.seq)
        counts[latest.kind] += 1
    left = len(samples) - len(said)
    turn.emit(
        ev.LabellingFinished(
            command.run,
            command.node,
            counts["class"],
            counts["unsure"],
            counts["skip"],
            counts["invalid"],
            left,
            counts["rejected"],
        ),
        given.actor,
        given.id,
    )
    turn.reply(given.id)


def _take_part(turn: Turn, given: Commanded, command: cmd.TakePart) -> None:
    _, desk = _desk(turn, command.run, command.node)
    team.take_part(turn, given, desk)


def _begin_import(turn: Turn, given: Commanded, command: cmd.BeginImport) -> None:
    _desk(turn, command.run, command.node)
    importing.begin(turn, given, command)


def _import_labels(turn: Turn, given: Commanded, command: cmd.ImportLabels) -> None:
    run, _ = _desk(turn, command.run, command.node)
    n_classes = len(graph_of(turn.machine, run)[0].classes)
    importing.take(turn, given, command, _samples(turn, run), n_classes)


def _end_import(turn: Turn, given: Commanded, command: cmd.EndImport) -> None:
    _desk(turn, command.run, command.node)
    importing.end(turn, given, command)


def _undo_import(turn: Turn, given: Commanded, command: cmd.UndoImport) -> None:
    _desk(turn, command.run, command.node)
    importing.undo(turn, given, command)


def _decide(turn: Turn, given: Commanded, command: cmd.Decide) -> None:
    run, node = _node(turn, command.run, command.node)
    if node.state != "needs_you" or node.form != "decide" or run.offer is None:
        raise Refused(f"node {command.node} of run {command.run} does not ask for a decision")
    if run.decision is not None:
        raise Refused(f"run {command.run} was decided already: {run.decision.action}")
    reason = command.reason.strip()
    if not reason:
        raise InputError("a decision needs a reason")
    if len(reason) > limits.REASON_CHARS_MAX:
        raise InputError(f"a reason has at most {limits.REASON_CHARS_MAX} characters")
    if command.evidence != run.offer.evidence:
        raise Refused(
            "other options are in force than those you saw", hint="look at the evidence again"
        )
    options = {option.id: option for option in run.offer.options.options}
    option = options.get(command.option)
    if option is None:
        raise InputError(
            f"there is no option {command.option!r}", hint=f"one of {', '.join(options)}"
        )
    turn.emit(
        ev.DecisionTaken(
            command.run,
            command.node,
            option.id,
            option.action,
            turn.seal(reason.encode("utf-8", "replace")),
            command.evidence,
        ),
        given.actor,
        given.id,
    )
    turn.ask(("head", turn.state.seq), IssueHead(f"decision of run {command.run}"))
    turn.reply(given.id)


def _approve(turn: Turn, given: Commanded, command: cmd.Approve) -> None:
    run, node = _node(turn, command.run, command.node)
    approve(turn, given, run, node, command)


def _discard(turn: Turn, given: Commanded, command: cmd.Discard) -> None:
    run, node = _node(turn, command.run, command.node)
    discard(turn, given, run, node, command)


def _roll_back(turn: Turn, given: Commanded, command: cmd.RollBack) -> None:
    roll_back(turn, given, command)


def _cancel(turn: Turn, given: Commanded, command: cmd.Cancel) -> None:
    run = turn.state.runs.get(command.run)
    if run is None:
        raise InputError(f"there is no run {command.run} in this session")
    if run.state in RUN_ENDED:
        raise Refused(f"run {command.run} has ended already: {run.state}")
    if command.node is not None:
        _, node = _node(turn, command.run, command.node)
        if not node.attempts or node.attempts[-1].state in ATTEMPT_ENDED:
            raise Refused(f"node {command.node} of run {command.run} does not run")
    turn.emit(ev.CancelAsked(command.run, command.node), given.actor, given.id)
    turn.reply(given.id)


def code_read(turn: Turn, told: CodeRead) -> None:
    """The folder was read that a retry may use: try again, or say why not."""
    if not turn.answered(("code", told.command)):
        return
    try:
        resuming.code_read(turn, told)
    except ScanflowError as error:
        turn.refuse(told.command, told.actor, "Retry", error)


def _leave(turn: Turn, given: Commanded, command: cmd.Leave) -> None:
    turn.emit(ev.SupervisorLeft("asked to leave"), given.actor, given.id)
    turn.reply(given.id)
    turn.effects.append(Stop())


HANDLERS: dict[type, Callable[[Turn, Commanded, Any], None]] = {
    cmd.AddBatch: _add_batch,
    cmd.StartRun: _start_run,
    cmd.GiveLabel: _give_label,
    cmd.UndoLabel: _undo_label,
    cmd.WriteNote: _write_note,
    cmd.FinishLabelling: _finish_labelling,
    cmd.ReopenLabelling: desks.reopen,
    cmd.KeepPlace: _keep_place,
    cmd.TakePart: _take_part,
    cmd.BeginImport: _begin_import,
    cmd.ImportLabels: _import_labels,
    cmd.EndImport: _end_import,
    cmd.UndoImport: _undo_import,
    cmd.Decide: _decide,
    cmd.Approve: _approve,
    cmd.Discard: _discard,
    cmd.RollBack: _roll_back,
    cmd.Cancel: _cancel,
    cmd.Retry: resuming.retry,
    cmd.Share: team.share,
    cmd.Unshare: team.unshare,
    cmd.Leave: _leave,
}
