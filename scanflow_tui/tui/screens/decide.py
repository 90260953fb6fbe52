"""The options with their evidence; a person chooses one, gives a reason, and is asked once."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.css.scalar import Scalar
from textual.widgets import Input

from scanflow_tui.client.source import Update
from scanflow_tui.contract.commands import Decide
from scanflow_tui.contract.evidence import Option
from scanflow_tui.contract.limits import REASON_CHARS_MAX
from scanflow_tui.session.state import Offer, RunView
from scanflow_tui.tui import keys
from scanflow_tui.tui.known import Known
from scanflow_tui.tui.present import asked
from scanflow_tui.tui.present import decide as show
from scanflow_tui.tui.present.numbers import count
from scanflow_tui.tui.present.pipeline import graph_of, keys_of_classes
from scanflow_tui.tui.present.what_runs import Coming, what_runs
from scanflow_tui.tui.screens.place import Place
from scanflow_tui.tui.texts import Texts
from scanflow_tui.tui.widgets.dialog import Tell
from scanflow_tui.tui.widgets.lines import Lines, spelled
from scanflow_tui.tui.widgets.rows import Rows
from scanflow_tui.workflow.graph import Multigraph

PASTED = "pasted text is never a command: nothing was decided"


class DecideScreen(Place):
    """The run that asks for a decision, or was decided last."""

    place: ClassVar[str] = "decide"
    DEFAULT_CSS = """
    DecideScreen #reason.-hidden { display: none; }
    DecideScreen #evidence { height: 1fr; }
    DecideScreen.-ascii Input { border: ascii $frame; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._chosen = 0
        self._offer: Offer | None = None
        self._taken = ""
        self._made: Texts | None = None

    def compose_body(self) -> ComposeResult:
        """Options, the reason, what is known of the option under the cursor."""
        with Vertical():
            yield Rows("Evidence", id="options", cursor=False)
            yield Input(
                placeholder="reason (required): why this option",
                id="reason",
                max_length=REASON_CHARS_MAX,
                select_on_focus=False,
            )
            yield Lines(id="evidence")

    def show(self, update: Update | None) -> None:
        """Options in force, or why there are none."""
        pane, below = self.query_one("#options", Rows), self.query_one("#evidence", Lines)
        run = self._run()
        offer = run.offer if run is not None else None
        asks = run is not None and run.decision is None and self.known.writable
        field = self.query_one("#reason", Input)
        if not asks and self.focused is field:
            pane.focus()
        field.set_class(not asks, "-hidden")
        if run is None or offer is None:
            pane.say([spelled(self.legible(row)) for row in show.nothing(self.known)])
            _fit(pane)
            below.put([])
            return
        options = offer.options
        taken = run.decision.option if run.decision is not None else ""
        if self._offer is None or (self._offer.evidence, self._taken) != (offer.evidence, taken):
            ids = [option.id for option in options.options]
            first = taken or options.recommended
            self._chosen = ids.index(first) if first in ids else 0
            self._offer, self._taken = offer, taken
        if self.focused is None:
            pane.focus()
        base = show.baseline_row(options)
        width = self.app.size.width
        rows = [show.header(), *show.option_rows(options.options, self._chosen, width - 2)]
        rows = rows if base is None else [*rows, base]
        for row in rows:
            row.truncate(width - 2, overflow="ellipsis")  # the whole is said below
        self._fill(pane, rows)
        graph = _graph(self.known, run)
        class_keys = keys_of_classes(graph)
        told = show.wrapped(options.sentence, width, "strong") if options.sentence else []
        if run.decision is not None:
            reason = self._texts().text(run.decision.reason_content)
            told = [*show.decided(run.decision, reason), Text(""), *told]
        told += [Text(""), *show.details(options.options[self._chosen], class_keys, width)]
        below.put([self.legible(row) for row in told])

    def status(self) -> str:
        """How much the evidence rests on."""
        run = self._run()
        if run is None or run.offer is None:
            return ""
        labels = count(run.offer.options.n_labels, "label")
        flagged = f" · {run.check.finding.n_flagged} flagged" if run.check is not None else ""
        return labels + flagged

    def crumbs(self) -> tuple[str, ...]:
        """The batch."""
        run = self._run()
        return (run.batch,) if run is not None and run.batch else ()

    def why_not(self, action: keys.Action) -> str:
        """What needs options, or a decision that is still to be taken."""
        if action.places != ("decide",):
            return ""
        run = self._run()
        if run is None or run.offer is None:
            return "there are no options yet"
        if action.id in ("decide", "reason") and run.decision is not None:
            return f"run {run.number} was decided already: {run.decision.action}"
        if action.id == "decide" and asked.asking(run, "decide") is None:
            return f"run {run.number} does not ask for a decision now"
        return ""

    def act_up(self) -> None:
        """The option above."""
        self._choose(self._chosen - 1)

    def act_down(self) -> None:
        """The option below."""
        self._choose(self._chosen + 1)

    def act_reason(self) -> None:
        """Into the reason, or back to the options."""
        field = self.query_one("#reason", Input)
        (self.query_one("#options") if self.focused is field else field).focus()

    def act_back(self) -> None:
        """Out of the reason first; what was written stays."""
        if self.focused is self.query_one("#reason", Input):
            self.query_one("#options").focus()
        else:
            self.scanflow.moves.act_back()

    def act_preview(self) -> None:
        """Which nodes the option would run."""
        run, option = self._run(), self._option()
        if run is None or option is None:
            return
        text = Text("\n").join(show.coming_rows(self._coming(run, option)))
        self.app.push_screen(Tell(f"What {option.title} will run", self.legible(text)))

    async def act_decide(self) -> None:
        """Ask once, naming what starts; then decide on the evidence that was on screen."""
        run, option, offer = self._run(), self._option(), self._offer
        if run is None or option is None or offer is None:
            return
        node = asked.asking(run, "decide")
        reason = self.query_one("#reason", Input).value.strip()
        if not reason:
            self.query_one("#reason", Input).focus()
            self.say("a decision needs a reason: write it, then enter and s")
            return
        engine = self.known.state.engine if self.known.state is not None else ""
        body = show.dialog_body(option, self._coming(run, option), engine, reason)
        title = f"Decide: {option.action}"
        if node is None or not await self.scanflow.confirm(title, body, option.action):
            return
        given = Decide(run.number, node.id, option.id, reason, offer.evidence)
        if await self.scanflow.send(given) is not None:
            self.say(f"decided: {option.action}")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the reason goes back to the options."""
        event.stop()
        self.query_one("#options").focus()

    def on_paste(self, event: events.Paste) -> None:
        """A pasted burst outside the reason is not a command."""
        event.stop()
        self.say(PASTED)

    def _fill(self, pane: Rows, rows: list[Text]) -> None:
        pane.put([spelled(self.legible(row)) for row in rows])
        _fit(pane)

    def _choose(self, at: int) -> None:
        if self._offer is not None:
            self._chosen = max(0, min(at, len(self._offer.options.options) - 1))
            self.show(None)

    def _run(self) -> RunView | None:
        state = self.known.state
        return asked.decide_run(state) if state is not None else None

    def _option(self) -> Option | None:
        offer = self._offer
        return offer.options.options[self._chosen] if offer is not None else None

    def _coming(self, run: RunView, option: Option) -> tuple[Coming, ...]:
        graph = _graph(self.known, run)
        node = asked.asking(run, "decide")
        name = node.id if node is not None else run.decision.node if run.decision else "decide"
        return what_runs(graph, run, name, option.action) if graph is not None else ()

    def _texts(self) -> Texts:
        if self._made is None:
            self._made = Texts(self.scanflow, lambda: self.show(None))
        return self._made


def _graph(known: Known, run: RunView) -> Multigraph | None:
    return graph_of(known.state, run) if known.state is not None else None


def _fit(pane: Rows) -> None:
    """As high as what it shows, with its frame."""
    height = Scalar.from_number(len(pane.rows) + 2)
    if pane.styles.height != height:
        pane.styles.height = height
