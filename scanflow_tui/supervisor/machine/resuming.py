"""Trying again: one node that ended badly, or a whole run, without repeating what succeeded. Pure.

A run keeps the code it was planned with. Where the pipeline's folder has changed since, nothing is
tried again before somebody said which of the two is meant.
"""

from __future__ import annotations

from scanflow_tui.contract import commands as cmd
from scanflow_tui.contract.errors import InputError, Refused
from scanflow_tui.contract.states import BAD, GOOD, RUN_ENDED
from scanflow_tui.session import events as ev
from scanflow_tui.session.fold_runs import ACTIVE
from scanflow_tui.session.state import NodeView, RunView
from scanflow_tui.session.unreached import named
from scanflow_tui.supervisor.machine.effects import ReadCode
from scanflow_tui.supervisor.machine.stimuli import CodeRead, Commanded
from scanflow_tui.supervisor.machine.turn import Turn, graph_of
from scanflow_tui.workflow.graph import Multigraph
from scanflow_tui.workflow.lint import read
from scanflow_tui.workflow.order import reach

CODES = ("", "frozen", "new")
SHOWN_MAX = 5


def retry(turn: Turn, given: Commanded, command: cmd.Retry) -> None:
    """Try again with the code of the plan, or ask the shell first whether it is still the same."""
    if command.code not in CODES:
        raise InputError(f"the code is 'frozen' or 'new', not {command.code!r}")
    run = _may_retry(turn, command.run, command.node, again=command.again)
    if command.code == "frozen":
        _ask_again(turn, given.id, given.actor, run, command.node, again=command.again)
        return
    turn.machine.pending.add(given.id)
    effect = ReadCode(
        command=given.id,
        actor=given.actor,
        run=run.number,
        node=command.node,
        choice=command.code,
        text=turn.state.pipelines[run.pipeline],
        code=run.code,
        environment=run.environment,
        files=run.files,
        again=command.again,
    )
    turn.ask(("code", given.id), effect)


def code_read(turn: Turn, told: CodeRead) -> None:
    """The folder was compared with what the run was planned with. Raises ScanflowError to
    refuse.
    """
    run = _may_retry(turn, told.run, told.node, again=told.again)
    if told.changes and told.choice == "new":
        _take_new_code(turn, told, run)
    elif told.error is not None or told.changes:
        raise _changed(told, run)
    _ask_again(turn, told.command, told.actor, run, told.node, again=told.again)


def _changed(told: CodeRead, run: RunView) -> Refused:
    node = f" {told.node}" if told.node else ""
    frozen = f"scanflow retry{node} --code frozen keeps what run {run.number} was planned with"
    if told.error is not None:
        what = f"whether something changed since is not known: {told.error.sentence()}"
        return Refused(what, hint=frozen)
    said = f"{shown(told.changes)} changed since run {run.number} was planned"
    return Refused(said, hint=f"{frozen}, {cmd.NEW_CODE} takes what is there now")


def shown(changes: tuple[str, ...]) -> str:
    """What changed, in a few words."""
    more = f" and {len(changes) - SHOWN_MAX} more" if len(changes) > SHOWN_MAX else ""
    return ", ".join(changes[:SHOWN_MAX]) + more


def _may_retry(turn: Turn, number: int, node_id: str | None, *, again: bool) -> RunView:
    """The run, if what is asked can be tried again. Raises InputError, Refused."""
    run = turn.state.runs.get(number)
    if run is None:
        raise InputError(f"there is no run {number} in this session")
    if node_id is not None and node_id not in run.nodes:
        raise no_node(turn, run, node_id)
    if again:
        _may_make_again(turn, run, node_id)
    elif run.state in ("done", "superseded"):
        was_made = node_id is not None and run.state == "done" and run.nodes[node_id].state in GOOD
        hint = f"scanflow retry {node_id} --again makes it again" if was_made else "start a new run"
        raise Refused(f"run {number} has ended: {run.state}", hint=hint)
    elif node_id is None:
        if not any(node.state in BAD for node in run.nodes.values()) and run.state != "cancelled":
            raise Refused(f"no node of run {number} ended badly")
    elif run.nodes[node_id].state not in BAD:
        state = run.nodes[node_id].state
        hint = f"scanflow retry {node_id} --again makes it again" if state in GOOD else ""
        raise Refused(f"node {node_id} of run {number} did not fail: {state}", hint=hint)
    talks = any(item.form for item in run.nodes.values())
    other = turn.state.conversation
    if run.state in RUN_ENDED and talks and other not in (None, run.number):
        raise Refused(
            f"run {other} is being talked about, so run {number} has to wait",
            hint=f"finish run {other} first",
        )
    return run


