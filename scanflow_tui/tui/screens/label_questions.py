"""The questions of the Label screen: each asks, changes the work, and answers with a sentence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from scanflow_tui.contract.commands import ReopenLabelling
from scanflow_tui.contract.limits import NOTE_CHARS_MAX
from scanflow_tui.labels.assign import AGAIN
from scanflow_tui.tui.labelling.annotating import FULL, Annotating
from scanflow_tui.tui.labelling.queue import counts
from scanflow_tui.tui.labelling.workbench import Workbench
from scanflow_tui.tui.present import label as show
from scanflow_tui.tui.present.class_keys import matching
from scanflow_tui.tui.present.label_order import ORDERS, SAYS
from scanflow_tui.tui.widgets.dialog import Ask
from scanflow_tui.tui.widgets.guide import Guide
from scanflow_tui.tui.widgets.pick import Pick

if TYPE_CHECKING:
    from scanflow_tui.tui.app import ScanflowApp


async def note(app: ScanflowApp, bench: Workbench, work: Annotating) -> str:
    """A line of text on the image under the cursor."""
    sample = work.entry.id
    before, draft = await bench.whole_note(sample)
    bench.drafts.found(sample, draft)

    def keep(text: str) -> None:
        bench.drafts.typed(sample, "" if text == before else text)

    ask = Ask(
        f"note on image {sample.removesuffix(AGAIN)}",
        value=draft or before,
        answers="[enter] keep the note   [esc] keep a draft of it",
        replaces=False,
        changed=keep,
    )
    text = await app.push_screen_wait(ask)
    if text is None:
        bench.keep_place()
        return "the draft is kept: n goes on with it" if bench.drafts.texts.get(sample) else ""
    if len(text) > NOTE_CHARS_MAX:
        return f"a note has at most {NOTE_CHARS_MAX} characters"
    if (text != before or draft) and not work.queue.note(sample, text):
        return FULL
    bench.drafts.given(sample)
    return ""


async def finish(app: ScanflowApp, bench: Workbench, work: Annotating) -> str:
    """Counts first; then the labels are final."""
    n_bare, others = await bench.mates.progress(work)
    body = "\n".join(row for row in (show.finish_body(counts(work.queue), n_bare), others) if row)
    if await app.confirm("Finish labelling", body, "finish", thing="labelling"):
        return "" if work.queue.finish() else FULL
    return ""


async def order(app: ScanflowApp, bench: Workbench, work: Annotating) -> str:
    """Another order of the queue."""
    work.second = await bench.mates.second_look(work)
    orders = [name for name in ORDERS if name != "second look" or work.second]
    rows = [f"{name}: {SAYS[name]}" for name in orders]
    if work.second:
        rows[-1] = f"second look ({len(work.second)}): {SAYS['second look']}"
    chosen = orders.index(work.order) if work.order in orders else 0
    at = await app.push_screen_wait(Pick("Order", rows, chosen=chosen))
    if at is None:
        return ""
    work.sort(orders[at], app.steady_s())
    return f"order: {SAYS[orders[at]]}"


async def pick_class(app: ScanflowApp, bench: Workbench, work: Annotating) -> str:
    """Label by the class's name."""
    known = work.keys
    rows = [f"{known.code(at):<3} {name}" for at, name in enumerate(known.names)]
    at = await app.push_screen_wait(Pick("Class", rows, lambda words: matching(known, words)))
    return "" if at is None else work.say("class", at, app.steady_s())


async def guide(app: ScanflowApp, bench: Workbench, work: Annotating) -> str:
    """The pipeline's guidelines, with typical images of each class."""
    # Not the class that is guessed: the page would tell what the screen may hide.
    await app.push_screen_wait(Guide(work.keys, bench.guidelines, bench.examples()))
    return ""


class Finished:
    """What can be done once labelling was finished."""

    def __init__(self, app: ScanflowApp, bench: Workbench) -> None:
        self._app = app
        self._bench = bench

    async def act_reopen(self) -> None:
        """Ask, then label on: what hangs on the labels begins anew."""
        work = self._bench.work
        if work is None:
            return
        body = "Every label stays. What was worked out from them begins anew when you finish again."
        if await self._app.confirm("Label on", body, "open labelling again", keep="stay finished"):
            await self._app.send(ReopenLabelling(work.queue.run, work.queue.node))


ASKS: dict[str, Callable[[ScanflowApp, Workbench, Annotating], Awaitable[str]]] = {
    "note": note,
    "finish": finish,
    "order": order,
    "pick_class": pick_class,
    "guide": guide,
}
"""By action id."""
