"""What every open run may do next: skip, start, ask a person, try again, end.

Level-triggered: it looks at what is true, not at what just happened, so a restarted supervisor
asks for the same effects again. It stops when a whole pass changes nothing.
"""

from __future__ import annotations

from scanflow_tui import __version__
from scanflow_tui.contract import canonical, evidence, ids
from scanflow_tui.contract.states import ATTEMPT_ENDED, BAD, NODE_ENDED, UNSTARTED
from scanflow_tui.contract.step import CONTRACT
from scanflow_tui.labels.files import Sayings
from scanflow_tui.session import events as ev
from scanflow_tui.session.folds import asks_nothing, open_runs
from scanflow_tui.session.state import AttemptView, NodeView, RunView, SessionState, desk_key
from scanflow_tui.session.unreached import named
from scanflow_tui.supervisor.machine import budget, frontier
from scanflow_tui.supervisor.machine.effects import (
    AskCache,
    CancelAttempt,
    StartAttempt,
    StoreHumanOutputs,
    StoreLabels,
)
from scanflow_tui.supervisor.machine.outcomes import cancel_before_start, tell_from_human
from scanflow_tui.supervisor.machine.turn import Inputs, Turn, graph_of, node_of, open_of
from scanflow_tui.workflow.asks import asks
from scanflow_tui.workflow.graph import Multigraph, Node
from scanflow_tui.workflow.plan import Ready, Skip, cache_key, inputs_of

BACKOFF = (1, 5, 30, 120)
"""How often ``backoff`` is waited before the 2nd, 3rd, 4th and every later try."""
DOUBTS_FREE = 3
"""So many tries that the engine put in doubt use up none of the step's retries."""
BAD_INPUT_CODE = 2
"""A step that says its input is bad would say so again: it is not retried."""


def proceed(turn: Turn) -> None:
    """Let every open run go on, and cancel what runs of runs that are over."""
    for run in open_runs(turn.state):
        if run.n_active and not run.cancel_asked:
            _start_due(turn, run)
    again = True
    while again:
        before = turn.state.seq
        for run in open_runs(turn.state):
            _proceed_run(turn, run)
        again = turn.state.seq != before
    for run in turn.state.runs.values():
        if run.cancel_asked or run.state in ("superseded", "cancelled", "failed"):
            _cancel_attempts(turn, run, every=True)
        elif run.n_active:
            _cancel_attempts(turn, run, every=False)
            _start_due(turn, run)
    if turn.state.seq != before:
        # An attempt was ended before it began, which may end its run.
        proceed(turn)


def _proceed_run(turn: Turn, run: RunView) -> None:
    if run.cancel_asked:
        _wind_down(turn, run)
        return
    _, order = graph_of(turn.machine, run)
    for decision in frontier.decide(turn.machine.frontiers, run, order):
        node = run.nodes[decision.node]
        match decision:
            case Skip(_, reason):
                turn.emit(ev.NodeSkipped(run.number, node.id, reason))
            case Ready():
                _begin(turn, run, order.nodes[node.id], node)
    for node in run.nodes.values():
        if node.state == "retrying" or node.state in BAD:
            _try_again(turn, run, order.nodes[node.id], node)
        elif node.state == "needs_you":
            _store_human(turn, run, node)
    _end_run(turn, run)


def _begin(turn: Turn, run: RunView, declared: Node, node: NodeView) -> None:
    if declared.kind == "input":
        _pass_batch(turn, run, node)
    elif declared.kind == "human":
        _ask_person(turn, run, declared)
    else:
        _begin_step(turn, run, declared, node.reason if node.attempts else "first try")


def _pass_batch(turn: Turn, run: RunView, node: NodeView) -> None:
    if run.batch is None:
        return
    batch = turn.state.batches[run.batch]
    output = ev.Artifact(batch.artifact, batch.n_bytes, batch.n_files)
    turn.emit(ev.NodeEnded(run.number, node.id, "done", {node.id: output}, {}, f"batch {batch.id}"))


def _ask_person(turn: Turn, run: RunView, declared: Node) -> None:
    """Suspend at a human node, unless another run holds the conversation."""
    holder = turn.state.conversation
    if holder is not None and holder != run.number:
        return
    text, shown = "", ""
    if declared.form == "label" and run.check is not None:
        n_repair = sum(entry.share == "repair" for entry in run.check.queue)
        text = f"{len(run.check.queue)} images to label ({n_repair} to repair with)"
    elif declared.form == "decide" and run.offer is not None:
        text, shown = run.offer.options.sentence, run.offer.evidence
    elif declared.form == "approve" and run.table is not None:
        text = run.table.sentence
    turn.emit(ev.PersonAsked(run.number, declared.id, declared.form or "", shown, text))


