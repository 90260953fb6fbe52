"""What is in production: plans asked for, promotion, roll-back, and runs that a new champion
supersedes.

A promotion compares and sets: if the champion is no longer the one evaluated against, it is
refused.
"""

from __future__ import annotations

from scanflow_tui.contract import commands as cmd
from scanflow_tui.contract import limits
from scanflow_tui.contract.errors import InputError, Refused
from scanflow_tui.session import events as ev
from scanflow_tui.session.folds import open_runs
from scanflow_tui.session.state import NodeView, RunView, SessionState
from scanflow_tui.supervisor.machine.effects import GatherPlan, IssueHead
from scanflow_tui.supervisor.machine.stimuli import Commanded, PlanGathered
from scanflow_tui.supervisor.machine.turn import SUPERVISOR, Turn, graph_of, node_of
from scanflow_tui.workflow.plan import KeyParts


def gather(
    turn: Turn,
    *,
    batch: str | None,
    command: str | None = None,
    actor: str = SUPERVISOR,
    replaces: int | None = None,
) -> None:
    """Ask the shell for a plan with what is in production now."""
    state = turn.state
    champion = state.versions[state.champion] if state.champion is not None else None
    turn.ask(
        ("gather", command or batch),
        GatherPlan(
            batch=batch,
            batch_artifact=state.batches[batch].artifact if batch is not None else None,
            command=command,
            actor=actor,
            replaces=replaces,
            champion=state.champion,
            champion_outputs={
                name: artifact.sha
                for name, artifact in (champion.outputs if champion else {}).items()
            },
            previous=parts_of(state),
        ),
    )


def parts_of(state: SessionState) -> dict[str, KeyParts]:
    """What each node's latest attempt was keyed by, so that a plan can name the difference."""
    parts: dict[str, KeyParts] = {}
    for run in state.runs.values():
        for node in run.nodes.values():
            if node.attempts:
                last = node.attempts[-1]
                parts[node.id] = KeyParts(
                    code=run.code,
                    package="",
                    environment=run.environment,
                    params=last.params,
                    inputs=last.inputs,
                    argv=last.argv,
                    key=last.key,
                )
    return parts


def gather_waiting(turn: Turn) -> None:
    """Batches without a run get their plan, once a model is in production."""
    if turn.state.champion is None:
        return
    for batch in turn.state.batches.values():
        if batch.run is None:
            gather(turn, batch=batch.id)


def plan_gathered(turn: Turn, told: PlanGathered) -> None:
    """A plan came: freeze it into a run, or say why there is none."""
    if not turn.answered(("gather", told.command or told.batch)):
        return
    if told.error is None and told.champion != turn.state.champion:
        gather(
            turn,
            batch=told.batch,
            command=told.command,
            actor=told.actor,
            replaces=told.replaces,
        )
        return
    if told.error is not None or told.plan is None:
        error = told.error or InputError("no plan was made")
        if told.command is not None:
            turn.refuse(told.command, told.actor, "StartRun", error)
        elif told.batch is not None:
            turn.machine.asked.add(("gather", told.batch))
            turn.emit(
                ev.MessageSent(
                    0, SUPERVISOR, "human", "no plan", f"{told.batch}: {error.sentence()}"
                )
            )
        return
    if not turn.state.pipelines or turn.state.pipelines[-1] != told.text:
        turn.emit(ev.PipelineRead(told.text))
    number = max(turn.state.runs, default=0) + 1
    turn.emit(
        ev.RunPlanned(
            run=number,
            batch=told.batch,
            champion=told.champion,
            code=told.code,
            environment=told.environment,
            files=told.files,
            nodes=tuple(
                ev.PlannedNode(node.node, node.verdict, node.reason) for node in told.plan.nodes
            ),
            replaces=told.replaces,
            image=told.image,
            image_id=told.image_id,
        ),
        told.actor,
        told.command,
    )
    _announce(turn, turn.state.runs[number])
    if told.champion_files and turn.state.champion is None:
        _promote(turn, number, "", told.champion_files, "file", "")
    if told.command is not None:
        turn.reply(told.command, value=str(number))


def _announce(turn: Turn, run: RunView) -> None:
    """The arrival of a batch is the first hop of the conversation."""
    if run.batch is None:
        return
    graph, _ = graph_of(turn.machine, run)
    batch = turn.state.batches[run.batch]
    for node in graph.nodes:
        if node.role == "checker" and run.nodes[node.id].state != "skipped":
            text = f"batch {batch.id} arrived: {batch.n_files} files, {batch.n_bytes} bytes"
            turn.emit(ev.MessageSent(run.number, SUPERVISOR, node.id, "batch", text))


def promote_first(turn: Turn, run: RunView, node: NodeView) -> None:
    """The first success of the node that ``champion:`` names becomes version 1."""
    graph, _ = graph_of(turn.machine, run)
    if turn.state.champion is None and graph.champion.node == node.id:
        _promote(turn, run.number, node.id, node.outputs, "train", "")


