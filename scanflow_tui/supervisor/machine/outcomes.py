"""What became of attempts: observations and collected outputs turn into events.

Exit code 0 alone is never success: the outputs must be complete and the engine must not have been
away.
"""

from __future__ import annotations

from scanflow_tui.contract.errors import ScanflowError
from scanflow_tui.contract.states import ATTEMPT_ENDED, RUN_ENDED, AttemptState, may_move
from scanflow_tui.engine.protocol import (
    Absent,
    Accepted,
    Exited,
    Lost,
    Queued,
    Running,
    StartRefused,
)
from scanflow_tui.session import events as ev
from scanflow_tui.session.contents import PNG
from scanflow_tui.session.state import AttemptView, NodeView, RunView
from scanflow_tui.supervisor.machine.drawn import found as found_events
from scanflow_tui.supervisor.machine.effects import CollectAttempt, ForgetAttempt, KeepInCache
from scanflow_tui.supervisor.machine.production import promote_first
from scanflow_tui.supervisor.machine.stimuli import (
    CacheAnswered,
    Collected,
    EngineObserved,
    Evidence,
    HumanStored,
    LogEnds,
    Observed,
    Reported,
    Sampled,
    StartAnswered,
)
from scanflow_tui.supervisor.machine.turn import SUPERVISOR, Turn, find, graph_of, node_of

SIGNALS = {1: "SIGHUP", 2: "SIGINT", 6: "SIGABRT", 9: "SIGKILL", 11: "SIGSEGV", 15: "SIGTERM"}


def start_answered(turn: Turn, told: StartAnswered) -> None:
    """The engine has the attempt, refuses it, or its reply was lost (then it is asked again)."""
    turn.answered(("start", told.name))
    found = find(turn.machine, told.name)
    if found is None or found[2].state in ATTEMPT_ENDED:
        return
    run, node, attempt = found
    if isinstance(told.answer, Accepted):
        if attempt.ref == "":
            ref = told.answer.ref or "-"
            turn.emit(
                ev.AttemptAccepted(run.number, node.id, attempt.number, ref, told.gpus),
                _engine(turn),
            )
    elif isinstance(told.answer, StartRefused):
        _end(turn, run, node, attempt, "failed", told.answer.reason)
    else:
        if attempt.queued_reason != told.answer.reason:
            turn.emit(
                ev.AttemptQueued(run.number, node.id, attempt.number, told.answer.reason),
                _engine(turn),
            )
        turn.machine.asked.discard(("cancel", told.name))  # it may have come too early
        turn.touched = False  # asked again at the next tick, not at once


def observed(turn: Turn, told: Observed) -> None:
    """One attempt changed. Late and repeated observations change nothing."""
    found = find(turn.machine, told.name)
    if found is None or found[2].state in ATTEMPT_ENDED:
        return
    if told.name in turn.machine.exited and not isinstance(told.observation, Exited):
        # A look that began before the end, told after it: an end is told at once, looks take time.
        return
    run, node, attempt = found
    match told.observation:
        case Queued(reason):
            if attempt.state == "starting" or attempt.queued_reason != reason:
                turn.emit(
                    ev.AttemptQueued(run.number, node.id, attempt.number, reason), _engine(turn)
                )
        case Running(claimed_at):
            _started(turn, run, node, attempt, claimed_at)
        case Exited() as exited:
            _started(turn, run, node, attempt, exited.claimed_at)
            turn.machine.exited[told.name] = exited
            _collect(turn, run, node, attempt, exited)
        case Lost(reason):
            _end(turn, run, node, attempt, "lost", reason)
        case Absent():
            unwanted = attempt.cancel_asked or run.cancel_asked or run.state in RUN_ENDED
            if attempt.state == "running":
                _end(turn, run, node, attempt, "lost", "its claim is gone and it left no record")
            elif unwanted and ("start", attempt.name) not in turn.machine.asked:
                cancel_before_start(turn, run, node, attempt)


def _started(turn: Turn, run: RunView, node: NodeView, attempt: AttemptView, at: int) -> None:
    if attempt.state in ("starting", "queued"):
        turn.emit(ev.AttemptStarted(run.number, node.id, attempt.number, at), _engine(turn))


def _collect(
    turn: Turn, run: RunView, node: NodeView, attempt: AttemptView, exited: Exited
) -> None:
    declared = node_of(turn.machine, run, node.id)
    turn.ask(
        ("collect", attempt.name),
        CollectAttempt(
            attempt.name,
            run.number,
            node.id,
            attempt.number,
            declared.outputs,
            declared.role == "checker",
            declared.role == "planner",
            exited,
            declared.limits.disk_bytes,
        ),
    )


