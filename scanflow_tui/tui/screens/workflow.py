"""The workflow graph, live."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult

from scanflow_tui.client.source import Update
from scanflow_tui.tui.screens.place import Place
from scanflow_tui.tui.theme import TONES, face
from scanflow_tui.tui.widgets.rows import Rows


class WorkflowScreen(Place):
    """The nodes of the newest run."""

    place = "workflow"

    def compose_body(self) -> ComposeResult:
        """The graph."""
        yield Rows("Graph", id="graph")

    def show(self, update: Update | None) -> None:
        """One row a node."""
        state = self.known.state
        if state is None or not state.runs:
            return
        rows = []
        for node in state.runs[max(state.runs)].nodes.values():
            symbol, word, tone = face(node.state, ascii=self.scanflow.ascii)
            rows.append(Text(f" {symbol} {node.id:<12} {word}", TONES[tone]))
        self.query_one("#graph", Rows).put(rows)