def no_node(turn: Turn, run: RunView, node_id: str) -> InputError:
    """There is no such node; where a ``foreach`` is called so, its nodes are named."""
    members = [node.id for node in graph_of(turn.machine, run)[0].nodes if node.group == node_id]
    hint = f"it stands for {named(members)}; name one of them" if members else ""
    return InputError(f"run {run.number} has no node {node_id!r}", hint=hint)


def _may_make_again(turn: Turn, run: RunView, node_id: str | None) -> None:
    """Whether a node, and with it all that hangs on it, may begin anew. Raises Refused."""
    if node_id is None:
        raise InputError("--again needs a node", hint="scanflow retry NODE --again")
    if run.state == "superseded":
        raise Refused(f"run {run.number} has ended: superseded", hint="start a new run")
    declared = graph_of(turn.machine, run)[0].node(node_id)
    node = run.nodes[node_id]
    if declared.kind not in ("step", "agent") or node.state not in (*GOOD, *BAD):
        raise Refused(f"node {node_id} of run {run.number} was not made: {node.state}")
    _, order = graph_of(turn.machine, run)
    for name in reach([node_id], order.children):
        view = run.nodes[name]
        if view.form:
            raise Refused(
                f"a person was asked at {name}, which hangs on {node_id}",
                hint="start a new run: what did not change is cached",
            )
        if view.state in ACTIVE or _is_asked(turn, run, name):
            raise Refused(
                f"node {name}, which hangs on {node_id}, still runs",
                hint=f"wait for it, or cancel it first: scanflow cancel --node {name}",
            )


def resets_of(turn: Turn, run: RunView, node_id: str) -> tuple[str, ...]:
    """A node and all that hangs on it, as far as anything was decided about it."""
    _, order = graph_of(turn.machine, run)
    behind = reach([node_id], order.children)
    return tuple(name for name in order.ids if name in behind and _was_decided(run, name))


def _was_decided(run: RunView, name: str) -> bool:
    return run.nodes[name].state != "waiting"


def _is_asked(turn: Turn, run: RunView, name: str) -> bool:
    return any(
        key[0] in ("cache", "human") and key[1:3] == (run.number, name)
        for key in turn.machine.asked
    )


def _ask_again(
    turn: Turn, command: str, actor: str, run: RunView, node: str | None, *, again: bool
) -> None:
    resets = resets_of(turn, run, node) if again and node is not None else ()
    if resets:
        # What the cache and the queue said of these nodes before is not known any more.
        asked = turn.machine.missed
        turn.machine.missed = {key for key in asked if key[0] != run.number}
        turn.machine.samples.pop(run.number, None)
    turn.emit(ev.RetryAsked(run.number, node, resets), actor, command)
    turn.reply(command)


def _take_new_code(turn: Turn, told: CodeRead, run: RunView) -> None:
    """The run goes on with what lies in the folder now; what succeeded stays. Raises Refused."""
    is_busy = run.n_active or any(
        key[0] in ("cache", "human") and key[1] == run.number for key in turn.machine.asked
    )
    if is_busy:
        raise Refused(
            f"run {run.number} still runs, and new code is for a run that stands still",
            hint=f"wait for it, or cancel it first: scanflow cancel --run {run.number}",
        )
    old, _ = graph_of(turn.machine, run)
    _require_same_shape(run, old, read(told.text))
    if turn.state.pipelines[-1] != told.text:
        turn.emit(ev.PipelineRead(told.text))
    turn.emit(
        ev.RunResumed(
            run.number,
            told.code,
            told.environment,
            told.files,
            told.changes,
            told.image,
            told.image_id,
        ),
        told.actor,
        told.command,
    )


def _require_same_shape(run: RunView, old: Multigraph, new: Multigraph) -> None:
    """A run keeps its nodes, and what made something or asked somebody is still the same."""
    hint = "start a new run: what did not change is cached"
    before, after = set(old.ids()), set(new.ids())
    if before != after:
        parts = [
            f"{word}: {', '.join(sorted(names)[:SHOWN_MAX])}"
            for word, names in (("new", after - before), ("gone", before - after))
            if names
        ]
        raise Refused(
            f"pipeline.yaml has other nodes than run {run.number} ({'; '.join(parts)})", hint=hint
        )
    for node in run.nodes.values():
        if not _is_kept(node):
            continue
        was, now = old.node(node.id), new.node(node.id)
        if (was.kind, was.form, was.outputs) != (now.kind, now.form, now.outputs):
            raise Refused(
                f"node {node.id} of run {run.number} made {', '.join(was.outputs) or 'nothing'} "
                f"and is another node now",
                hint=hint,
            )


def _is_kept(node: NodeView) -> bool:
    return node.state in GOOD or bool(node.form)
