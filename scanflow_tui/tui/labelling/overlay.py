"""Commands on their way, laid over a folded label desk: what will stand when all is done.

Pure. A command that has no event yet is known by a ticket, a number above every event's. What was
folded is matched to its ticket, so that nothing counts twice between an event and its answer.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from scanflow_tui.contract.commands import Command, GiveLabel, UndoLabel
from scanflow_tui.contract.evidence import LabelKind
from scanflow_tui.session.state import LabelDesk, LabelView

TICKET_BASE = 1 << 60


@dataclass(slots=True, eq=False)
class Pending:
    """A command that is not in the folded desk yet. ``target`` is what an undo or a redo means."""

    ticket: int
    command: Command
    sample: str = ""
    target: int | None = None
    sent_at_seq: int | None = None
    answered_seq: int | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """A label of mine, committed or on its way, by its event or its ticket."""

    sample: str
    kind: LabelKind
    value: int | None


class Overlay:
    """A desk, and one human's pending commands in the order they were given."""

    def __init__(self, desk: LabelDesk, actor: str) -> None:
        self.desk = desk
        self.actor = actor
        self.pending: list[Pending] = []
        self.by_sample: dict[str, list[Pending]] = {}
        """The same, those of each sample."""
        self.gone: set[int] = set()
        self._by_ticket: dict[int, Pending] = {}
        self._real: dict[int, int] = {}
        self._taken: set[int] = set()
        self._next = TICKET_BASE
        self._n_heard = 0
        self._n_settled = 0
        self._undone: set[int] = set()

    def add(self, command: Command, sample: str = "", target: int | None = None) -> Pending:
        """One more command, to be done after all others."""
        item = Pending(self._next, command, sample, target)
        self.pending.append(item)
        self.by_sample.setdefault(sample, []).append(item)
        self._by_ticket[item.ticket] = item
        self._next += 1
        return item

    def drop(self, item: Pending) -> list[Pending]:
        """The command will never be done; what aims at it, at any remove, neither: all of these."""
        self.pending.remove(item)
        self._let_go(item)
        self.gone.add(item.ticket)
        dropped = [item]
        for other in list(self.pending):
            if other.target == item.ticket and other in self.pending:
                dropped += self.drop(other)
        return dropped

    def waiting(self) -> Iterator[Pending]:
        """Those without an answer, in order; they may be dropped meanwhile."""
        return (item for item in (*self.pending,) if item.answered_seq is None)

    def folded(self, desk: LabelDesk, seq: int) -> set[str]:
        """The desk is that of event ``seq``; what was answered up to there is pending no more.

        Returns the samples on which something else may stand now.
        """
        heard = self._heard(desk)
        self.desk = desk
        for item in self.pending:
            if item.sent_at_seq is not None and isinstance(item.command, GiveLabel):
                self._match(item, item.command, item.sent_at_seq)
        kept, done = [], []
        for item in self.pending:
            if item.answered_seq is None or item.answered_seq > seq:
                kept.append(item)
                continue
            done.append(item)
            self._let_go(item)
            if isinstance(item.command, GiveLabel) and item.ticket not in self._real:
                self.gone.add(item.ticket)
        if done:
            self.pending = kept
        return heard | {item.sample for item in done}

    def _let_go(self, item: Pending) -> None:
        del self._by_ticket[item.ticket]
        left = self.by_sample[item.sample]
        left.remove(item)
        if not left:
            del self.by_sample[item.sample]

    def _heard(self, desk: LabelDesk) -> set[str]:
        """The samples of what is new in a desk; all that it names where it is another one."""
        if desk is not self.desk or len(desk.history) < self._n_heard or self._n_heard == 0:
            heard = {*desk.labels, *self.desk.labels, *(label.sample for label in desk.history)}
            self._undone = set(desk.undone)
        else:
            heard = {label.sample for label in desk.history[self._n_heard :]}
            if len(desk.undone) != len(self._undone):
                found = [self._by_event(seq) for seq in desk.undone - self._undone]
                heard |= {label.sample for label in found if label is not None}
                self._undone = set(desk.undone)
            if len(desk.settled) != self._n_settled:
                files = set(desk.settled[self._n_settled :])
                heard |= {label.sample for label in desk.history if label.begun in files}
        self._n_heard, self._n_settled = len(desk.history), len(desk.settled)
        return heard

    def event_of(self, target: int) -> int | None:
        """The event of a target, or None while it has none."""
        return target if target < TICKET_BASE else self._real.get(target)

    def stacks(self) -> tuple[list[int], list[int]]:
        """My undo and redo stacks as they will be, last item first to go."""
        undo = list(self.desk.undo.get(self.actor, ()))
        redo = list(self.desk.redo.get(self.actor, ()))
        for item in self.pending:
            target = self._known(item.target)
            if isinstance(item.command, UndoLabel):
                if target in undo:
                    undo.remove(target)
                    redo.append(target)
            elif isinstance(item.command, GiveLabel) and item.ticket not in self._real:
                undo.append(item.ticket)
                if target is None:
                    redo.clear()
                elif target in redo:
                    redo.remove(target)
        return undo, redo

    def standing(self, sample: str, pending: list[Pending]) -> Said | None:
        """My label on a sample that will be in force; ``pending`` are the sample's own."""
        undone: set[int | None] = set()
        for item in reversed(pending):
            if isinstance(item.command, UndoLabel):
                undone |= {item.target, self._known(item.target)}
                continue
            is_open = item.ticket not in self._real and item.ticket not in undone
            if is_open and isinstance(item.command, GiveLabel):
                return self.said(item.ticket)
        label = self.desk.labels.get(sample, {}).get(self.actor)
        while label is not None and (label.seq in undone or label.seq in self.desk.undone):
            label = None if label.previous is None else self._by_event(label.previous)
        return None if label is None else self.said(label.seq)

    def said(self, target: int) -> Said:
        """The label that an event or a ticket of one of the stacks stands for."""
        item = self._by_ticket.get(target)
        if item is not None and isinstance(item.command, GiveLabel):
            return Said(item.sample, item.command.kind, item.command.value)
        label = self._by_event(self._real.get(target, target))
        assert label is not None, target
        return Said(label.sample, label.kind, label.value)

    def _known(self, target: int | None) -> int | None:
        return None if target is None else self._real.get(target, target)

    def _match(self, item: Pending, command: GiveLabel, after: int) -> None:
        """Find the event that a sent label became."""
        if item.ticket in self._real:
            return
        history = self.desk.history
        wanted = (self.actor, command.sample, command.kind, command.value)
        for at in range(bisect_right(history, after, key=_seq), len(history)):
            label = history[at]
            found = (label.actor, label.sample, label.kind, label.value)
            if found == wanted and label.seq not in self._taken:
                self._real[item.ticket] = label.seq
                self._taken.add(label.seq)
                return

    def _by_event(self, seq: int) -> LabelView | None:
        history = self.desk.history
        at = bisect_right(history, seq, key=_seq) - 1
        return history[at] if at >= 0 and history[at].seq == seq else None


def _seq(label: LabelView) -> int:
    return label.seq
