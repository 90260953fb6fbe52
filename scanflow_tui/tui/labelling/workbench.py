"""Holds one annotator's work together: which desk is open, its sender, its pictures, its notes.

The label screen draws it. Work on a desk goes on being sent while another screen is on top.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from scanflow_tui.contract.evidence import QUEUE_EXAMPLES, QueueEntry
from scanflow_tui.labels.assign import Part
from scanflow_tui.session.state import CheckView, LabelDesk, RunView, SessionState, desk_key
from scanflow_tui.tui.labelling import team
from scanflow_tui.tui.labelling.annotating import Annotating
from scanflow_tui.tui.labelling.coming_back import Drafts, carry, restore, to_keep
from scanflow_tui.tui.labelling.mates import Mates
from scanflow_tui.tui.labelling.queue import LabelQueue
from scanflow_tui.tui.labelling.retracing import retrace
from scanflow_tui.tui.labelling.sending import Sender
from scanflow_tui.tui.pixels.pictures import in_artifact, pictures_of
from scanflow_tui.tui.present import asked
from scanflow_tui.tui.present.pipeline import graph_of, keys_of_classes
from scanflow_tui.tui.texts import Texts

if TYPE_CHECKING:
    from textual.timer import Timer

    from scanflow_tui.tui.app import ScanflowApp


NOBODY: frozenset[str] = frozenset()
STILL_S = 2.0
"""Whoever moves no more for as long has come to a place."""


def me() -> str:
    """The actor that the kernel will name for what this process sends."""
    return f"human:u{os.getuid()}"


Pictured = Mapping[str, str]


class Workbench:
    """``work`` is None while there is nothing to label; ``redraw`` hears a sentence or nothing.

    ``is_asked``: whether a question about the work is open, so that the work has to stay.
    """

    def __init__(
        self,
        app: ScanflowApp,
        redraw: Callable[[str], None],
        redraw_soon: Callable[[], None] = lambda: None,
        is_asked: Callable[[], bool] = lambda: False,
    ) -> None:
        self.work: Annotating | None = None
        self.check: CheckView | None = None
        self.guidelines: dict[str, str] = {}
        self.pictures = pictures_of(app, lambda: redraw(""))
        self._app = app
        self._redraw = redraw
        self._redraw_soon = redraw_soon
        self._run: int | None = None
        self._sender: Sender | None = None
        self._texts = Texts(app, lambda: redraw(""))
        self._counted = 0
        self.near_pictures = pictures_of(app, lambda: redraw(""))
        self._pictured: tuple[tuple[CheckView | None, tuple[QueueEntry, ...], str], Pictured]
        self._pictured = ((None, (), ""), {})
        self._again: tuple[QueueEntry, ...] = ()
        self._examples: tuple[CheckView | None, Mapping[int, list[str]]] = (None, {})
        self._followed = -1
        self.drafts = Drafts()
        self.desk: LabelDesk | None = None
        self.mates = Mates(app, me(), redraw, is_asked)
        self._still: object = None
        self._was_kept: object = None
        self._timer: Timer | None = None

    @property
    def open_work(self) -> Annotating | None:
        """The work, as long as it is not finished."""
        return None if self.work is None or self.work.queue.is_ended else self.work

    def catch_up(self) -> None:
        """Take the newest state in; another run's desk begins new work."""
        state = self._app.known.state
        found = asked.label_desk(state) if state is not None else None
        if state is None or found is None:
            self.work, self.check, self._run = None, None, None
            return
        run, check, desk = found
        self.desk = desk
        if self.work is None or self._run != run.number:
            self._begin(state, run, check, desk)
        elif self.mates.is_dealt_anew(desk, self.work):
            self._begin(state, run, check, desk, self.work)
        elif self.work is not None:
            self.work.queue.folded(desk, state.seq)
        self.check = check
        self._follow(desk)
        self._count()

    def thumbnails(self) -> Mapping[str, str]:
        """The pictures of the samples as they are looked at: as they came, or filtered."""
        if self.check is None:
            return {}
        sha = self._filtered_sha() if self.work is not None and self.work.filtered else ""
        # A queue may hold 100,000 samples, and every key asks.
        made_of, made = self._pictured
        if made_of[0] is not self.check or made_of[1] is not self._again or made_of[2] != sha:
            names = (entry.id for entry in self.check.queue)
            after = {name: in_artifact(sha, f"{name}.png") for name in names} if sha else None
            made = team.with_again(self.check.thumbnails if after is None else after, self._again)
            self._pictured = ((self.check, self._again, sha), made)
        return made

    def examples(self) -> Mapping[int, list[str]]:
        """Pictures of typical images by class."""
        made_of, made = self._examples
        if made_of is not self.check:
            made = _examples_of(self.check)
            self._examples = (self.check, made)
        return made

    def why_not_filtered(self) -> str:
        """Why the images cannot be shown as the filter leaves them; empty where they can."""
        if self._filtered_sha():
            return ""
        state = self._app.known.state
        run = None if state is None or self._run is None else state.runs.get(self._run)
        graph = None if state is None else graph_of(state, run)
        makers = [n.id for n in graph.nodes if "filtered" in n.outputs] if graph is not None else []
        if not makers or run is None:
            return "this pipeline makes no filtered images"
        node = run.nodes.get(makers[0])
        return f"node {makers[0]} has not made them: {'' if node is None else node.state}"

    def _filtered_sha(self) -> str:
        state = self._app.known.state
        run = None if state is None or self._run is None else state.runs.get(self._run)
        if run is None:
            return ""
        made = [n.outputs["filtered"].sha for n in run.nodes.values() if "filtered" in n.outputs]
        return made[0] if made else ""

    def why_not_reopened(self) -> str:
        """Why a finished desk cannot be opened again, empty where it can."""
        if self.work is None or not self.work.queue.is_ended or self._run is None:
            return "labelling goes on" if self.open_work is not None else "nothing was labelled"
        state = self._app.known.state
        run = None if state is None else state.runs.get(self._run)
        if run is None or run.decision is not None:
            return "a decision was taken on these labels"
        if run.check is not None and not run.check.queue:
            return "the check put no image into the queue"
        return ""

    def sent_for(self) -> None:
        """Commands were added: send them."""
        if self._sender is not None:
            self._sender.wake()
        self._count()

    def note(self) -> str:
        """The note on the image under the cursor, or its draft; read when it is first asked for."""
        if self.work is None:
            return ""
        sample = self.work.entry.id
        draft = self.drafts.texts.get(sample)
        if draft is None:
            draft = self._texts.text(self._draft_digest(sample))
        if draft:
            return f"(draft) {draft}"
        given = self.work.queue.noted(sample)
        if given is not None:
            return given
        return self._texts.text(team.note_digest(self._app.source, self.work, sample))

    async def whole_note(self, sample: str) -> tuple[str, str]:
        """The note on a sample as it was given, and its draft, both read to the end."""
        if self.work is None:
            return "", ""
        given = self.work.queue.noted(sample)
        if given is None:
            given = await self._texts.whole(team.note_digest(self._app.source, self.work, sample))
        draft = self.drafts.texts.get(sample)
        if draft is None:
            draft = await self._texts.whole(self._draft_digest(sample))
        return given, draft

    def keep_place(self) -> bool:
        """Keep where somebody is, where that is worth an event; False if there is no room now."""
        work, desk = self.open_work, self.desk
        if work is None or desk is None or self._sender is None:
            return False
        place = to_keep(work, desk, self.drafts)
        if place is None:
            return True
        if not work.queue.keep(place):
            return False
        if place.drafted:
            self.drafts.sent[place.drafted] = place.draft
        self.sent_for()
        return self.drafts.changed() is None

    def _keep_when_still(self) -> None:
        """Nothing moved since the last look: keep the place. No key pays for it."""
        work = self.open_work
        if work is None:
            return
        queue, is_judging = work.queue, work.asked is not None
        now = (
            work.cursor, work.order, work.single, work.blind, work.look, is_judging, work.near,
            work.filtered, queue.run, queue.node, dict(self.drafts.texts),
        )  # fmt: skip
        is_still, self._still = now == self._still, now
        # Once: a window where nobody does anything leaves alone what another one kept since.
        if is_still and not queue.unsaved and now != self._was_kept and self.keep_place():
            self._was_kept = now

    def _draft_digest(self, sample: str) -> str:
        if self.work is None or self.desk is None or sample in self.drafts.sent:
            return ""
        return self.desk.drafts.get(self.work.queue.actor, {}).get(sample, "")

    def picture_px(self) -> tuple[int, int] | None:
        """The size of the picture under the cursor, or of the last that came."""
        if self.work is None or self.check is None:
            return None
        digest = self.thumbnails().get(self.work.entry.id, "")
        return self.pictures.size(digest) or self.pictures.usual_size

    def _follow(self, desk: LabelDesk) -> None:
        """In a replay, show what the event at the cursor was about, as it was shown then; or else
        the image that was labelled last.
        """
        source, work, event = self._app.source, self.work, self._app.following.last_event
        if work is None or source is None or source.writable or event is None:
            return
        if event.seq == self._followed:
            return
        is_first, self._followed = self._followed < 0, event.seq
        now_s, may_filter = self._app.steady_s(), bool(self._filtered_sha())
        if not retrace(work, event, now_s, may_filter=may_filter) and is_first and desk.history:
            work.go(work.places.at(desk.history[-1].sample) or 0, now_s)

    def _begin(
        self, state: SessionState, run: RunView, check: CheckView, desk: LabelDesk,
        before: Annotating | None = None,
    ) -> None:  # fmt: skip
        """Open a desk; ``before`` is the work at it, where the queue was dealt anew."""
        self._app.workers.cancel_group(self._app, "labels")
        self._sender, self.desk = None, desk
        if before is None:
            self.drafts = Drafts()
        source = self._app.source
        is_live = source is not None and source.writable
        if is_live and self.mates.has_to_join(state, desk):
            self.work, self._run = None, None
            return
        graph = graph_of(state, run)
        highest = max((entry.guess for entry in check.queue), default=0)
        keys = keys_of_classes(graph, highest + 1)
        if is_live and before is None and self.mates.has_to_look(desk, len(keys.names)):
            self.work, self._run = None, None
            return
        self.mates.dealt = tuple(desk.annotators)
        part = team.my_part(desk, check, graph, me()) if is_live else Part(check.queue, NOBODY)
        if before is not None:
            part = team.with_sample(part, before.entry)
        self._again = team.again_in(part)
        queue = LabelQueue(run.number, desk.node, part.entries, me(), desk, part.mine)
        queue.folded(desk, state.seq)
        self._run = run.number
        self.guidelines = dict(graph.guidelines) if graph is not None else {}
        self.work = None
        if part.entries:
            now_s, guest = self._app.steady_s(), self.mates.is_guest
            self.work = Annotating(queue, keys, since_s=now_s, guest=guest)
            self.work.second, self.work.replayed = self.mates.again or (), not is_live
        if source is not None and source.writable and self.work is not None:
            if before is None:
                restore(self.work, desk, self._app.steady_s())
            else:
                carry(before, self.work)
            self._sender = Sender(source, queue, self._fold, self._answered)
            self._app.run_worker(self._sender.run(), group="labels")
            # What was loaded stays: no search for garbage has to pass over it at a key.
            self._app.set_timer(STILL_S, gc.freeze)
            if self._timer is None:
                # The app's: a screen's ends with it, and is still below another.
                self._timer = self._app.set_interval(STILL_S, self._keep_when_still)

    def _fold(self) -> None:
        """The queue's desk as it is now, whichever screen is on top."""
        state = self._app.known.state
        if state is not None and self.work is not None:
            queue = self.work.queue
            desk = state.desks.get(desk_key(queue.run, queue.node))
            if desk is not None and queue.seq < state.seq:
                self.desk = desk
                queue.folded(desk, state.seq)

    def _answered(self, sentence: str) -> None:
        self._count()
        if sentence:
            self._redraw(sentence)
        else:
            self._redraw_soon()

    def _count(self) -> None:
        unsaved = self.work.queue.unsaved if self.work is not None else 0
        self._app.known.unsaved += unsaved - self._counted
        self._counted = unsaved


def _examples_of(check: CheckView | None) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for name, digest in check.thumbnails.items() if check is not None else ():
        if name.startswith(f"{QUEUE_EXAMPLES}/"):
            label, _, _ = name.removeprefix(f"{QUEUE_EXAMPLES}/").partition("-")
            found.setdefault(int(label), []).append(digest)
    return found
