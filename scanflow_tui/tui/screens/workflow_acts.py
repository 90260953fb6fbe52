"""What the keys of the workflow do: opening, folding, finding, cancelling, trying again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanflow_tui.contract.states import NODE_ENDED
from scanflow_tui.tui.present import graph
from scanflow_tui.tui.widgets.graphview import GraphView

if TYPE_CHECKING:
    from scanflow_tui.tui.screens.workflow import WorkflowScreen
    from scanflow_tui.workflow.graph import Layer

FORM_PLACES = {"label": "label", "decide": "decide", "approve": "result"}
FOLDS: tuple[Layer | None, ...] = (None, "workflow", "supervision")


class WorkflowActs:
    """Each ``act_<id>`` stands for an action of ``keys``."""

    def __init__(self, place: WorkflowScreen) -> None:
        self.place = place

    async def act_open_node(self) -> None:
        """What a human node asks for, a check's finding, else the log; of a list its row."""
        if self.place.focused is self.place.lists.pane:
            await self.place.lists.open_row()
            return
        node, run = self.place.chosen(), self.place.run_view()
        whole = self.place.whole()
        drawn = None if node is None or whole is None else whole.node(node.id)
        if drawn is None or run is None:
            self.place.say("this node has not run yet")
        elif drawn.form is not None:
            self.place.scanflow.moves.go(FORM_PLACES[drawn.form])
        elif drawn.role == "checker" and run.check is not None:
            self.place.scanflow.moves.go("drift")
        elif node is not None and node.attempts:
            self.place.scanflow.moves.go("logs")
        else:
            self.place.say(f"{drawn.id} has no log: it {'was ' if node else ''}not run here")

    def act_fold(self) -> None:
        """Everything, agents and people alone, steps alone."""
        self.place.hides = FOLDS[(FOLDS.index(self.place.hides) + 1) % len(FOLDS)]
        self.place.repaint()

    def act_zoom_in(self) -> None:
        """Framed boxes."""
        self.place.compact = False
        self.place.repaint()

    def act_zoom_out(self) -> None:
        """One row a box."""
        self.place.compact = True
        self.place.repaint()

    def act_pan_left(self) -> None:
        """Half a pane to the left."""
        self.place.query_one(GraphView).pan("left")

    def act_pan_right(self) -> None:
        """Half a pane to the right."""
        self.place.query_one(GraphView).pan("right")

    def act_pan_up(self) -> None:
        """Half a pane up."""
        self.place.query_one(GraphView).pan("up")

    def act_pan_down(self) -> None:
        """Half a pane down."""
        self.place.query_one(GraphView).pan("down")

    def act_jump(self) -> None:
        """The next node that needs a person, failed, or runs."""
        view = self.place.query_one(GraphView)
        urgent = [node for node in graph.active(self.place.run_view()) if node in view.nodes]
        if urgent:
            at = urgent.index(view.chosen) + 1 if view.chosen in urgent else 0
            view.choose(urgent[at % len(urgent)])

    async def act_find(self) -> None:
        """Ask for letters of a node's id."""
        from scanflow_tui.tui.widgets.dialog import Ask

        needle = await self.place.app.push_screen_wait(Ask("Find node", value=self.place.needle))
        if needle:
            self.place.needle = needle
            self._match(0)

    def act_next_match(self) -> None:
        """Onwards."""
        self._match(1)

    def act_previous_match(self) -> None:
        """Back."""
        self._match(-1)

    def _match(self, step: int) -> None:
        view = self.place.query_one(GraphView)
        found = graph.matches(view.nodes, self.place.needle)
        if not found:
            self.place.say(f"no node is called {self.place.needle!r}")
        elif step == 0 or view.chosen not in found:
            view.choose(found[0])
        else:
            view.choose(found[(found.index(view.chosen) + step) % len(found)])

    def act_back(self) -> None:
        """From a list to the graph first."""
        if self.place.lists.shown:
            self.place.lists.close()
        else:
            self.place.scanflow.moves.act_back()

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

        run, node = self.place.run_view(), self.place.chosen()
        if run is None:
            return
        active = node is not None and node.state not in NODE_ENDED and node.state != "waiting"
        if node is not None and active:
            thing = f"node {node.id} of run {run.number}"
            command = Cancel(run.number, node.id)
        else:
            thing, command = f"run {run.number}", Cancel(run.number)
        body = f"{thing.capitalize()} is stopped: TERM, a grace period, KILL. Logs and labels stay."
        title = f"Cancel {thing}?"
        if await self.place.scanflow.confirm(title, body, "cancel", thing=thing, keep="let it run"):
            await self.place.scanflow.send(command)

    async def act_retry(self) -> None:
        """A new attempt of the chosen node."""
        from scanflow_tui.contract.commands import NEW_CODE, Retry

        run, node = self.place.run_view(), self.place.chosen()
        if run is None or node is None:
            return
        body = f"{node.id} starts again as attempt {len(node.attempts) + 1}; its first log stays."
        thing = f"{node.id} of run {run.number}"
        app = self.place.scanflow
        if not await app.confirm(f"Retry {thing}?", body, "retry", thing=thing):
            return
        reply = await app.send(Retry(run.number, node.id))
        refusal = app.following.refusal
        if reply is None and refusal is not None and NEW_CODE in refusal.hint:
            body = f"{refusal.what}. What succeeded stays; the rest of the run uses the new code."
            if await app.confirm("Take the new code?", body, "new code for", thing=thing):
                await app.send(Retry(run.number, node.id, "new"))
