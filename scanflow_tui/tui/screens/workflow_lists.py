"""The lists that take the graph's place: the conversation, the command log, a node's artifacts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from scanflow_tui.tui import fitting
from scanflow_tui.tui.present import artifacts, commands, messages
from scanflow_tui.tui.present.attempts import attempts_of
from scanflow_tui.tui.theme import TONES
from scanflow_tui.tui.widgets.graphview import GraphView
from scanflow_tui.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from scanflow_tui.tui.screens.workflow import WorkflowScreen

LISTS = ("messages", "commands", "artifacts")


class WorkflowLists:
    """Each ``act_<id>`` stands for an action of ``keys``. One list is shown at most."""

    def __init__(self, place: WorkflowScreen) -> None:
        self.place = place
        self.shown = ""

    def panes(self) -> list[Rows]:
        """The panes, hidden at first."""
        return [Rows("", id=name, classes="pane list -off") for name in LISTS]

    @property
    def pane(self) -> Rows | None:
        """The list that is shown."""
        return self.place.query_one(f"#{self.shown}", Rows) if self.shown else None

    def act_messages(self) -> None:
        """The conversation in the graph's place, or the graph again."""
        self._toggle("messages")

    def act_commands(self) -> None:
        """What was really run, or the graph again."""
        self._toggle("commands")

    def act_artifacts(self) -> None:
        """What the node read and made, or the graph again."""
        self._toggle("artifacts")

    def close(self) -> None:
        """The graph again."""
        self._toggle(self.shown)

    def _toggle(self, name: str) -> None:
        self.shown = "" if self.shown == name else name
        for other in LISTS:
            self.place.query_one(f"#{other}").set_class(other != self.shown, "-off")
        view, pane = self.place.query_one(GraphView), self.pane
        view.set_class(pane is not None, "-off")
        self.paint()
        if pane is not None:
            pane.choose(0 if name == "artifacts" else len(pane.rows) - 1)
            # The list may be longer than the graph was: it is on screen whole in a moment.
            self.place.call_after_refresh(pane.choose, pane.chosen)
        fitting.go_to(self.place, pane or view)
        self.place.repaint()

    def paint(self) -> None:
        """Fill the list that is shown."""
        pane = self.pane
        if pane is None:
            return
        title, rows, empty = self._content()
        pane.border_title = self.place.legible(Text(title)).plain
        pane.has_cursor = bool(rows)
        drawn = rows or [Text(f" {empty}", TONES["dim"])]
        pane.put([self.place.legible(row) for row in drawn])

    def _content(self) -> tuple[str, list[Text], str]:
        """Title, rows, and what an empty list says."""
        place, run = self.place, self.place.run_view()
        if self.shown == "messages":
            said = [] if place.known.state is None else place.known.state.said
            rows = messages.message_rows(said)
            return f"Conversation ({len(said)})", rows, messages.EMPTY
        if self.shown == "commands":
            rows = commands.command_rows(run, ascii=place.scanflow.ascii)
            number = "" if run is None else f" of run {run.number}"
            return f"Commands{number} ({len(rows)})", rows, commands.EMPTY
        found = artifacts.artifacts_of(place.chosen())
        title = f"Artifacts of {place.scanflow.node or 'no node'} ({len(found)})"
        return title, [artifacts.row(artifact) for artifact in found], artifacts.EMPTY

    def follow(self) -> None:
        """The node of the command under the cursor is the chosen one."""
        place, pane = self.place, self.pane
        ran = attempts_of(place.run_view())
        if pane is None or not pane.has_cursor or pane.chosen >= len(ran):
            return
        node = ran[pane.chosen][0]
        place.scanflow.node = node
        place.query_one(GraphView).choose(place.folds.box_of(node) or node)

    # -- a row of a list

    async def open_row(self) -> None:
        """The row under the cursor in full."""
        place, run, pane = self.place, self.place.run_view(), self.pane
        state = place.known.state
        if pane is None or state is None or not pane.has_cursor:
            return
        if self.shown == "messages":
            self._tell("Message", messages.message_text(state.said[pane.chosen]))
        elif self.shown == "commands" and run is not None:
            named = attempts_of(run)[pane.chosen]
            title = f"{named[0]}, attempt {named[1].number}"
            self._tell(title, commands.command_text(state, run, named))
        elif self.shown == "artifacts":
            artifact = artifacts.artifacts_of(place.chosen())[pane.chosen]
            source = place.scanflow.source
            if source is not None:
                # The protocol's module needs the events: after the first paint only.
                from scanflow_tui.tui.artifact_text import artifact_text

                self._tell(artifact.name, await artifact_text(source, artifact))

    def _tell(self, title: str, text: Text) -> None:
        from scanflow_tui.tui.widgets.dialog import Tell

        self.place.app.push_screen(Tell(title, self.place.legible(text)))

    def act_copy_row(self) -> None:
        """A command to run again, a hash, a message; on the graph the node's last command."""
        text = self._copied()
        if text:
            self.place.app.copy_to_clipboard(text)
            self.place.say(f"copied, if this terminal allows it: {text.splitlines()[0]}")
        else:
            self.place.say("nothing here to copy")

    def _copied(self) -> str:
        place, run, pane = self.place, self.place.run_view(), self.pane
        state, node = place.known.state, place.chosen()
        if pane is None or state is None:
            return commands.line(node.attempts[-1]) if node is not None and node.attempts else ""
        if not pane.has_cursor:
            return ""
        if self.shown == "messages":
            return messages.message_text(state.said[pane.chosen]).plain
        if self.shown == "commands":
            return commands.line(attempts_of(run)[pane.chosen][1])
        return artifacts.artifacts_of(node)[pane.chosen].sha
