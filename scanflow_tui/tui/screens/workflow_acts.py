"""What the keys of the workflow do: opening, panning, finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanflow_tui.tui.present import graph
from scanflow_tui.tui.widgets.graphview import GraphView

if TYPE_CHECKING:
    from scanflow_tui.tui.screens.workflow import WorkflowScreen

FORM_PLACES = {"label": "label", "decide": "decide", "approve": "result"}


class WorkflowActs:
    """Each ``act_<id>`` stands for an action of ``keys``."""

    def __init__(self, place: WorkflowScreen) -> None:
        self.place = place

    async def act_open_node(self) -> None:
        """What a human node asks for, a check's finding, else the log; of a list its row."""
        if self.place.focused is self.place.lists.pane:
            await self.place.lists.open_row()
            return
        box = self.place.query_one(GraphView).chosen
        if box in self.place.folds.boxes:
            self.place.folds.unfold(box)
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
        urgent = self.place.folds.urgent(self.place.run_view(), view)
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
        whole, view = self.place.whole(), self.place.query_one(GraphView)
        nodes = () if whole is None else whole.ids()
        found = graph.matches(nodes, self.place.needle)
        if not found:
            self.place.say(f"no node is called {self.place.needle!r}")
            return
        at = found.index(view.chosen) + step if view.chosen in found else 0
        target = found[at % len(found)]
        if target not in view.nodes:
            # It may lie in a folded group or layer.
            self.place.scanflow.node = target
            self.place.folds.reveal(target)
        view.choose(target)
        self.place.say(f"{at % len(found) + 1} of {len(found)}: {target}")

    def act_back(self) -> None:
        """From a list to the graph first."""
        if self.place.lists.shown:
            self.place.lists.close()
        else:
            self.place.scanflow.moves.act_back()
