"""What the keys of the workflow do to runs: which is in view, cancelling, trying again, resuming.

Nothing that succeeded is made again but where a person asks for just that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanflow_tui.contract.states import BAD, GOOD, NODE_ENDED
from scanflow_tui.tui.present import again
from scanflow_tui.tui.widgets.graphview import GraphView

if TYPE_CHECKING:
    from scanflow_tui.contract.commands import Command
    from scanflow_tui.session.state import NodeView, RunView
    from scanflow_tui.tui.screens.workflow import WorkflowScreen


class WorkflowRuns:
    """Each ``act_<id>`` stands for an action of ``keys``."""

    def __init__(self, place: WorkflowScreen) -> None:
        self.place = place

    def act_previous_run(self) -> None:
        """An older run."""
        self._turn_run(-1)

    def act_next_run(self) -> None:
        """A newer run."""
        self._turn_run(1)

    def _turn_run(self, step: int) -> None:
        run, state = self.place.run_view(), self.place.known.state
        if run is None or state is None:
            return
        numbers = sorted(state.runs)
        at = numbers.index(run.number) + step
        if 0 <= at < len(numbers):
            self.place.scanflow.run_number = numbers[at]
            self.place.repaint()
        else:
            self.place.say("that is the newest run" if step > 0 else "that is the first run")

    async def act_cancel(self) -> None:
        """The chosen node while it is active, else the run."""
        from scanflow_tui.contract.commands import Cancel

        run, box = self.place.run_view(), self.place.query_one(GraphView).chosen
        if run is None:
            return
        members = self.place.folds.boxes.get(box, (box,))
        active = [one for one in members if one in run.nodes and _is_active(run.nodes[one])]
        commands: list[Command] = [Cancel(run.number, one) for one in active]
        if len(active) == 1:
            thing = f"node {active[0]} of run {run.number}"
        elif active:
            thing = f"{len(active)} nodes of {box}, run {run.number}"
        else:
            thing, commands = f"run {run.number}", [Cancel(run.number)]
        body = f"{thing.capitalize()} is stopped: TERM, a grace period, KILL. Logs and labels stay."
        title = f"Cancel {thing}?"
        if await self.place.scanflow.confirm(title, body, "cancel", thing=thing, keep="let it run"):
            for command in commands:
                await self.place.scanflow.send(command)

    async def act_retry(self) -> None:
        """A new attempt of what failed; of what was made, it and all that hangs on it."""
        run, nodes = self.place.run_view(), self._meant()
        if run is None or not nodes:
            return
        failed = [node for node in nodes if node.state in BAD]
        if failed:
            title, body, thing = again.retry_text(run, failed)
            if await self.place.scanflow.confirm(title, body, "retry", thing=thing):
                for node in failed:
                    if not await self._retry(run, node.id, thing):
                        return
            return
        whole, node = self.place.whole(), nodes[0]
        if whole is None or len(nodes) > 1:
            return
        title, body, thing = again.make_again_text(run, node, whole)
        if await self.place.scanflow.confirm(title, body, "make again", thing=thing):
            await self._retry(run, node.id, thing, again=True)

    async def act_resume(self) -> None:
        """Everything that ended badly once more, in a run that failed or was cancelled."""
        run = self.place.run_view()
        if run is None:
            return
        title, body, thing = again.resume_text(run)
        if await self.place.scanflow.confirm(title, body, "resume", thing=thing):
            await self._retry(run, None, thing)

    async def _retry(
        self, run: RunView, node: str | None, thing: str, *, again: bool = False
    ) -> bool:
        """Ask for it; where the code changed since, a person says which is meant."""
        from scanflow_tui.contract.commands import NEW_CODE, Retry
        from scanflow_tui.tui.widgets.dialog import Which

        app = self.place.scanflow
        app.following.refusal = None
        if await app.send(Retry(run.number, node, again=again)) is not None:
            return True
        refusal = app.following.refusal
        if refusal is None or NEW_CODE not in refusal.hint:
            return False
        body = f"{refusal.what}.\nWhat succeeded stays in either case."
        answers = {
            "n": f"new code for the rest of run {run.number}",
            "k": f"keep the code that run {run.number} was planned with",
        }
        said = await app.push_screen_wait(Which(f"The code changed: {thing}", body, answers))
        if not said:
            return False
        code = "new" if said == "n" else "frozen"
        return await app.send(Retry(run.number, node, code, again)) is not None

    def _meant(self) -> list[NodeView]:
        """The node under the cursor; of a folded group all members that ended badly."""
        run, view = self.place.run_view(), self.place.query_one(GraphView)
        if run is None:
            return []
        members = self.place.folds.boxes.get(view.chosen, (view.chosen,))
        found = [run.nodes[member] for member in members if member in run.nodes]
        return found if len(members) == 1 else [node for node in found if node.state in BAD]

    def why_not(self, action_id: str) -> str:
        """What the node and the run allow."""
        run = self.place.run_view()
        if action_id == "retry":
            nodes = self._meant()
            if any(node.state in BAD for node in nodes):
                return ""
            if len(nodes) == 1 and nodes[0].state in GOOD and nodes[0].attempts:
                return "" if run is not None and run.state != "superseded" else "superseded"
            return "only what failed or was made is tried again"
        if action_id == "resume":
            return again.why_no_resume(run)
        return "nothing runs" if run is None or run.ended_at is not None else ""


def _is_active(node: NodeView) -> bool:
    return node.state not in NODE_ENDED and node.state != "waiting"
