"""Folds of runs, nodes and attempts. States move only as ``contract.states`` allows: a fact that
would move an ended attempt or node changes nothing, so a repeated or late event does no harm.

A run's own state is derived here and nowhere else: ``running`` while a node is active,
``needs_you`` when only a person can go on, ``waiting`` when another run holds the conversation.
"""

from __future__ import annotations

from scanflow_tui.contract.states import (
    ATTEMPT_ENDED,
    ATTEMPT_MOVES,
    BAD,
    RUN_ENDED,
    NodeState,
    may_move,
)
from scanflow_tui.session.events import (
    AttemptAccepted,
    AttemptEnded,
    AttemptExplained,
    AttemptIntended,
    AttemptQueued,
    AttemptStarted,
    CancelAsked,
    Event,
    MetricReported,
    NodeCached,
    NodeEnded,
    NodeSkipped,
    PersonAsked,
    RetryAsked,
    RunEnded,
    RunPlanned,
    RunResumed,
    VitalSampled,
)
from scanflow_tui.session.fold_labels import desk_of
from scanflow_tui.session.state import AttemptView, NodeView, RunView, SessionState

ACTIVE: frozenset[NodeState] = frozenset({"queued", "running", "retrying"})


def run_planned(state: SessionState, event: Event, fact: RunPlanned) -> None:
    """A run begins, with its nodes as planned."""
    nodes = {
        item.node: NodeView(
            item.node,
            "skipped" if item.verdict == "skipped" else "waiting",
            item.verdict,
            item.reason,
            ended_at=event.at if item.verdict == "skipped" else None,
        )
        for item in fact.nodes
    }
    state.runs[fact.run] = RunView(
        number=fact.run,
        batch=fact.batch,
        champion=fact.champion,
        code=fact.code,
        environment=fact.environment,
        files=fact.files,
        pipeline=len(state.pipelines) - 1,
        state="running",
        planned_at=event.at,
        nodes=nodes,
        replaces=fact.replaces,
        image=fact.image,
        image_id=fact.image_id,
    )
    batch = state.batches.get(fact.batch) if fact.batch is not None else None
    if batch is not None:
        batch.run = fact.run


def run_ended(state: SessionState, event: Event, fact: RunEnded) -> None:
    """A run ends; a conversation that it held is closed, and those that waited for it may go on."""
    run = state.runs.get(fact.run)
    if run is None or run.state in RUN_ENDED or fact.state not in RUN_ENDED:
        return
    run.state = fact.state
    run.reason = fact.reason
    run.ended_at = event.at
    if state.conversation == run.number:
        state.conversation = next((item.number for item in open_runs(state) if _asked(item)), None)
        _derive_all(state)


def node_skipped(state: SessionState, event: Event, fact: NodeSkipped) -> None:
    """A node will not run in this run."""
    run, node = _node(state, fact.run, fact.node)
    if run is not None and node is not None and _move(state, run, node, "skipped"):
        node.reason = fact.reason
        node.ended_at = event.at


def node_cached(state: SessionState, event: Event, fact: NodeCached) -> None:
    """A node takes over the outputs of an earlier attempt."""
    run, node = _node(state, fact.run, fact.node)
    if run is not None and node is not None and _move(state, run, node, "cached"):
        node.reason = fact.reason
        node.origin = fact.origin
        node.outputs = fact.outputs
        node.values = fact.values
        node.ended_at = event.at


def attempt_intended(state: SessionState, event: Event, fact: AttemptIntended) -> None:
    """A try begins: ``queued`` the first time, ``retrying`` after an earlier one."""
    run, node = _node(state, fact.run, fact.node)
    if run is None or node is None or _attempt(node, fact.attempt) is not None:
        return
    if not _move(state, run, node, "retrying" if node.attempts else "queued"):
        return
    node.since = event.at
    node.ended_at = None
    node.attempts.append(
        AttemptView(
            number=fact.attempt,
            name=fact.name,
            state="starting",
            key=fact.key,
            inputs=fact.inputs,
            sources=fact.sources,
            params=fact.params,
            argv=fact.argv,
            reason=fact.reason,
            intended_at=event.at,
            not_before=fact.not_before,
            asks=fact.asks,
        )
    )


def attempt_accepted(state: SessionState, event: Event, fact: AttemptAccepted) -> None:
    """The engine's own id, a hint, and which GPUs it got."""
    _, node = _node(state, fact.run, fact.node)
    attempt = None if node is None else _attempt(node, fact.attempt)
    if attempt is not None:
        attempt.ref = fact.ref
        attempt.gpus = fact.gpus