def _promote(
    turn: Turn,
    run: int,
    node: str,
    outputs: dict[str, ev.Artifact],
    action: str,
    reason_content: str,
    given: Commanded | None = None,
) -> None:
    version = max(turn.state.versions, default=0) + 1
    turn.emit(
        ev.ModelPromoted(version, run, node, outputs, turn.state.champion, reason_content, action),
        given.actor if given else SUPERVISOR,
        given.id if given else None,
    )
    turn.ask(("head", turn.state.seq), IssueHead(f"version {version} promoted"))
    gather_waiting(turn)


def approve(
    turn: Turn, given: Commanded, run: RunView, node: NodeView, command: cmd.Approve
) -> None:
    """Promote the candidate that ran, if the gate lets it and the champion is the one judged."""
    _must_ask(run, node)
    gate = run.table.gate if run.table else None
    if gate is None:
        raise Refused(f"run {run.number} has no evaluation, so nothing can be promoted")
    if not gate.passes:
        raise Refused("the gate refuses: " + "; ".join(gate.refusals), hint="discard it instead")
    now = turn.state.champion
    if command.champion != now or run.champion != now:
        raise Refused(
            f"version {now} is in production, not the one this was evaluated against",
            hint=f"start a run on batch {run.batch}: scanflow run --batch {run.batch}",
        )
    candidate = _candidate(turn, run, node)
    turn.emit(
        ev.NodeEnded(run.number, node.id, "done", {}, {"approved": True}), given.actor, given.id
    )
    _promote(
        turn,
        run.number,
        candidate.id,
        candidate.outputs,
        run.decision.action if run.decision else "",
        _reason(turn, command.reason),
        given,
    )
    supersede_others(turn, run.number)
    turn.reply(given.id, value=str(turn.state.champion))


def discard(
    turn: Turn, given: Commanded, run: RunView, node: NodeView, command: cmd.Discard
) -> None:
    """End the run without a promotion."""
    _must_ask(run, node)
    turn.emit(
        ev.CandidateDiscarded(run.number, node.id, _reason(turn, command.reason)),
        given.actor,
        given.id,
    )
    turn.emit(
        ev.NodeEnded(run.number, node.id, "done", {}, {"approved": False}), given.actor, given.id
    )
    turn.reply(given.id)


def roll_back(turn: Turn, given: Commanded, command: cmd.RollBack) -> None:
    """Put an earlier version back; one act, and the runs that waited are planned anew."""
    state = turn.state
    if state.champion is None or command.champion != state.champion:
        raise Refused(f"version {state.champion} is in production, not {command.champion}")
    to = command.to if command.to is not None else _before(turn)
    if to is None:
        raise Refused(f"version {state.champion} is the first, so there is nothing to go back to")
    if to not in state.versions:
        raise InputError(f"there is no version {to} in this session")
    if to == state.champion:
        raise Refused(f"version {to} is in production already")
    turn.emit(
        ev.ModelRolledBack(to, state.champion, _reason(turn, command.reason)),
        given.actor,
        given.id,
    )
    turn.ask(("head", state.seq), IssueHead(f"rolled back to version {to}"))
    supersede_others(turn, state.conversation)
    turn.reply(given.id, value=str(to))


def supersede_others(turn: Turn, keep: int | None) -> None:
    """Runs that wait with an older champion close, and their batches open new runs."""
    for run in open_runs(turn.state):
        if run.number == keep or run.batch is None or run.champion == turn.state.champion:
            continue
        turn.emit(
            ev.RunEnded(
                run.number,
                "superseded",
                f"version {turn.state.champion} went into production; "
                f"batch {run.batch} is checked with it in a new run",
            )
        )
        gather(turn, batch=run.batch, replaces=run.number)


def _before(turn: Turn) -> int | None:
    """The version that was in production before the one that is now, never a later one."""
    history = [version for _, version in turn.state.champion_history]
    now = turn.state.champion
    earlier = [version for version in history if now is not None and version < now]
    return earlier[-1] if earlier else None


def _must_ask(run: RunView, node: NodeView) -> None:
    if node.state != "needs_you" or node.form != "approve":
        raise Refused(f"node {node.id} of run {run.number} does not ask for an approval")


def _candidate(turn: Turn, run: RunView, node: NodeView) -> NodeView:
    for name in node_of(turn.machine, run, node.id).promotes:
        made = run.nodes.get(name)
        if made is not None and made.state in ("done", "cached"):
            return made
    raise Refused(f"run {run.number} made no candidate")


def _reason(turn: Turn, text: str) -> str:
    if len(text) > limits.REASON_CHARS_MAX:
        raise InputError(f"a reason has at most {limits.REASON_CHARS_MAX} characters")
    return turn.seal(text.encode("utf-8", "replace")) if text.strip() else ""
