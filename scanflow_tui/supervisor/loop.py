"""The shell around the machine: stimuli in, one commit a group, then answers, effects, broadcasts.

It decides nothing about a run. Nothing is answered, carried out or shown before its commit; a
commit that cannot be made now is kept and tried again, and until then no command is taken.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from scanflow_tui.contract import limits
from scanflow_tui.contract.errors import Missing, ScanflowError
from scanflow_tui.contract.records import dataclass, field
from scanflow_tui.session import events as ev
from scanflow_tui.session.contents import Content
from scanflow_tui.session.events import Event
from scanflow_tui.supervisor.frames import Row
from scanflow_tui.supervisor.machine.effects import (
    Answer,
    CollectAttempt,
    Effect,
    StartAttempt,
    Stop,
)
from scanflow_tui.supervisor.machine.stimuli import Commanded, Stimulus, Ticked
from scanflow_tui.supervisor.machine.turn import Machine, Turn

RETRY_S = 1.0
"""Between two tries of a commit that failed."""
AGAIN_S = 1.0
"""Between two looks at what is due already, such as a start whose answer was lost."""
TICK_S = 5.0
HOLD_S = 0.15
"""How long events that nobody waits for may wait for others to be committed with."""
UNHURRIED: frozenset[type] = frozenset(
    {ev.AttemptAccepted, ev.AttemptQueued, ev.AttemptStarted, ev.MetricReported, ev.VitalSampled}
)
"""Facts that are observed again where a crash comes before their commit."""

Advance = Callable[[Machine, Stimulus, int, bytes], Turn]


@dataclass(slots=True)
class Group:
    """What goes into one commit, and what waits for it."""

    events: list[Event] = field(default_factory=list)
    contents: list[Content] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)

    def add(self, turn: Turn) -> None:
        """Take what a turn caused."""
        self.events += turn.events
        self.contents += turn.contents
        self.effects += turn.effects

    @property
    def is_awaited(self) -> bool:
        """Whether a client waits for an answer in it."""
        return any(isinstance(effect, Answer | Stop) for effect in self.effects)

    @property
    def may_wait(self) -> bool:
        """Whether nothing follows from it, and nobody waits for it."""
        return not self.effects and all(type(event.fact) in UNHURRIED for event in self.events)


class Told(Protocol):
    """Who hears of commits: the server."""

    def committed(self, rows: Sequence[Row]) -> None:
        """Events are in the log."""

    def stuck(self, text: str) -> None:
        """Commits wait, with the reason; an empty text says that they go on."""

    def refused(self, command: str, error: ScanflowError) -> None:
        """A command was not taken, and is not in the log."""


@dataclass(slots=True)
class Shell:
    """What the loop needs from outside, so that tests can give it a small world."""

    advance: Advance
    commit: Callable[[Group], Awaitable[list[Row]]]
    carry: Callable[[Effect], None]
    next_due: Callable[[Machine], int | None]
    now_us: Callable[[], int]
    salt: Callable[[], bytes]
    peek: Callable[[Effect], Stimulus | None] = lambda effect: None
    """The answer to an effect that only reads, if it can be had at once; it needs no commit."""
    gather_s: Callable[[Machine, Group], float] = lambda machine, group: 0.0
    """How long a group that no client waits for may gather more before its commit, if at all."""


def take_at_once(turn: Turn, committed_seq: int) -> list[Effect]:
    """Take the effects that need no commit first out of a turn.

    They are of an attempt whose intent is in the log already, and the same is asked again where a
    crash comes before the commit of what they led to.
    """
    found = [effect for effect in turn.effects if _is_of_committed(effect, committed_seq)]
    turn.effects = [
        effect for effect in turn.effects if not _is_of_committed(effect, committed_seq)
    ]
    return found


def _is_of_committed(effect: Effect, committed_seq: int) -> bool:
    if isinstance(effect, StartAttempt):
        return effect.intended <= committed_seq
    return isinstance(effect, CollectAttempt)


class Loop:
    """One inbox, one machine, one commit at a time."""

    def __init__(
        self, machine: Machine, shell: Shell, told: Told, *, retry_s: float = RETRY_S
    ) -> None:
        self.machine = machine
        self.shell = shell
        self.told = told
        self.retry_s = retry_s
        self.stuck_text = ""
        self.committed_seq = machine.state.seq
        self._inbox: deque[Stimulus] = deque()
        self._woken = asyncio.Event()
        self._settled = asyncio.Event()
        self._settled.set()
        self._stop = asyncio.Event()
        self._ticked_us = shell.now_us()
        self._held = Group()
        self._held_until_s = 0.0

    def offer(self, stimulus: Stimulus) -> None:
        """Put a stimulus into the inbox; from the loop's own thread only."""
        self._inbox.append(stimulus)
        self._woken.set()

    def stop(self) -> None:
        """End after the group at hand; everything before it is committed."""
        self._stop.set()
        self._woken.set()

    @property
    def is_settled(self) -> bool:
        """Whether the folded state holds committed events alone."""
        return self._settled.is_set()

    async def settled(self) -> None:
        """Wait until it does."""
        await self._settled.wait()

    async def run(self) -> None:
        """Turn until stopped."""
        while not self._stop.is_set():
            await self._wait()
            await self._turn()
        if self._held.events:
            await self._turn()

    async def _wait(self) -> None:
        """Until there is a stimulus, or until it is time for a tick."""
        self._woken.clear()
        if self._inbox or self._stop.is_set():
            return
        held_s = self._held_s()
        pause_s = self._pause_s()
        try:
            async with asyncio.timeout(min(pause_s, held_s)):
                await self._woken.wait()
        except TimeoutError:
            if held_s < pause_s:
                return
            self._ticked_us = self.shell.now_us()
            self._inbox.append(Ticked())

    def _held_s(self) -> float:
        """How long what is held may still wait; for ever where nothing is."""
        if not self._held.events:
            return float("inf")
        return max(0.0, self._held_until_s - asyncio.get_running_loop().time())

    def _pause_s(self) -> float:
        """Until the machine's next due time, until what is overdue is looked at again, or 5 s."""
        now_us = self.shell.now_us()
        due_us = self.shell.next_due(self.machine)
        overdue = due_us is not None and due_us <= self._ticked_us
        since_s = max(0.0, (now_us - self._ticked_us) / 1e6)
        pause_s = max(0.0, (AGAIN_S if overdue else TICK_S) - since_s)
        if due_us is not None and not overdue:
            pause_s = min(pause_s, max(0.0, (due_us - now_us) / 1e6))
        return pause_s

    async def _turn(self) -> None:
        group, self._held = self._held, Group()
        is_fresh = not group.events
        self._take_all(group)
        if group.events:
            self._settled.clear()
            if self._is_held(group, is_fresh):
                return
            await self._gather(group)
            rows = await self._commit(group)
            if rows is None:
                return
            self.committed_seq = rows[-1][0]
            self._settled.set()
            self.told.committed(rows)
        for effect in group.effects:
            self.shell.carry(effect)
        # Whoever waited for a settled state sees it before the next group.
        await asyncio.sleep(0)

    async def _gather(self, group: Group) -> None:
        """Let what is about to come join a group that no client waits for."""
        clock_s = asyncio.get_running_loop().time
        until_s = clock_s() + self.shell.gather_s(self.machine, group)
        while clock_s() < until_s and self.shell.gather_s(self.machine, group):
            if group.is_awaited or self._inbox or self._stop.is_set():
                return
            self._woken.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(until_s):
                    await self._woken.wait()
            self._take_all(group)

    def _take_all(self, group: Group) -> None:
        while self._inbox and len(group.events) < limits.GROUP_COMMIT_EVENTS_MAX:
            self._take(self._inbox.popleft(), group)

    def _take(self, stimulus: Stimulus, group: Group) -> None:
        """Advance, and answer at once what can be."""
        turn = self.shell.advance(self.machine, stimulus, self.shell.now_us(), self.shell.salt())
        for effect in take_at_once(turn, self.committed_seq):
            self.shell.carry(effect)
        answers = [(effect, self.shell.peek(effect)) for effect in turn.effects]
        turn.effects = [effect for effect, answer in answers if answer is None]
        group.add(turn)
        self._inbox.extendleft(answer for _, answer in reversed(answers) if answer is not None)

    def _is_held(self, group: Group, is_fresh: bool) -> bool:
        """Keep a group for a while where nobody waits for it, so that others join it."""
        if self._stop.is_set() or not group.may_wait:
            return False
        if is_fresh:
            self._held_until_s = asyncio.get_running_loop().time() + HOLD_S
        elif asyncio.get_running_loop().time() >= self._held_until_s:
            return False
        self._held = group
        return True

    async def _commit(self, group: Group) -> list[Row] | None:
        """Append the group, again and again until it is in; meanwhile no command is taken.

        None where the loop was told to stop before that: nothing of the group was acknowledged.
        """
        while True:
            try:
                rows = await self.shell.commit(group)
            except Missing as error:
                self._say_stuck(error.sentence())
                self._refuse_commands(error)
                if await self._stopped_within(self.retry_s):
                    return None
            else:
                self._say_stuck("")
                return rows

    async def _stopped_within(self, pause_s: float) -> bool:
        try:
            async with asyncio.timeout(pause_s):
                await self._stop.wait()
        except TimeoutError:
            return False
        return True

    def _say_stuck(self, text: str) -> None:
        if text != self.stuck_text:
            self.stuck_text = text
            self.told.stuck(text)

    def _refuse_commands(self, error: Missing) -> None:
        """Commands that came while the commit failed were not taken, and are told so."""
        kept: deque[Stimulus] = deque()
        for stimulus in self._inbox:
            if isinstance(stimulus, Commanded):
                self.told.refused(stimulus.id, error)
            else:
                kept.append(stimulus)
        self._inbox = kept