def attempt_queued(state: SessionState, event: Event, fact: AttemptQueued) -> None:
    """The engine lets the attempt wait, with its reason."""
    run, node = _node(state, fact.run, fact.node)
    attempt = None if node is None else _attempt(node, fact.attempt)
    if run is None or node is None or attempt is None:
        return
    if attempt.state == "queued" or "queued" in ATTEMPT_MOVES[attempt.state]:
        attempt.state = "queued"
        attempt.queued_reason = fact.reason
        if attempt is node.attempts[-1]:
            _move(state, run, node, "queued")


def attempt_started(state: SessionState, event: Event, fact: AttemptStarted) -> None:
    """The step runs; its time counts from the claim."""
    run, node = _node(state, fact.run, fact.node)
    attempt = None if node is None else _attempt(node, fact.attempt)
    if run is None or node is None or attempt is None:
        return
    if "running" in ATTEMPT_MOVES[attempt.state]:
        attempt.state = "running"
        attempt.claimed_at = fact.claimed_at
        if attempt is node.attempts[-1] and _move(state, run, node, "running"):
            node.since = fact.claimed_at


def attempt_ended(state: SessionState, event: Event, fact: AttemptEnded) -> None:
    """The outcome of a try; the latest try's outcome is the node's."""
    run, node = _node(state, fact.run, fact.node)
    attempt = None if node is None else _attempt(node, fact.attempt)
    if run is None or node is None or attempt is None:
        return
    if attempt.state in ATTEMPT_ENDED or fact.state not in ATTEMPT_ENDED:
        return
    attempt.state = fact.state
    attempt.ended_at = event.at
    attempt.code = fact.code
    attempt.signal = fact.signal
    attempt.outcome = fact.reason
    attempt.seconds = fact.seconds
    attempt.cpu_s = fact.cpu_s
    attempt.log = fact.log
    attempt.error = fact.error
    if attempt is not node.attempts[-1] or not _move(state, run, node, _node_state(fact.state)):
        return
    node.ended_at = event.at
    if fact.state == "done":
        node.outputs = fact.outputs
        node.values = fact.values
        node.origin = attempt.name
        node.is_forced = False


def attempt_explained(state: SessionState, event: Event, fact: AttemptExplained) -> None:
    """Why an attempt died, beside what was known when it died."""
    _, node = _node(state, fact.run, fact.node)
    attempt = None if node is None else _attempt(node, fact.attempt)
    if attempt is not None:
        known = attempt.outcome
        attempt.outcome = f"{known}: {fact.reason}" if known else fact.reason


def metric_reported(state: SessionState, event: Event, fact: MetricReported) -> None:
    """One number of a step."""
    _, node = _node(state, fact.run, fact.node)
    attempt = None if node is None else _attempt(node, fact.attempt)
    if attempt is not None:
        attempt.metrics.setdefault(fact.name, []).append((fact.step, fact.value))
        attempt.n_metrics += 1 + fact.n_coalesced


def vital_sampled(state: SessionState, event: Event, fact: VitalSampled) -> None:
    """What a replay shows of a running attempt."""
    _, node = _node(state, fact.run, fact.node)
    attempt = None if node is None else _attempt(node, fact.attempt)
    if attempt is not None:
        attempt.samples.append((event.at, fact.progress, fact.cpu_s, fact.rss_bytes))


def person_asked(state: SessionState, event: Event, fact: PersonAsked) -> None:
    """A run suspends at a human node, and holds the conversation if nobody else does."""
    run, node = _node(state, fact.run, fact.node)
    if run is None or node is None or run.state in RUN_ENDED:
        return
    if not _move(state, run, node, "needs_you"):
        return
    node.form = fact.form
    node.asked = fact.text
    node.since = event.at
    if fact.form == "label":
        # Asked again: what was finished was reopened.
        desk_of(state, fact.run, fact.node).finished = False
    if state.conversation is None:
        state.conversation = run.number
        _derive_all(state)


def node_ended(state: SessionState, event: Event, fact: NodeEnded) -> None:
    """A human node is over (or a node was cancelled before any attempt)."""
    run, node = _node(state, fact.run, fact.node)
    if run is None or node is None or not _move(state, run, node, fact.state):
        return
    node.ended_at = event.at
    node.outputs = fact.outputs
    node.values = fact.values
    if fact.reason:
        node.reason = fact.reason