def collected(turn: Turn, told: Collected) -> None:
    """An exited attempt was judged: its outcome, its evidence, and what it told others."""
    turn.answered(("collect", told.name))
    turn.machine.exited.pop(told.name, None)
    found = find(turn.machine, told.name)
    if found is None or found[2].state in ATTEMPT_ENDED:
        return
    run, node, attempt = found
    if told.report is not None:
        reported(turn, told.report)
    state, reason = judge(told)
    log = None if told.log is None else _log_record(turn, told.log)
    turn.emit(
        ev.AttemptEnded(
            run=run.number,
            node=node.id,
            attempt=attempt.number,
            state=state,
            code=told.exited.code,
            signal=told.exited.signal,
            reason=reason,
            seconds=max(0.0, (told.exited.ended_at - told.exited.claimed_at) / 1e6),
            cpu_s=told.exited.cpu_s,
            outputs=told.outputs if state == "done" else {},
            values=told.values if state == "done" else {},
            log=log,
            error=told.error,
        ),
        _engine(turn),
    )
    if told.exited.log_error:
        explained = f"its log is not whole: {told.exited.log_error}"
        turn.emit(
            ev.AttemptExplained(run.number, node.id, attempt.number, explained), _engine(turn)
        )
    turn.effects.append(ForgetAttempt(attempt.name, run.number, node.id, attempt.number))
    if state == "done":
        turn.effects.append(KeepInCache(attempt.key, attempt.name, told.outputs, told.values))
        succeeded(turn, run, node, told.evidence)


def _log_record(turn: Turn, log: LogEnds) -> ev.LogRecord:
    """The ends of a log put beside the event: none of an empty one, one where both are the same."""
    head = turn.seal(log.head) if log.head else ""
    tail = head if log.tail == log.head else turn.seal(log.tail)
    return ev.LogRecord(log.n_bytes, log.n_lines, log.sha, head, tail)


def judge(told: Collected) -> tuple[AttemptState, str]:
    """The state that exit status and outputs come to together, and the sentence that says why."""
    exited = told.exited
    clean_exit = exited.code == 0 and not exited.signal
    said = _said(told.error) if told.error else told.last_error_line
    if exited.doubt:
        return "doubt", exited.doubt
    if exited.hit == "time":
        return "timed_out", "it ran past its time limit and was ended"
    if exited.hit == "log":
        return "failed", "its log went past the limit and it was ended"
    if exited.hit == "memory":
        return "failed", "it ran out of memory and was ended"
    if exited.hit == "disk":
        return "failed", "its files went past the disk limit and it was ended"
    if exited.exec_error:
        return "failed", exited.exec_error
    if clean_exit and not told.problem:
        return "done", ""
    if exited.cancelled:
        return "cancelled", "it was cancelled"
    if clean_exit:
        return "failed", told.problem
    if exited.signal:
        name = SIGNALS.get(exited.signal, f"signal {exited.signal}")
        return "failed", f"it was ended by {name}" + (f": {said}" if said else "")
    return "failed", f"exit code {exited.code}" + (f": {said}" if said else "")


def _said(error: ev.StepError) -> str:
    """What the step itself said went wrong: where, what, what to do."""
    return ScanflowError(error.what, where=error.where, hint=error.hint).sentence()


def _end(
    turn: Turn,
    run: RunView,
    node: NodeView,
    attempt: AttemptView,
    state: AttemptState,
    reason: str,
) -> None:
    """End an attempt that left nothing to collect."""
    turn.machine.exited.pop(attempt.name, None)
    since = attempt.claimed_at or attempt.intended_at
    turn.emit(
        ev.AttemptEnded(
            run=run.number,
            node=node.id,
            attempt=attempt.number,
            state=state,
            code=None,
            signal=None,
            reason=reason,
            seconds=max(0.0, (turn.at - since) / 1e6),
            cpu_s=None,
            outputs={},
            values={},
        ),
        _engine(turn),
    )
    turn.touched = True


def cancel_before_start(turn: Turn, run: RunView, node: NodeView, attempt: AttemptView) -> None:
    """An attempt that nobody asked the engine for yet ends as cancelled."""
    _end(turn, run, node, attempt, "cancelled", "it was cancelled before it started")


def succeeded(turn: Turn, run: RunView, node: NodeView, evidence: Evidence) -> None:
    """What a node's success means beyond itself: typed evidence, messages, a first champion."""
    declared = node_of(turn.machine, run, node.id)
    actor = f"agent:{node.id}" if declared.kind == "agent" else SUPERVISOR
    said = ""
    if evidence.finding is not None and run.batch is not None:
        said = evidence.finding.sentence
        for fact in found_events(
            run.number, node.id, run.batch, evidence, lambda png: turn.seal(png, PNG)
        ):
            turn.emit(fact, actor)
    if evidence.options is not None:
        said = evidence.options.sentence
        offer = node.outputs.get("options")
        turn.emit(
            ev.OptionsOffered(run.number, node.id, evidence.options, offer.sha if offer else ""),
            actor,
        )
    if evidence.table is not None:
        said = evidence.table.sentence
        turn.emit(ev.EvaluationMade(run.number, node.id, evidence.table), actor)
    _tell(turn, run, node, said)
    promote_first(turn, run, node)


