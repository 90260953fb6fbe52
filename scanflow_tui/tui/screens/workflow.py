"""The workflow graph, live: what each node is doing, why, and what was said."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult

from scanflow_tui.tui import doing, keys
from scanflow_tui.tui.present import chrome, graph
from scanflow_tui.tui.present.attempts import run_in_view
from scanflow_tui.tui.present.times import elapsed
from scanflow_tui.tui.present.underway import elsewhere_text, waits_elsewhere
from scanflow_tui.tui.screens.place import Place
from scanflow_tui.tui.screens.workflow_acts import WorkflowActs
from scanflow_tui.tui.screens.workflow_cursor import WorkflowCursor
from scanflow_tui.tui.screens.workflow_detail import WorkflowDetail
from scanflow_tui.tui.screens.workflow_folds import WorkflowFolds
from scanflow_tui.tui.screens.workflow_lists import WorkflowLists
from scanflow_tui.tui.screens.workflow_runs import WorkflowRuns
from scanflow_tui.tui.theme import face
from scanflow_tui.tui.widgets.graphview import GraphView
from scanflow_tui.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from scanflow_tui.client.source import Update
    from scanflow_tui.session.state import NodeView, RunView
    from scanflow_tui.workflow.graph import Multigraph

DETAIL_WIDTH = 46
DETAIL_ROWS_MIN = 7
PRELOAD_S = 1.0
OF_THE_GRAPH = frozenset(
    {"fold", "fold_group", "jump", "zoom_in", "zoom_out"}
    | {"pan_left", "pan_right", "pan_up", "pan_down"}
)
"""What a person does to a graph that is in view, not to one that a list covers."""


LIST_KEYS = {"copy_row": 99, "back": 98, "logs": 97}
"""What is used most in a list, behind opening its row."""


class WorkflowScreen(Place):
    """Graph and detail; ``m``, ``c`` and ``i`` put a list in the graph's place."""

    place = "workflow"
    DEFAULT_CSS = """
    WorkflowScreen #detail { height: 1fr; }
    WorkflowScreen #graph, WorkflowScreen #body > .list { height: 13; }
    WorkflowScreen.-beside #body { layout: horizontal; }
    WorkflowScreen.-beside #graph, WorkflowScreen.-beside #body > .list { height: 1fr; }
    WorkflowScreen.-beside #detail { width: 46; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.needle = ""
        self.cursor = WorkflowCursor(self)
        self.lists = WorkflowLists(self)
        self.folds = WorkflowFolds(self)
        self.detail = WorkflowDetail(self)
        self.runs = WorkflowRuns(self)
        self.doers = (WorkflowActs(self), self.runs, self.folds, self.lists)

    def compose_body(self) -> ComposeResult:
        """Graph, lists (hidden at first), detail."""
        yield GraphView()
        yield from self.lists.panes()
        yield Rows("", id="detail", cursor=False, wraps=True)

    def on_mount(self) -> None:
        """The graph has the focus; running times tick."""
        super().on_mount()
        view = self.query_one(GraphView)
        view.on_choose = self.cursor.chose
        view.focus()
        self.set_interval(1.0, self._tick)
        self.set_timer(PRELOAD_S, self._preload)

    def _preload(self) -> None:
        """What the next screens load is loaded while a person reads this one."""
        from importlib import import_module

        def load() -> None:
            for name in ("screens.logs", "logfeed", "widgets.dialog"):
                import_module(f"scanflow_tui.tui.{name}")

        self.run_worker(load, thread=True)

    def _tick(self) -> None:
        run = self.run_view()
        if self.is_current and run is not None and run.ended_at is None:
            self.show(None)

    # -- what is shown

    def run_view(self) -> RunView | None:
        """The run in view."""
        return run_in_view(self.known.state, self.scanflow.run_number)

    def whole(self) -> Multigraph | None:
        """The pipeline's graph, as the run was planned from it."""
        state = self.known.state
        if state is None:
            return None
        # YAML and the linter's tables: loaded with the first snapshot, after the first paint.
        from scanflow_tui.tui.present.pipeline import graph_of

        return graph_of(state, self.run_view())

    def show(self, update: Update | None) -> None:
        """Graph, detail and conversation from what is known."""
        view, run, drawn = self.query_one(GraphView), self.run_view(), self.folds.shown()
        plain = self.scanflow.ascii
        view.ascii = plain
        if drawn is None:
            view.border_title = "Graph"
            view.say(self.legible(Text(graph.nothing(self.known))).plain)
        else:
            form = self.folds.form_in(drawn, *self.room())
            view.draw(drawn, form=form, boxes=self.folds.boxes)
            self.cursor.lead(view)
            labels = graph.labels(run, drawn, self.known, self.scanflow.now_us(), ascii=plain)
            tones = graph.tones(run)
            self.folds.tell_groups(run, labels, tones, form)
            view.label(labels, tones)
            view.border_title = self.legible(Text(self._title(run))).plain
        self.cursor.tell_failure(view, run)
        self.detail.show()
        self.lists.paint()
        self._arrange(view)

    def _title(self, run: RunView | None) -> str:
        folds, state = self.folds, self.known.state
        n_folded = len(folds.boxes)
        return graph.title(state, run, folds.hides, ascii=self.scanflow.ascii, n_folded=n_folded)

    def room(self) -> tuple[int, int]:
        """Columns and rows for the picture, if the detail below keeps its least."""
        width, height = self.app.size
        bars = 2 + (2 if self.scanflow.transport is not None else 0)
        if self.has_class("-small"):
            return width - 3, height - bars - 3
        return width - 3, height - bars - DETAIL_ROWS_MIN - 2

    def _arrange(self, view: GraphView) -> None:
        """Detail beside the graph where both fit, else below: a graph wants width first."""
        width, _ = self.app.size
        beside = self.has_class("-wide") and view.virtual_size.width + 2 <= width - DETAIL_WIDTH
        self.set_class(beside, "-beside")
        room = self.room()[1] + 2
        fills = beside or self.has_class("-small")
        for pane in (view, *self.query(".list").results(Rows)):
            rows = len(pane.rows) if isinstance(pane, Rows) else view.rows
            pane.styles.height = "1fr" if fills else min(max(rows + 2, 6), max(room, 5))

    def status(self) -> str:
        """The run and its time."""
        run = self.run_view()
        if run is None:
            return ""
        symbol, _, _ = face(run.state, ascii=self.scanflow.ascii)
        end = run.ended_at or self.scanflow.now_us()
        return f"run {run.number} · {symbol} {elapsed((end - run.planned_at) / 1e6)}"

    def chosen(self) -> NodeView | None:
        """The node under the cursor, in the run in view."""
        run = self.run_view()
        return None if run is None else run.nodes.get(self.query_one(GraphView).chosen)

    def on_graph_view_moved(self) -> None:
        """The detail follows the cursor, and so do the other places."""
        self.detail.show()
        self.query_one("#detail", Rows).move("first")
        self.paint_bars()

    def on_graph_view_opened(self) -> None:
        """A second click does what enter does."""
        self.act(keys.by_id("open_node"))

    def on_graph_view_folds(self) -> None:
        """The right button does what the key of the group does."""
        self.act(keys.by_id("fold_group"))

    def on_rows_moved(self, event: Rows.Moved) -> None:
        """In the command log the detail is that of the row's node."""
        if self.lists.shown == "commands" and event.rows is self.lists.pane:
            self.lists.follow()

    def footer_text(self, width: int) -> Text:
        """Of a list, its own keys first."""
        if not self.lists.shown:
            return super().footer_text(width)
        works = [replace(a, footer=LIST_KEYS.get(a.id, a.footer)) for a in doing.working(self)]
        return chrome.footer(chrome.footer_entries(works, self.place), width)

    def why_not(self, action: keys.Action) -> str:
        """What the chosen node and the run allow."""
        run = self.run_view()
        if action.id in OF_THE_GRAPH and self.lists.shown:
            return "the graph is not shown: [esc] shows it again"
        if action.id in ("retry", "resume", "cancel"):
            return self.runs.why_not(action.id)
        if action.id == "jump" and not graph.active(run):
            waits = waits_elsewhere(self.known.state, run)
            return (
                f"{waits[0]}: {elsewhere_text(waits[1])}" if waits else "nothing runs or needs you"
            )
        if action.id in ("next_match", "previous_match") and not self.needle:
            return "find with / first"
        if action.id in ("previous_run", "next_run"):
            state = self.known.state
            return "" if state is not None and len(state.runs) > 1 else "the only run"
        if action.id in ("open_node", "find", "fold") and self.folds.shown() is None:
            return "no graph"
        if action.id == "fold" and (whole := self.whole()) is not None:
            return "" if len(graph.foldable(whole)) > 1 else "this pipeline has one layer only"
        if action.id == "fold_group":
            whole = self.whole()
            has_groups = whole is not None and any(node.group for node in whole.nodes)
            return "" if has_groups else "this pipeline has no foreach node"
        return ""
