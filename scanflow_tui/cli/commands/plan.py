"""``scanflow plan``: what a run would do, node by node, with the reasons. Runs nothing."""

from __future__ import annotations

from pathlib import Path

from scanflow_tui.cli import output, reach
from scanflow_tui.client.source import Ref
from scanflow_tui.contract.errors import UsageError
from scanflow_tui.engine.choose import open_engine
from scanflow_tui.session.places import SessionFolder
from scanflow_tui.supervisor.effects import GatherPlan
from scanflow_tui.supervisor.effects_plan import gather
from scanflow_tui.supervisor.production import parts_of
from scanflow_tui.supervisor.sharing import never
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
    if as_json:
        output.write_json(
            [{"node": item.node, "verdict": item.verdict, "reason": item.reason} for item in nodes]
        )
    else:
        output.table(
            ("node", "verdict", "reason"),
            [(item.node, item.verdict, item.reason) for item in nodes],
        )
        runs = {item.node for item in nodes if item.verdict == "run"}
        for node in read(told.text).nodes:
            lacking = never(capacity, node.limits) if capacity.is_here else ""
            if node.id in runs and lacking:
                output.write(f"{node.id} cannot run here: {lacking}.")
    return 0
