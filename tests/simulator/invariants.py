"""What must hold in every world, at every moment, and at the end."""

from __future__ import annotations

import msgspec

from scanflow_tui.contract import commands as cmd
from scanflow_tui.contract.states import ATTEMPT_ENDED, RUN_ENDED
from scanflow_tui.session import events as ev
from scanflow_tui.session.folds import replay
from scanflow_tui.session.state import RunView
from scanflow_tui.supervisor.machine.turn import graph_of
from scanflow_tui.workflow.plan import ready
from tests.simulator.world import World


def check_always(world: World) -> None:
    """Cheap invariants of the current state."""
    state = world.machine.state
    talking = [
        run.number
        for run in state.runs.values()
        if run.state not in RUN_ENDED and any(node.form for node in run.nodes.values())
    ]
    assert len(talking) <= 1, f"two conversations are open: {talking}"
    unended = {
        attempt.name
        for run in state.runs.values()
        for node in run.nodes.values()
        for attempt in node.attempts
        if attempt.state not in ATTEMPT_ENDED
    }
    assert world.machine.open.keys() == unended, "what is open is not what has not ended"
    for run in state.runs.values():
        for node in run.nodes.values():
            still = [item for item in node.attempts if item.state not in ATTEMPT_ENDED]
            assert len(still) <= 1, f"{run.number}.{node.id} runs twice"
            if still:
                assert still[0] is node.attempts[-1]
        _check_frontier(world, run)


def _check_frontier(world: World, run: RunView) -> None:
    """Nothing that could be decided is overlooked."""
    frontier = world.machine.frontiers.get(run.number)
    if frontier is None or run.state in RUN_ENDED or run.cancel_asked:
        return
    graph, walk = graph_of(world.machine, run)
    states = {node.id: node.state for node in run.nodes.values()}
    values = {(node.id, k): v for node in run.nodes.values() for k, v in node.values.items()}
    decided = {item.node for item in ready(graph, states, values, order=walk)}
    assert decided <= frontier, f"{decided - frontier} of run {run.number} are overlooked"


def check_log(world: World) -> None:
    """Invariants of the committed events."""
    seqs = [event.seq for event in world.committed]
    assert seqs == list(range(len(seqs))), "the log has a gap"
    ended: set[tuple[int, str, int]] = set()
    intended: set[tuple[int, str, int]] = set()
    by_command: dict[str, list[ev.Event]] = {}
    for event in world.committed:
        fact = event.fact
        if event.command is not None:
            by_command.setdefault(event.command, []).append(event)
        if isinstance(fact, ev.AttemptIntended):
            key = (fact.run, fact.node, fact.attempt)
            assert key not in intended, f"{key} was intended twice"
            intended.add(key)
        elif isinstance(fact, ev.AttemptEnded):
            key = (fact.run, fact.node, fact.attempt)
            assert key in intended, f"{key} ended without an intent"
            assert key not in ended, f"{key} ended twice"
            ended.add(key)
    _check_commands(world, by_command)
    assert all(item.n_runs == 1 for item in world.engine.values())
    if not world.uncommitted:
        again = msgspec.to_builtins(replay(world.committed))
        assert again == msgspec.to_builtins(world.machine.state), "the state is not its replay"


def _check_commands(world: World, by_command: dict[str, list[ev.Event]]) -> None:
    """An acknowledged command stands in the log exactly once, a refused one changed nothing."""
    for client in world.clients:
        for command_id, (command, seq) in client.acknowledged.items():
            found = by_command.get(command_id, [])
            assert found, f"{command_id} {command} was acknowledged and is not in the log"
            assert found[-1].seq <= seq < len(world.committed)
            if isinstance(command, cmd.GiveLabel):
                given = [item for item in found if isinstance(item.fact, ev.LabelGiven)]
                assert len(given) == 1, f"{command_id} was applied {len(given)} times"
        for command_id in client.refused:
            found = by_command.get(command_id, [])
            assert all(isinstance(item.fact, ev.CommandRefused) for item in found)
    for command_id, found in by_command.items():
        kinds = [item.kind for item in found]
        assert len(kinds) == len(set(kinds)), f"{command_id} caused {kinds}"


def check_settled(world: World) -> None:
    """After a calm time every run has ended, and every batch was judged by some run."""
    state = world.machine.state
    open_runs = [run.number for run in state.runs.values() if run.state not in RUN_ENDED]
    assert not open_runs, f"runs {open_runs} never ended"
    if state.champion is not None:
        for batch in state.batches.values():
            assert batch.run is not None, f"batch {batch.id} was never checked"
            assert state.runs[batch.run].state != "superseded"
    for run in state.runs.values():
        if run.state == "done":
            assert all(node.state in ("done", "cached", "skipped") for node in run.nodes.values())
