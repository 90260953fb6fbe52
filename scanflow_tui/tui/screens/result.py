"""What the candidate is worth beside what it would replace; promote, roll back or discard."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical

from scanflow_tui.client.source import Update
from scanflow_tui.contract.commands import Approve, Discard, RollBack
from scanflow_tui.contract.evidence import Table
from scanflow_tui.session.state import NodeView, RunView, SessionState
from scanflow_tui.tui import keys
from scanflow_tui.tui.pixels.pictures import Pictures, pictures_of
from scanflow_tui.tui.present import asked
from scanflow_tui.tui.present import result as show
from scanflow_tui.tui.present.pipeline import graph_of, keys_of_classes
from scanflow_tui.tui.screens.place import Place
from scanflow_tui.tui.widgets.dialog import Confirm
from scanflow_tui.tui.widgets.gallery import Gallery, Shown
from scanflow_tui.tui.widgets.lines import spelled
from scanflow_tui.tui.widgets.rows import Rows

FOOT_FRAME = 4
"""Cells of a tile's foot that its frame and the blanks about its words need, inside the corners."""
PASTED = "pasted text is never a command: nothing was promoted"


class ResultScreen(Place):
    """The run that asks for an approval, or was evaluated last."""

    place: ClassVar[str] = "result"
    DEFAULT_CSS = "ResultScreen #result-table { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self._images = False
        self._confusion = False
        self._made: Pictures | None = None

    def compose_body(self) -> ComposeResult:
        """The table, the pictures below it."""
        with Vertical():
            yield Rows("Result", id="result-table", cursor=False)
            yield Gallery(
                id="result-images",
                ascii=self.scanflow.ascii,
                legible=self.legible,
                showing=self.scanflow.showing,
            )

    def show(self, update: Update | None) -> None:
        """The table of the run, or what is still running."""
        pane, gallery = self.query_one("#result-table", Rows), self.query_one(Gallery)
        if self.focused is None:
            pane.focus()
        state, run, table = self._found()
        if state is None or run is None or table is None:
            gallery.display, pane.display = False, True
            waits = asked.decide_run(state) if state is not None else None
            pane.say([spelled(self.legible(row)) for row in show.nothing(self.known, waits)])
            return
        pane.border_title = f"Run {run.number}: {table.action}"
        class_keys = keys_of_classes(graph_of(state, run))
        width = self.app.size.width - 3
        rows = [*show.table_rows(table, class_keys, width), Text("")]
        rows += show.gate_rows(table, width)
        if self._confusion:
            rows += [Text(""), *show.confusion_rows(table, class_keys)]
        pane.put([spelled(self.legible(row)) for row in rows])
        self._share(pane, gallery, len(rows) + 2, bool(show.samples(table)))
        if gallery.display:
            self._show_images(gallery, run, table)

    def _share(self, pane: Rows, gallery: Gallery, wanted: int, any_images: bool) -> None:
        """Table and pictures together where both fit, else one of them."""
        room = self.app.size.height - 2
        tile_rows = self.scanflow.showing.tile(self.app.size.width).rows + 2
        both = any_images and room - wanted >= tile_rows + 1 and not self._confusion
        pane.display = both or not (self._images and any_images)
        gallery.display = both or (self._images and any_images)
        pane.styles.height = wanted if both else "1fr"

    def _show_images(self, gallery: Gallery, run: RunView, table: Table) -> None:
        room = self.scanflow.showing.tile(self.app.size.width).columns - FOOT_FRAME
        feet = show.of_samples(show.samples(table), room)
        found = [Shown(sample, foot) for sample, foot in feet]
        gallery.put(
            found,
            self._pictures(),
            run.check.thumbnails if run.check is not None else {},
            lambda first, n, total: show.images_head(first, n, total, table),
        )

    def status(self) -> str:
        """What is in production, and what became of the candidate."""
        state, run, table = self._found()
        if state is None or run is None or table is None:
            return ""
        return show.standing(state, run)

    def crumbs(self) -> tuple[str, ...]:
        """The batch."""
        _, run, _ = self._found()
        return (run.batch,) if run is not None and run.batch else ()

    def why_not(self, action: keys.Action) -> str:
        """What needs an evaluation, an open question, or an earlier version."""
        if action.places != ("result",):
            return ""
        state, run, table = self._found()
        if action.id == "roll_back":
            before = show.version_before(state) if state is not None else None
            return "" if before is not None else "there is no earlier version to go back to"
        if run is None or table is None:
            return "there is no evaluation yet"
        if action.id in ("promote", "discard") and asked.asking(run, "approve") is None:
            return f"run {run.number} does not ask for an approval now"
        if action.id == "promote" and not table.gate.passes:
            return "the gate refuses: " + "; ".join(table.gate.refusals)
        if action.id in ("images", "previous_image", "next_image") and not show.samples(table):
            return "this evaluation names no images"
        return ""

    def act_images(self) -> None:
        """Pictures for the table, or back, where both do not fit."""
        self._images = not self._images
        self._confusion = False
        self.show(None)
        self.call_after_refresh(self.show, None)

    def act_confusion(self) -> None:
        """The confusion matrix below the table, or not."""
        self._confusion = not self._confusion
        self._images = False
        self.show(None)

    def act_previous_image(self) -> None:
        """The pictures before."""
        self.query_one(Gallery).turn(-1)
        self.show(None)

    def act_next_image(self) -> None:
        """The next pictures."""
        self.query_one(Gallery).turn(1)
        self.show(None)

    async def act_promote(self) -> None:
        """Ask once, naming both versions."""
        state, run, table = self._found()
        node = self._asking(run)
        if state is None or run is None or table is None or node is None:
            return
        title = f"Promote: version {run.champion} → {show.next_version(state)}"
        if not await self.scanflow.confirm(title, show.promote_body(state, run, table), "promote"):
            return
        given = Approve(run.number, node.id, run.champion or 0)
        reply = await self.scanflow.send(given)
        if reply is not None:
            self.say(f"version {reply.value or show.next_version(state)} is in production")

    async def act_discard(self) -> None:
        """Ask once, naming the candidate."""
        _, run, table = self._found()
        node = self._asking(run)
        if run is None or table is None or node is None:
            return
        thing = f"the candidate of run {run.number}"
        body = show.discard_body(run, table)
        if not await self.scanflow.confirm("Discard the candidate", body, "discard", thing=thing):
            return
        if await self.scanflow.send(Discard(run.number, node.id)) is not None:
            self.say(f"discarded: version {run.champion} stays in production")

    async def act_roll_back(self) -> None:
        """Ask once, naming both versions."""
        state = self.known.state
        to = show.version_before(state) if state is not None else None
        if state is None or state.champion is None or to is None:
            return
        now = state.champion
        title = f"Roll back: version {now} → {to}"
        body = show.roll_back_body(state, to)
        ask = Confirm(title, body, "back to version", thing=str(to), letter="b")
        if not await self.app.push_screen_wait(ask):
            return
        if await self.scanflow.send(RollBack(now, to)) is not None:
            self.say(f"version {to} is back in production")

    def on_paste(self, event: events.Paste) -> None:
        """A pasted burst is not a command."""
        event.stop()
        self.say(PASTED)

    def _found(self) -> tuple[SessionState | None, RunView | None, Table | None]:
        state = self.known.state
        run = asked.result_run(state) if state is not None else None
        return state, run, run.table if run is not None else None

    def _asking(self, run: RunView | None) -> NodeView | None:
        return asked.asking(run, "approve") if run is not None else None

    def _pictures(self) -> Pictures:
        if self._made is None:
            self._made = pictures_of(self.scanflow, lambda: self.show(None))
        return self._made
