"""The workflow's detail pane: the node under the cursor with the end of its log, or a group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from scanflow_tui.tui.present import detail, groups
from scanflow_tui.tui.tail import Tail
from scanflow_tui.tui.widgets.graphview import GraphView
from scanflow_tui.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from scanflow_tui.tui.screens.workflow import WorkflowScreen
    from scanflow_tui.workflow.graph import Multigraph


class WorkflowDetail:
    """``show`` fills the pane; the log is read beside and shown when it came."""

    def __init__(self, place: WorkflowScreen) -> None:
        self.place = place
        self.tail = Tail()

    def show(self) -> None:
        """The node under the cursor, or its folded group."""
        view, pane = self.place.query_one(GraphView), self.place.query_one("#detail", Rows)
        whole, run = self.place.whole(), self.place.run_view()
        if whole is None or not view.chosen:
            pane.border_title = "Node"
            pane.put([])
            return
        members = self.place.folds.boxes.get(view.chosen)
        if members is not None:
            self._show_group(whole, members)
            return
        node = next((node for node in whole.nodes if node.id == view.chosen), None)
        pane.border_title = self.place.legible(Text(detail.title(view.chosen, node))).plain
        drawn = detail.rows(
            run,
            view.chosen,
            whole,
            self.place.known,
            self.place.scanflow.now_us(),
            log=self.tail.lines(self._attempt_name()),
            ascii=self.place.scanflow.ascii,
        )
        pane.put([self.place.legible(row) for row in drawn])
        self._read_tail()

    def _show_group(self, whole: Multigraph, members: tuple[str, ...]) -> None:
        pane, app = self.place.query_one("#detail", Rows), self.place.scanflow
        title = f"{self.place.query_one(GraphView).chosen} · foreach group"
        pane.border_title = self.place.legible(Text(title)).plain
        rows = groups.rows(self.place.run_view(), whole, members, app.now_us(), ascii=app.ascii)
        pane.put([self.place.legible(row) for row in rows])

    def _attempt_name(self) -> str:
        node = self.place.chosen()
        return node.attempts[-1].name if node is not None and node.attempts else ""

    def _read_tail(self) -> None:
        node, source = self.place.chosen(), self.place.scanflow.source
        if node is None or not node.attempts or source is None:
            return
        attempt, name = node.attempts[-1], node.attempts[-1].name
        vital = self.place.known.vital(name)
        if self.tail.wants(attempt, vital):
            # By attempt: a cursor that moves on leaves no log unread that was asked for.
            self.place.run_worker(self._tail_read(name), group=f"tail {name}", exclusive=True)

    async def _tail_read(self, attempt: str) -> None:
        source = self.place.scanflow.source
        if source is not None and await self.tail.read(source, attempt):
            self.show()
