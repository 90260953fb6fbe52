"""The others at a label node, for one person's screen: joining them, their words, disputes.

It keeps no label; what everybody said is in the session.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from scanflow_tui.contract.commands import TakePart
from scanflow_tui.contract.errors import ScanflowError
from scanflow_tui.session.fold_labels import SECOND_LOOK
from scanflow_tui.session.state import LabelDesk, SessionState
from scanflow_tui.tui.labelling import team
from scanflow_tui.tui.labelling.annotating import Annotating
from scanflow_tui.tui.present.label import DONE
from scanflow_tui.tui.present.pipeline import graph_of
from scanflow_tui.tui.texts import Texts

if TYPE_CHECKING:
    from scanflow_tui.tui.app import ScanflowApp


JOINING = "Your part of the queue is asked for …"
LOOKING = "The images to look at again are looked for …"
PART_DONE = "Every image of your part has its word; all is saved. The owner ends the labelling."


class Mates:
    """``dealt`` are those among whom the queue on the screen was dealt."""

    def __init__(
        self, app: ScanflowApp, me: str, redraw: Callable[[str], None], is_asked: Callable[[], bool]
    ) -> None:
        self.dealt: tuple[str, ...] = ()
        self._app = app
        self._me = me
        self._redraw = redraw
        self._is_asked = is_asked
        self._texts = Texts(app, lambda: redraw(""))
        self._joined: tuple[int, str] | None = None
        self._looks: tuple[int, str] | None = None
        self.again: tuple[str, ...] | None = None
        """The samples of the second look that the owner left; None while they are looked for."""

    @property
    def is_guest(self) -> bool:
        """Whether the owner is somebody else."""
        state = self._app.known.state
        return state is not None and team.is_guest(state, self._me)

    def has_to_join(self, state: SessionState, desk: LabelDesk) -> bool:
        """Whether a part of the queue is asked for first; it comes as an event."""
        if not team.must_join(state, desk, self._me):
            return False
        if self._joined != (desk.run, desk.node):
            self._joined = (desk.run, desk.node)
            self._app.run_worker(self._join(desk.run, desk.node))
        return True

    def waits_for(self, desk: LabelDesk | None, work: Annotating | None) -> str:
        """What has to come before there is something to label; empty where nothing has to."""
        state = self._app.known.state
        if state is None or desk is None or work is not None:
            return ""
        if team.must_join(state, desk, self._me):
            return JOINING
        is_looking = self._looks == (desk.run, desk.node) and self.again is None
        return LOOKING if is_looking else ""

    def is_dealt_anew(self, desk: LabelDesk, work: Annotating) -> bool:
        """Whether somebody joined, and nothing of mine is on its way that would be lost: no label,
        no answer to a question that is open, no second key, no page that is framed.
        """
        if tuple(desk.annotators) == self.dealt:
            return False
        return not (work.queue.unsaved or self._is_asked() or work.strokes or work.marked)

    async def second_look(self, work: Annotating) -> tuple[str, ...]:
        """The samples to look at again, for the owner; none for others, nor in a replay."""
        return await self._looked_at(work.queue.run, self._desk(work), len(work.keys.names))

    def has_to_look(self, desk: LabelDesk, n_classes: int) -> bool:
        """Whether the owner left this desk in a second look, and its samples are not found yet: a
        key must not be for another image than the one that it was pressed at.
        """
        place = desk.places.get(self._me)
        here = (desk.run, desk.node)
        if place is None or place.order != SECOND_LOOK or self.is_guest:
            return False
        if self._looks != here:
            self._looks, self.again = here, None
            self._app.run_worker(self._look(desk, n_classes))
        return self.again is None

    async def _look(self, desk: LabelDesk, n_classes: int) -> None:
        try:
            self.again = await self._looked_at(desk.run, desk, n_classes)
        finally:
            self.again = self.again or ()
            self._app.refresh_place(None)

    async def _looked_at(
        self, number: int, desk: LabelDesk | None, n_classes: int
    ) -> tuple[str, ...]:
        state, source = self._app.known.state, self._app.source
        if source is None or not source.writable or state is None or self.is_guest:
            return ()
        run = state.runs.get(number)
        if run is None or run.check is None or desk is None:
            return ()
        return await team.second_look(source, run, run.check, desk, n_classes)

    def said_of(self, work: Annotating) -> str:
        """How many were looked at again, and who said what of the sample under the cursor."""
        state, desk = self._app.known.state, self._desk(work)
        if state is None or desk is None:
            return ""
        words = [desk.labels.get(sample, {}).get(self._me) for sample in work.second]
        n_settled = sum(word is not None and word.settles for word in words)
        told = team.said_of(desk, work.entry.id, work.keys, self._named(state))
        return f"{n_settled} of {len(words)} looked at again · {told}"

    def crumb(self, desk: LabelDesk | None) -> tuple[str, ...]:
        """Whose queue it is, where several label."""
        if self.is_guest:
            return ("your part",)
        n_people = 1 + len(desk.annotators) if desk is not None else 1
        return (f"{n_people} people",) if n_people > 1 else ()

    def done_words(self) -> str:
        """What is left to do where every image has its word."""
        return PART_DONE if self.is_guest else DONE

    async def progress(self, work: Annotating) -> tuple[int | None, str]:
        """For the owner who is about to end the labelling: how many samples nobody spoke of, and
        how far each guest is.
        """
        state, desk = self._app.known.state, self._desk(work)
        run = None if state is None else state.runs.get(work.queue.run)
        if state is None or desk is None or run is None or run.check is None:
            return None, ""
        if not desk.annotators:
            return None, ""
        check, graph = run.check, graph_of(state, run)
        names = {who: await self._texts.whole(digest) for who, digest in state.names.items()}
        # Parts of 100,000 samples are dealt in seconds.
        rows = await asyncio.to_thread(team.progress, desk, check, graph, names)
        n_bare = sum(not desk.labels.get(entry.id) for entry in check.queue)
        return n_bare, f"Guests with their parts: {' · '.join(rows)}."

    def _named(self, state: SessionState) -> dict[str, str]:
        return {who: self._texts.text(digest) for who, digest in state.names.items()}

    def _desk(self, work: Annotating) -> LabelDesk | None:
        state = self._app.known.state
        desks = state.desks.values() if state is not None else ()
        here = (work.queue.run, work.queue.node)
        return next((desk for desk in desks if (desk.run, desk.node) == here), None)

    async def _join(self, run: int, node: str) -> None:
        source = self._app.source
        if source is None:
            return
        try:
            await source.send(TakePart(run, node))
        except ScanflowError as error:
            self._joined = None
            self._redraw(f"✖ no part of the queue: {error.sentence()}")
