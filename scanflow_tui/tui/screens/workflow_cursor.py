"""Where the cursor of the workflow goes by itself: to what runs, needs somebody, or failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanflow_tui.contract.states import BAD
from scanflow_tui.tui.present import detail, groups
from scanflow_tui.tui.present.underway import waits_elsewhere
from scanflow_tui.tui.widgets.graphview import GraphView

if TYPE_CHECKING:
    from scanflow_tui.session.state import RunView
    from scanflow_tui.tui.screens.workflow import WorkflowScreen


class WorkflowCursor:
    """Until a person moves it, the cursor is led; to a new failure it goes once in any case."""

    def __init__(self, place: WorkflowScreen) -> None:
        self.place = place
        self.told: set[str] = set()
        self.seen = -1
        self.led: str | None = None

    def chose(self, node: str) -> None:
        """The cursor stands on a node now: the other places follow.

        On a folded group they keep to the member they show, or take the one to look at first.
        """
        members = self.place.folds.boxes.get(node)
        app = self.place.scanflow
        if members is None:
            app.node = node
        elif app.node not in members:
            app.node = groups.urgent_member(self.place.run_view(), members)

    def lead(self, view: GraphView) -> None:
        """Put the cursor where it belongs after what was heard."""
        app, run = self.place.scanflow, self.place.run_view()
        event = app.following.last_event
        if app.transport is not None and event is not None and event.seq != self.seen:
            # In a replay the cursor goes where something happens.
            self.seen = event.seq
            node = getattr(event.fact, "node", None)
            app.node = node if self.place.folds.box_of(node) in view.nodes else app.node
        wanted = app.node
        if wanted is None or wanted == self.led:
            urgent = self.place.folds.urgent(run, view)
            waits = waits_elsewhere(self.place.known.state, run)
            if not urgent and waits is not None and waits[0] in view.nodes:
                urgent = [waits[0]]
            if not urgent and wanted is None:
                urgent = list(view.nodes[:1])
            if urgent:
                wanted = self._first_in(urgent[0])
            app.node = self.led = wanted
        box = self.place.folds.box_of(wanted)
        if box is not None and wanted is not None and box != view.chosen:
            self.place.call_after_refresh(self._go, view, wanted)

    def _first_in(self, box: str) -> str:
        members = self.place.folds.boxes.get(box)
        return groups.urgent_member(self.place.run_view(), members) if members else box

    def _go(self, view: GraphView, wanted: str) -> None:
        # Not where a person went on meanwhile.
        if self.place.scanflow.node == wanted:
            view.choose(self.place.folds.box_of(wanted) or wanted)

    def tell_failure(self, view: GraphView, run: RunView | None) -> None:
        """Go to a newly failed node once; the footer says what failed."""
        if run is None or self.place.known.writable is False:
            return
        for node in run.nodes.values():
            attempt = node.attempts[-1] if node.attempts else None
            if attempt is None or node.state not in BAD or node.state == "cancelled":
                continue
            if attempt.name not in self.told:
                self.told.add(attempt.name)
                self.place.scanflow.node = node.id
                view.choose(self.place.folds.box_of(node.id) or node.id)
                self.place.say(detail.failure(node.id, attempt), "bad")