def _begin_step(turn: Turn, run: RunView, declared: Node, reason: str, not_before: int = 0) -> None:
    """Use the cache if it has the key; else intend an attempt, if the budget has room.

    Some are intended before there is room, so that they begin at once when there is.
    """
    inputs, sources, key = _known_inputs(turn, run, declared)
    asked = (run.number, declared.id, key)
    view = run.nodes[declared.id]
    if asked not in turn.machine.missed and not view.is_forced:
        role = declared.role
        turn.ask(
            ("cache", *asked),
            AskCache(*asked, declared.outputs, role == "checker", role == "planner"),
        )
        return
    if _runs_elsewhere(turn, key):
        return
    if not not_before and not budget.may_intend(turn, declared.limits):
        if not budget.may_queue(turn):
            return
        not_before = turn.at
    number = len(view.attempts) + 1
    tell_from_human(turn, run, view)
    turn.emit(
        ev.AttemptIntended(
            run=run.number,
            node=declared.id,
            attempt=number,
            name=ids.attempt_name(turn.state.session, run.number, declared.id, number),
            key=key,
            inputs=inputs,
            sources=sources,
            params=declared.params,
            argv=declared.run,
            reason=reason,
            not_before=not_before,
            asks=asks(declared.limits),
        )
    )


def _known_inputs(turn: Turn, run: RunView, declared: Node) -> Inputs:
    """A ready node's inputs and key; they stay until it is begun, or the run is planned anew."""
    known = turn.machine.inputs.get((run.number, declared.id))
    if known is None:
        inputs, sources = _inputs(turn, run, declared)
        key = cache_key(
            declared,
            code=run.code,
            package_version=__version__,
            environment=run.environment,
            inputs=inputs,
            contract=CONTRACT,
        )
        known = turn.machine.inputs[run.number, declared.id] = (inputs, sources, key)
    return known


def _inputs(turn: Turn, run: RunView, declared: Node) -> tuple[dict[str, str], dict[str, str]]:
    above = {source.node for item in declared.inputs for source in item.sources}
    outputs = {
        (node_id, name): artifact.sha
        for node_id in above & run.nodes.keys()
        for name, artifact in run.nodes[node_id].outputs.items()
    }
    champion = turn.state.versions[run.champion].outputs if run.champion is not None else {}
    return inputs_of(
        declared,
        outputs=outputs,
        files=run.files,
        champion={name: artifact.sha for name, artifact in champion.items()},
        batch=turn.state.batches[run.batch].artifact if run.batch is not None else None,
    )


def _runs_elsewhere(turn: Turn, key: str) -> bool:
    """Whether this key runs in the session already: then it is waited for, not run twice."""
    found = any(attempt.key == key for _, _, attempt in budget.open_in(turn))
    if found:
        turn.machine.missed = {asked for asked in turn.machine.missed if asked[2] != key}
    return found


def _try_again(turn: Turn, run: RunView, declared: Node, node: NodeView) -> None:
    """A new attempt after a person asked for it, or by the node's own retries."""
    if not node.attempts or node.attempts[-1].state not in ATTEMPT_ENDED:
        return
    last = node.attempts[-1]
    if node.state == "retrying":
        new = f", with new {', '.join(run.changes[:3])}" if run.changes else ""
        _begin_step(turn, run, declared, f"a person asked for another try{new}")
        return
    if has_a_try(declared, node):
        n_failed = len(node.attempts)
        wait_s = backoff_s(n_failed, declared.limits.backoff_s)
        reason = f"try {n_failed + 1} after: {last.outcome or last.state}"
        _begin_step(turn, run, declared, reason, turn.at + round(wait_s * 1e6))


def has_a_try(declared: Node, node: NodeView) -> bool:
    """Whether a node that ended badly is tried again by itself."""
    if node.state not in BAD or node.state == "cancelled" or not node.attempts:
        return False
    last = node.attempts[-1]
    if last.cancel_asked or last.code == BAD_INPUT_CODE:
        return False
    n_doubts = sum(one.state == "doubt" for one in node.attempts)
    if last.state == "doubt" and n_doubts <= DOUBTS_FREE:
        return True
    return len(node.attempts) - min(n_doubts, DOUBTS_FREE) <= declared.limits.retries


def backoff_s(n_failed: int, unit_s: float) -> float:
    """Seconds to wait after so many tries."""
    return BACKOFF[min(n_failed, len(BACKOFF)) - 1] * unit_s


def _start_due(turn: Turn, run: RunView) -> None:
    """Ask the engine for every intended attempt whose time has come and that it has not
    accepted.
    """
    for node, attempt in open_of(turn.machine, run):
        if attempt.state not in UNSTARTED or attempt.ref or attempt.not_before > turn.at:
            continue
        key = ("start", attempt.name)
        if attempt.cancel_asked or key in turn.machine.asked:
            continue
        graph, order = graph_of(turn.machine, run)
        declared = order.nodes[node.id]
        if attempt.not_before and not budget.may_start(turn, attempt, declared.limits):
            continue
        intended = turn.machine.intents.get(attempt.name, 0)
        turn.ask(key, start_of(graph, run, declared, attempt, intended))


def start_of(
    graph: Multigraph, run: RunView, declared: Node, attempt: AttemptView, intended: int = 0
) -> StartAttempt:
    """What an engine has to be told to start an attempt, the same whenever it is asked."""
    return StartAttempt(
        name=attempt.name,
        run=run.number,
        node=declared.id,
        attempt=attempt.number,
        argv=attempt.argv,
        env=declared.env,
        inputs=attempt.inputs,
        sources=attempt.sources,
        outputs=declared.outputs,
        params=attempt.params,
        seed=declared.seed,
        limits=declared.limits,
        classes=graph.classes,
        code=run.code,
        image=run.image_id or run.image or graph.image,
        lists=declared.lists,
        intended=intended,
    )


