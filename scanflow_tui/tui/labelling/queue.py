"""What one annotator says at one label node: keys put words in, a sender takes commands out.

Pure: no screen, no socket, no clock. A key never waits: its command is laid over the folded desk at
once and sent later, one by one, in order. A refused command falls away, and what is shown with it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from scanflow_tui.contract.commands import (
    FinishLabelling,
    GiveLabel,
    KeepPlace,
    UndoLabel,
    WriteNote,
)
from scanflow_tui.contract.evidence import LabelKind, QueueEntry
from scanflow_tui.session.fold_labels import note_of
from scanflow_tui.session.state import LabelDesk
from scanflow_tui.tui.labelling.overlay import Overlay, Pending
from scanflow_tui.tui.labelling.tally import Counts, Tally
from scanflow_tui.tui.labelling.witness import NOTHING, Shown

PENDING_MAX = 4096


@dataclass(frozen=True, slots=True)
class Word:
    """What stands on a sample. ``saved`` once all that concerns it was acknowledged."""

    kind: LabelKind
    value: int | None
    saved: bool
    by: str


class LabelQueue:
    """One human (``actor``, as events name them) at one label node.

    ``seq`` is the last event folded into the desk. Samples in ``mine`` need this human's own word.
    """

    def __init__(
        self, run: int, node: str, entries: tuple[QueueEntry, ...], actor: str, desk: LabelDesk,
        mine: frozenset[str] = frozenset(),
    ) -> None:  # fmt: skip
        self.run = run
        self.node = node
        self.entries = {entry.id: entry for entry in entries}
        self.seq = -1
        self.actor = actor
        self.mine = mine
        self.tally = Tally(len(self.entries))
        self._over = Overlay(desk, actor)
        self._note_changes(self._over.folded(desk, self.seq))

    def folded(self, desk: LabelDesk, seq: int) -> None:
        """The state went on to event ``seq``."""
        self.seq = seq
        self._note_changes(self._over.folded(desk, seq))

    def give(
        self,
        sample: str,
        kind: LabelKind,
        value: int | None = None,
        *,
        ms: int = 0,
        guess_shown: bool = True,
        order: str = "typical",
        shown: Shown = NOTHING,
    ) -> bool:
        """Say something of a sample. False where too much waits already: nothing was taken."""
        command = GiveLabel(
            self.run, self.node, sample, kind, value, ms, guess_shown, order, None,
            shown.key, shown.view, shown.place, shown.look, shown.way, shown.picture,
        )  # fmt: skip
        return self._add(command, sample)

    def undo(self) -> str | None:
        """Take back my last label; the sample it was on, or None if there is nothing to undo."""
        undo, _ = self._over.stacks()
        if not undo:
            return None
        sample = self._over.said(undo[-1]).sample
        added = self._add(UndoLabel(self.run, self.node, undo[-1]), sample, undo[-1])
        return sample if added else None

    def redo(self, *, ms: int = 0, order: str = "typical", shown: Shown = NOTHING) -> str | None:
        """Give again what the last undo took; the sample, or None if there is nothing to redo."""
        _, redo = self._over.stacks()
        if not redo:
            return None
        said = self._over.said(redo[-1])
        command = GiveLabel(
            self.run, self.node, said.sample, said.kind, said.value, ms, False, order, redo[-1],
            shown.key, shown.view, shown.place, shown.look, shown.way, shown.picture,
        )  # fmt: skip
        return said.sample if self._add(command, said.sample, redo[-1]) else None

    def note(self, sample: str, text: str) -> bool:
        """Write a note on a sample."""
        return self._add(WriteNote(self.run, self.node, sample, text), sample)

    def keep(self, place: KeepPlace) -> bool:
        """Keep where I am, after everything said before."""
        return self._add(place)

    def finish(self) -> bool:
        """End labelling, after everything said before."""
        return self._add(FinishLabelling(self.run, self.node))

    def next_command(self) -> Pending | None:
        """The next command to send, with the events it names; None if there is none yet.

        Several may be under way, of one sample one alone: none that is sent again comes behind a
        later one. An undo waits until the label it takes back is folded, and goes if that was
        refused; what is about no sample waits for all, and all for it.
        """
        under_way: set[str] = set()
        for item in self._over.waiting():
            if item.sent_at_seq is not None:
                under_way.add(item.sample)
                continue
            if under_way and (not item.sample or item.sample in under_way or "" in under_way):
                return None
            if item.target is not None:
                if item.target in self._over.gone:
                    self.refused(item)
                    continue
                event = self._over.event_of(item.target)
                if event is None:
                    return None
                # The same object again where it is sent again: that is how it is known.
                if isinstance(item.command, UndoLabel) and item.command.seq != event:
                    item.command = replace(item.command, seq=event)
                elif isinstance(item.command, GiveLabel) and item.command.redoes != event:
                    item.command = replace(item.command, redoes=event)
            item.sent_at_seq = self.seq
            return item
        return None

    def acknowledged(self, item: Pending, seq: int) -> None:
        """It was committed; it stays laid over the desk until the fold holds event ``seq``."""
        item.answered_seq = seq
        self.folded(self._over.desk, self.seq)
        self._note_changes({item.sample})

    def refused(self, item: Pending) -> None:
        """It was refused: it falls away, and what aims at it with it."""
        self._note_changes({dropped.sample for dropped in self._over.drop(item)})

    def postponed(self, item: Pending) -> None:
        """Nobody took it: it is the next to be sent again."""
        item.sent_at_seq = None

    def is_folded(self, item: Pending) -> bool:
        """Whether the label that this command gives came back as an event."""
        return self._over.event_of(item.ticket) is not None

    @property
    def unsaved(self) -> int:
        """Commands that were not acknowledged."""
        return sum(item.answered_seq is None for item in self._over.pending)

    @property
    def is_ended(self) -> bool:
        """Whether labelling was finished, or is about to be."""
        return self._over.desk.finished or any(
            isinstance(item.command, FinishLabelling) for item in self._over.pending
        )

    def word(self, sample: str) -> Word | None:
        """What stands on a sample: my word, or else the latest of somebody else's, if that will
        do.
        """
        pending = self._over.by_sample.get(sample, [])
        in_force = self._over.desk.labels.get(sample)
        if not pending and not in_force:
            return None
        saved = all(item.answered_seq is not None for item in pending)
        mine = self._over.standing(sample, pending)
        if mine is not None:
            return Word(mine.kind, mine.value, saved, self.actor)
        if sample in self.mine:
            return None
        others = [label for who, label in (in_force or {}).items() if who != self.actor]
        if not others:
            return None
        last = max(others, key=lambda label: label.seq)
        return Word(last.kind, last.value, saved, last.actor)

    def noted(self, sample: str) -> str | None:
        """The text of a note that is on its way; what was saved is content, read by its digest."""
        for item in reversed(self._over.by_sample.get(sample, [])):
            if isinstance(item.command, WriteNote):
                return item.command.text
        return None

    def note_digest(self, sample: str, *, own: bool = False) -> str:
        """The digest of a saved note's text, empty where there is none; of others' notes only where
        others' words would be shown too.
        """
        if own or sample in self.mine:
            return note_of(self._over.desk, sample, self.actor)
        return self._over.desk.notes.get(sample, "")

    def _add(
        self, command: GiveLabel | UndoLabel | WriteNote | FinishLabelling | KeepPlace,
        sample: str = "", target: int | None = None,
    ) -> bool:  # fmt: skip
        if is_full(self):
            return False
        self._over.add(command, sample, target)
        self._note_changes({sample})
        return True

    def _note_changes(self, samples: set[str]) -> None:
        """Look anew at what stands on these, so that nobody has to look at all of them."""
        for sample in samples:
            if sample in self.entries:
                word = self.word(sample)
                self.tally.note(sample, None if word is None else word.kind)


def counts(queue: LabelQueue) -> Counts:
    """How many samples of a queue have a class, were put aside, or have nothing yet."""
    return queue.tally.counts()


def is_full(queue: LabelQueue) -> bool:
    """Whether so much waits for the supervisor that nothing more is taken."""
    return len(queue._over.pending) >= PENDING_MAX