def cancel_asked(state: SessionState, event: Event, fact: CancelAsked) -> None:
    """Somebody wants a whole run, or a node's open attempt, cancelled."""
    run = state.runs.get(fact.run)
    if run is None:
        return
    if fact.node is None:
        run.cancel_asked = True
    for node in run.nodes.values():
        if fact.node in (None, node.id) and node.attempts:
            last = node.attempts[-1]
            last.cancel_asked = last.cancel_asked or last.state not in ATTEMPT_ENDED


def retry_asked(state: SessionState, event: Event, fact: RetryAsked) -> None:
    """What ended badly is tried again, or what is named begins anew; a run that had ended goes on.

    A person who was asked is asked again; a step has a new attempt.
    """
    run = state.runs.get(fact.run)
    if run is None or run.state == "superseded" or (run.state == "done" and not fact.resets):
        return
    again = [node for node in run.nodes.values() if fact.node in (None, node.id)]
    again = [node for node in again if node.state in BAD]
    if not again and not fact.resets and not (fact.node is None and run.state == "cancelled"):
        return
    if run.state in RUN_ENDED:
        run.state = "running"
        run.reason = ""
        run.ended_at = None
        run.cancel_asked = False
        if state.conversation is None and _asked(run):
            state.conversation = run.number
    if fact.resets:
        _reset(state, run, fact)
    for node in [] if fact.resets else again:
        _move(state, run, node, "retrying" if node.attempts else "waiting")
        node.ended_at = None
    derive(state, run)


def _reset(state: SessionState, run: RunView, fact: RetryAsked) -> None:
    """Nodes begin anew, and what they said of the batch is no longer in force."""
    for node_id in fact.resets:
        node = run.nodes.get(node_id)
        if node is None or not (node.state == "waiting" or _move(state, run, node, "waiting")):
            continue
        if run.check is not None and run.check.node == node_id:
            run.check = None
        if run.offer is not None and run.offer.node == node_id:
            run.offer = None
        if "table" in node.outputs:
            run.table = None
        node.outputs, node.values, node.origin = {}, {}, ""
        node.ended_at = None
        node.is_forced = node.is_forced or node_id == fact.node
        is_wanted = node_id == fact.node
        node.reason = "a person wants it made again" if is_wanted else f"{fact.node} is made again"
        if fact.node is not None and run.nodes[fact.node].form == "label":
            node.reason = "labelling was reopened"


def run_resumed(state: SessionState, event: Event, fact: RunResumed) -> None:
    """From here on a run uses other code, and the latest pipeline document."""
    run = state.runs.get(fact.run)
    if run is None or run.state == "superseded":
        return
    run.code = fact.code
    run.environment = fact.environment
    run.files = fact.files
    run.pipeline = len(state.pipelines) - 1
    run.changes = fact.changes
    run.image, run.image_id = fact.image, fact.image_id


def open_runs(state: SessionState) -> list[RunView]:
    """The runs that have not ended, oldest first."""
    return [run for run in state.runs.values() if run.state not in RUN_ENDED]


def derive(state: SessionState, run: RunView) -> None:
    """Set the state of a run that has not ended from its nodes and the conversation."""
    if run.state in RUN_ENDED:
        return
    if run.n_active:
        run.state = "running"
    elif run.n_needs:
        run.state = "needs_you"
    elif run.check is not None and state.conversation not in (None, run.number):
        run.state = "waiting"
    else:
        run.state = "running"


def _derive_all(state: SessionState) -> None:
    for run in open_runs(state):
        derive(state, run)


def _move(state: SessionState, run: RunView, node: NodeView, after: NodeState) -> bool:
    """Move a node if that is allowed, keep the run's counts, and say whether it is there now."""
    before = node.state
    if before == after and after in ACTIVE:
        return True
    if not may_move(before, after):
        return False
    run.n_active += (after in ACTIVE) - (before in ACTIVE)
    run.n_needs += (after == "needs_you") - (before == "needs_you")
    node.state = after
    derive(state, run)
    return True


def _node_state(state: str) -> NodeState:
    """An ended attempt's state is a node state by the same word."""
    return state  # type: ignore[return-value]


def _node(state: SessionState, run: int, node: str) -> tuple[RunView | None, NodeView | None]:
    view = state.runs.get(run)
    return view, None if view is None else view.nodes.get(node)


def _attempt(node: NodeView, number: int) -> AttemptView | None:
    for attempt in reversed(node.attempts):
        if attempt.number == number:
            return attempt
    return None


def _asked(run: RunView) -> bool:
    return any(node.form for node in run.nodes.values())