def _cancel_attempts(turn: Turn, run: RunView, *, every: bool) -> None:
    """Ask the engine to end open attempts: all of them, or those that somebody wants ended."""
    for node, attempt in open_of(turn.machine, run):
        if not (every or attempt.cancel_asked):
            continue
        if _is_only_intended(turn, attempt):
            cancel_before_start(turn, run, node, attempt)
            continue
        grace_s = node_of(turn.machine, run, node.id).limits.grace_s
        turn.ask(("cancel", attempt.name), CancelAttempt(attempt.name, grace_s))


def _is_only_intended(turn: Turn, attempt: AttemptView) -> bool:
    """Whether no engine was asked to start it, in this supervisor's life or before.

    Where it was asked and does not know whether it did, the attempt is queued.
    """
    asked = ("start", attempt.name) in turn.machine.asked
    is_ours = attempt.name in turn.machine.intents
    return (
        attempt.state == "starting"
        and not attempt.ref
        and not asked
        and (is_ours or attempt.not_before > turn.at)
    )


def is_final(state: SessionState, run: RunView, node: NodeView) -> bool:
    """Whether a person said all at a human node, so that its outputs can be made."""
    if node.state != "needs_you":
        return False
    if node.form == "label":
        desk = state.desks[desk_key(run.number, node.id)]
        return desk.finished or asks_nothing(run, node)
    return node.form == "decide" and run.decision is not None


def _store_human(turn: Turn, run: RunView, node: NodeView) -> None:
    """What a person said becomes the human node's outputs, once it is final."""
    key = ("human", run.number, node.id)
    if key in turn.machine.asked or not is_final(turn.state, run, node):
        return
    if node.form == "label":
        turn.ask(key, StoreLabels(run.number, node.id, sayings(turn, run, node)))
    else:
        turn.ask(key, StoreHumanOutputs(run.number, node.id, _decision_files(run)))


def _decision_files(run: RunView) -> dict[str, bytes]:
    decision, offer = run.decision, run.offer
    assert decision is not None and offer is not None, "a decision needs an offer"
    option = next(item for item in offer.options.options if item.id == decision.option)
    chosen = evidence.Chosen(
        option,
        decision.action,
        decision.evidence,
        decision.reason_content,
        decision.actor,
        decision.at,
    )
    return {"chosen": canonical.encode(evidence.to_json(chosen))}


def sayings(turn: Turn, run: RunView, node: NodeView) -> Sayings:
    """All that was said at a label node, as it is now."""
    desk = turn.state.desks[desk_key(run.number, node.id)]
    queue = run.check.queue if run.check else ()
    words = {entry.id: dict(desk.labels[entry.id]) for entry in queue if entry.id in desk.labels}
    return Sayings(queue, words, len(graph_of(turn.machine, run)[0].classes))


def _wind_down(turn: Turn, run: RunView) -> None:
    """A cancelled run ends once nothing of it runs any more."""
    for node in run.nodes.values():
        is_open = bool(node.attempts) and node.attempts[-1].state not in ATTEMPT_ENDED
        if node.state == "needs_you" or (node.state == "retrying" and not is_open):
            turn.emit(
                ev.NodeEnded(run.number, node.id, "cancelled", {}, {}, "the run was cancelled")
            )
    _cancel_attempts(turn, run, every=True)
    if not open_of(turn.machine, run):
        turn.emit(ev.RunEnded(run.number, "cancelled", "a person cancelled it"))


def _end_run(turn: Turn, run: RunView) -> None:
    """End a run that has nothing left to do, well or badly."""
    if run.n_active or run.n_needs or _asks(turn, run):
        return
    bad = [node for node in run.nodes.values() if node.state in BAD]
    left = [node for node in run.nodes.values() if node.state not in NODE_ENDED]
    if not left and not bad:
        turn.emit(ev.RunEnded(run.number, "done", ""))
    elif bad and not _still_ready(turn, run):
        last = bad[0].attempts[-1] if bad[0].attempts else None
        why = (last.outcome if last else bad[0].reason) or bad[0].state
        others = [node.id for node in bad[1:]]
        also = f"; {named(others)} failed too" if others else ""
        turn.emit(ev.RunEnded(run.number, "failed", f"node {bad[0].id}: {why}{also}"))


def _asks(turn: Turn, run: RunView) -> bool:
    """Whether an effect of this run is still without an answer."""
    return any(key[0] in ("cache", "human") and key[1] == run.number for key in turn.machine.asked)


def _still_ready(turn: Turn, run: RunView) -> bool:
    """Whether some node could go on (it waits for room, the conversation, its next try), or is
    still to be skipped.
    """
    _, order = graph_of(turn.machine, run)
    if frontier.is_open(run, order):
        return True
    return any(has_a_try(order.nodes[node.id], node) for node in run.nodes.values())
