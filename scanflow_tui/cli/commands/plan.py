"""``scanflow plan``: what a run would do, node by node, with the reasons. Runs nothing."""

from __future__ import annotations

from pathlib import Path

from scanflow_tui.cli import output, reach
from scanflow_tui.client.source import Ref
from scanflow_tui.contract.errors import UsageError
from scanflow_tui.engine.choose import open_engine
from scanflow_tui.engine.protocol import Capacity
from scanflow_tui.session.places import SessionFolder
from scanflow_tui.supervisor.effects_plan import gather
from scanflow_tui.supervisor.machine.effects import GatherPlan
from scanflow_tui.supervisor.machine.production import parts_of
from scanflow_tui.supervisor.machine.sharing import never
from scanflow_tui.supervisor.machine.stimuli import PlanGathered
from scanflow_tui.supervisor.workplace import Workplace
from scanflow_tui.workflow.lint import read


def execute(session: str | None, batch: str | None, root: str | None, as_json: bool) -> int:
    """Print the plan that a run would freeze now."""
    with reach.reading(session, root) as link:
        state = link.state
        folder = link.read(Ref("content", state.pipeline_content)).data.decode("utf-8")
    if batch is not None and batch not in state.batches:
        raise UsageError(f"there is no batch {batch!r}", hint=", ".join(state.batches))
    champion = state.versions[state.champion] if state.champion is not None else None
    engine, _ = open_engine(state.engine)
    place = Workplace(
        state.session, SessionFolder(link.folder), Path(folder), engine, link.folder.parent
    )
    told = gather(
        place,
        GatherPlan(
            batch=batch,
            batch_artifact=state.batches[batch].artifact if batch is not None else None,
            command=None,
            actor="",
            replaces=None,
            champion=state.champion,
            champion_outputs={
                name: item.sha for name, item in (champion.outputs if champion else {}).items()
            },
            previous=parts_of(state),
        ),
    )
    capacity = engine.capacity()
    engine.close()
    if told.error is not None:
        raise told.error
    nodes = told.plan.nodes if told.plan else ()
    lacking = _lacking(told, capacity)
    if as_json:
        output.write_json(
            [
                {
                    "node": item.node,
                    "verdict": item.verdict,
                    "reason": item.reason,
                    "cannot_run": lacking.get(item.node, ""),
                }
                for item in nodes
            ]
        )
    else:
        output.table(
            ("node", "verdict", "reason"),
            [(item.node, item.verdict, item.reason) for item in nodes],
        )
        for node, why in lacking.items():
            output.write(f"{node} cannot run here: {why}.")
    return 0


def _lacking(told: PlanGathered, capacity: Capacity) -> dict[str, str]:
    """Nodes that would run and for which this machine has not what they ask for, and why."""
    if told.plan is None or not capacity.is_here:
        return {}
    runs = {item.node for item in told.plan.nodes if item.verdict == "run"}
    found = {
        node.id: never(capacity, node.limits) for node in read(told.text).nodes if node.id in runs
    }
    return {node: why for node, why in found.items() if why}