def _tell(turn: Turn, run: RunView, node: NodeView, said: str) -> None:
    """Send the messages that the pipeline declares, unless the step sent them itself."""
    graph, _ = graph_of(turn.machine, run)
    spoken = {
        (message.receiver, message.topic)
        for message in turn.state.messages
        if message.run == run.number and message.sender == node.id
    }
    for edge in graph.edges:
        if edge.kind != "message" or edge.source != node.id:
            continue
        if (edge.target, edge.label) in spoken or run.nodes[edge.target].state == "skipped":
            continue
        turn.emit(
            ev.MessageSent(run.number, node.id, edge.target, edge.label, said or edge.label),
            f"agent:{node.id}",
        )


def tell_from_human(turn: Turn, run: RunView, target: NodeView) -> None:
    """A human's word reaches an agent when that agent begins."""
    graph, _ = graph_of(turn.machine, run)
    for edge in graph.edges:
        if edge.kind != "message" or edge.target != target.id:
            continue
        sender = run.nodes[edge.source]
        if sender.form and sender.state == "done":
            chosen = f"{run.decision.action}: {run.decision.option}" if run.decision else edge.label
            turn.emit(ev.MessageSent(run.number, sender.id, target.id, edge.label, chosen))


def cache_answered(turn: Turn, told: CacheAnswered) -> None:
    """The cache was asked when a node was about to start."""
    turn.answered(("cache", told.run, told.node, told.key))
    run = turn.state.runs[told.run]
    node = run.nodes[told.node]
    if run.cancel_asked or run.state in RUN_ENDED:
        return
    if told.outputs is None:
        turn.machine.missed.add((told.run, told.node, told.key))
        return
    if not may_move(node.state, "cached"):
        return
    turn.emit(
        ev.NodeCached(
            told.run,
            told.node,
            told.key,
            told.origin,
            told.outputs,
            told.values,
            f"unchanged since {told.origin}",
        )
    )
    succeeded(turn, run, node, told.evidence)


def human_stored(turn: Turn, told: HumanStored) -> None:
    """The outputs of a human node are in the store, so the node has ended."""
    turn.answered(("human", told.run, told.node))
    run = turn.state.runs[told.run]
    node = run.nodes[told.node]
    if told.error is not None:
        # The answer is not asked again before the next tick: a full disk would make a hot loop.
        turn.touched = False
        return
    if node.state == "needs_you":
        values = {"action": run.decision.action} if run.decision and node.form == "decide" else {}
        turn.emit(ev.NodeEnded(told.run, told.node, "done", told.outputs, values))


def reported(turn: Turn, told: Reported) -> None:
    """New lines of a report; what was counted before a crash is not counted again."""
    found = find(turn.machine, told.name)
    if found is None or found[2].state in ATTEMPT_ENDED:
        return
    run, node, attempt = found
    actor = f"agent:{node.id}"
    index = told.first_metric
    for name, value, step, coalesced in told.metrics:
        if index >= attempt.n_metrics:
            turn.emit(
                ev.MetricReported(
                    run.number, node.id, attempt.number, name, value, step, coalesced
                ),
                actor,
            )
        index += 1 + coalesced
    for index, (topic, receiver, text) in enumerate(told.messages, told.first_message):
        if index >= attempt.n_messages:
            turn.emit(
                ev.MessageSent(run.number, node.id, receiver, topic, text, attempt.number), actor
            )


def sampled(turn: Turn, told: Sampled) -> None:
    """One sample of a running attempt's vitals, so that replay has something to show."""
    found = find(turn.machine, told.name)
    if found is None or found[2].state != "running":
        return
    run, node, attempt = found
    turn.emit(
        ev.VitalSampled(
            run.number,
            node.id,
            attempt.number,
            told.progress,
            told.text,
            told.cpu_s,
            told.rss_bytes,
            told.log_bytes,
        ),
        _engine(turn),
    )


def engine_observed(turn: Turn, told: EngineObserved) -> None:
    """The engine became reachable or unreachable."""
    if told.engine.reachable != turn.state.engine_reachable:
        turn.emit(ev.EngineSeen(told.engine.reachable, told.engine.text), _engine(turn))


def _engine(turn: Turn) -> str:
    return f"engine:{turn.state.engine}"
