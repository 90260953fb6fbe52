"""What the check found about a batch: the numbers on the left, flagged images on the right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, overload

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal

from scanflow_tui.client.source import Update
from scanflow_tui.contract.evidence import QueueEntry
from scanflow_tui.session.state import CheckView
from scanflow_tui.tui import keys
from scanflow_tui.tui.pixels.pictures import Pictures, pictures_of
from scanflow_tui.tui.present import asked
from scanflow_tui.tui.present import drift as show
from scanflow_tui.tui.present.numbers import p_value
from scanflow_tui.tui.present.pipeline import graph_of, keys_of_classes
from scanflow_tui.tui.screens.place import Place
from scanflow_tui.tui.theme import TONES
from scanflow_tui.tui.widgets.gallery import Gallery, Shown
from scanflow_tui.tui.widgets.lines import spelled
from scanflow_tui.tui.widgets.rows import Rows

TWO_COLUMNS = 72
SIDE, WIDE_SIDE = 30, 60


class Flagged(Sequence[Shown]):
    """Flagged samples with the words below their pictures, made where they are shown."""

    def __init__(self, entries: Sequence[QueueEntry]) -> None:
        self._entries = entries

    def __len__(self) -> int:
        return len(self._entries)

    @overload
    def __getitem__(self, at: int) -> Shown: ...
    @overload
    def __getitem__(self, at: slice) -> list[Shown]: ...
    def __getitem__(self, at: int | slice) -> Shown | list[Shown]:
        if isinstance(at, slice):
            return [_shown(entry) for entry in self._entries[at]]
        return _shown(self._entries[at])


def _shown(entry: QueueEntry) -> Shown:
    return Shown(entry.id, Text(f"p {p_value(entry.p)}", TONES["dim"]))


class DriftScreen(Place):
    """One batch at a time, the latest first."""

    place: ClassVar[str] = "drift"
    DEFAULT_CSS = f"""
    DriftScreen #drift-flagged {{ width: {SIDE}; }}
    DriftScreen.-wide #drift-flagged {{ width: {WIDE_SIDE}; }}
    """

    def __init__(self) -> None:
        super().__init__()
        self._batch: str | None = None
        self._limits = False
        self._compared = False
        self._made: Pictures | None = None
        self._flagged: tuple[CheckView | None, Flagged] = (None, Flagged(()))

    def compose_body(self) -> ComposeResult:
        """Numbers and pictures."""
        with Horizontal():
            yield Rows("Scores", id="drift-story", cursor=False)
            yield Gallery(
                id="drift-flagged",
                ascii=self.scanflow.ascii,
                legible=self.legible,
                showing=self.scanflow.showing,
            )

    def show(self, update: Update | None) -> None:
        """The chosen batch, or the latest."""
        pane = self.query_one("#drift-story", Rows)
        gallery = self.query_one(Gallery)
        if self.focused is None:
            pane.focus()
        checks = self._checks()
        check = self._check(checks)
        has_room = self.app.size.width >= TWO_COLUMNS
        gallery.display = has_room and check is not None and bool(self._flagged_of(check))
        if check is None:
            pane.border_title = "Scores"
            pane.say([spelled(self.legible(row)) for row in show.nothing(self.known)])
            return
        state = self.known.state
        assert state is not None
        graph = graph_of(state, state.runs.get(check.run))
        class_keys = keys_of_classes(graph, len(check.finding.classes))
        pane.border_title = f"Scores: batch {check.batch} against held-out"
        beside = WIDE_SIDE if self.has_class("-wide") else SIDE
        width = max(self.app.size.width - (beside if gallery.display else 0) - 3, 24)
        rows = show.story(
            check, checks, class_keys, width, ascii=self.scanflow.ascii,
            limits=self._limits, compared=self._clean(checks, check) if self._compared else None,
        )  # fmt: skip
        pane.put([spelled(self.legible(row)) for row in rows])
        self._show_flagged(check, gallery)

    def _show_flagged(self, check: CheckView, gallery: Gallery) -> None:
        gallery.put(
            self._flagged_of(check),
            self._pictures(),
            check.thumbnails,
            lambda first, n, total: show.flagged_head(check, first, n, total),
        )

    def _flagged_of(self, check: CheckView) -> Flagged:
        """The flagged samples, looked for once a check: a queue may hold 100,000."""
        if self._flagged[0] is not check:
            self._flagged = (check, Flagged(show.flagged(check)))
        return self._flagged[1]

    def crumbs(self) -> tuple[str, ...]:
        """The batch."""
        check = self._check(self._checks())
        return (check.batch,) if check is not None else ()

    def status(self) -> str:
        """The verdict."""
        check = self._check(self._checks())
        return self.legible(Text(show.title(check))).plain if check is not None else ""

    def why_not(self, action: keys.Action) -> str:
        """What needs a batch, or another one."""
        if action.places != ("drift",):
            return ""
        checks = self._checks()
        check = self._check(checks)
        if check is None:
            return "no batch was checked yet"
        if action.id == "compare" and self._clean(checks, check) is None:
            return "no batch without alarm was checked yet"
        if action.id in ("previous_flagged", "next_flagged") and not self._flagged_of(check):
            return "no flagged image in the queue"
        return ""

    def act_previous_batch(self) -> None:
        """The batch before."""
        self._turn(-1)

    def act_next_batch(self) -> None:
        """The next batch."""
        self._turn(1)

    def act_previous_flagged(self) -> None:
        """The flagged images before."""
        self.query_one(Gallery).turn(-1)
        self.show(None)

    def act_next_flagged(self) -> None:
        """The next flagged images."""
        self.query_one(Gallery).turn(1)
        self.show(None)

    def act_compare(self) -> None:
        """The last batch without alarm beside this one, or not."""
        self._compared = not self._compared
        self.show(None)

    def act_limits(self) -> None:
        """Limits, sizes and slices, or not."""
        self._limits = not self._limits
        self.show(None)

    def _turn(self, step: int) -> None:
        checks = self._checks()
        check = self._check(checks)
        if check is None:
            return
        at = max(0, min(checks.index(check) + step, len(checks) - 1))
        if checks[at].batch == check.batch:
            self.say("no batch before this one" if step < 0 else "no batch after this one")
            return
        # The latest batch is followed, an older one is kept.
        self._batch = None if at == len(checks) - 1 else checks[at].batch
        self.query_one(Gallery).first = 0
        self.show(None)

    def _checks(self) -> list[CheckView]:
        state = self.known.state
        return asked.checks(state) if state is not None else []

    def _check(self, checks: list[CheckView]) -> CheckView | None:
        named = [check for check in checks if check.batch == self._batch]
        return named[0] if named else checks[-1] if checks else None

    def _clean(self, checks: list[CheckView], other: CheckView) -> CheckView | None:
        found = [c for c in checks if c.finding.verdict == "clean" and c.batch != other.batch]
        return found[-1] if found else None

    def _pictures(self) -> Pictures:
        if self._made is None:
            self._made = pictures_of(self.scanflow, lambda: self.show(None))
        return self._made
