"""The life of a supervisor: loop, watcher, server, index and idleness in one asyncio program.

It wires parts together and holds no rule about runs. It ends by a command, a signal, a newer
client, idleness, or a defect; attempts go on in every case.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from scanflow_tui.contract import limits
from scanflow_tui.contract.errors import ScanflowError
from scanflow_tui.engine.protocol import Hinting, Observation, Reachable, Telling, Watched
from scanflow_tui.supervisor.carry import Carrier, Hands
from scanflow_tui.supervisor.doors import keep_door
from scanflow_tui.supervisor.frames import Row
from scanflow_tui.supervisor.front import Front
from scanflow_tui.supervisor.log import Log
from scanflow_tui.supervisor.loop import Group, Loop, Shell
from scanflow_tui.supervisor.machine.advance import Machine, advance, next_due, open_attempts
from scanflow_tui.supervisor.machine.budget import running
from scanflow_tui.supervisor.machine.effects import CollectAttempt, Effect
from scanflow_tui.supervisor.machine.reports import Tail
from scanflow_tui.supervisor.machine.stimuli import Leaving, Observed, Opened, Stimulus, Ticked
from scanflow_tui.supervisor.machine.team import is_admitted
from scanflow_tui.supervisor.machine.turn import find
from scanflow_tui.supervisor.mirroring import Mirroring
from scanflow_tui.supervisor.server import Server
from scanflow_tui.supervisor.watching import POLL_HINTED_S, VITALS_S, Open, Watch
from scanflow_tui.supervisor.workplace import Workplace

INDEX_S = 0.5
GATHER_S = 0.01
IDLE_CHECK_S = 1.0
LARGE_BYTES = 4 * limits.MIB
ENGINE_POLL_S = 2.0


class Supervisor:
    """One session's supervisor; it hears of commits (``loop.Told``)."""

    def __init__(
        self, place: Workplace, log: Log, machine: Machine, *, idle_s: float = limits.IDLE_LEAVE_S
    ) -> None:
        self.place = place
        self.log = log
        self.machine = machine
        self.idle_s = idle_s
        self.carrier = Carrier(
            place,
            Hands(
                answer=lambda answer: self.server.answer(answer),
                stop=lambda: self.loop.stop(),
                offer=self._offer,
                tail=self._tail,
                head=log.head,
                look_again=lambda name: self.watch.look_again(name),
                defect=self._fail,
            ),
        )
        self.loop = Loop(machine, self._shell(), self)
        self.server = Server(
            Front(self.loop, log, place, upgrade=self.leave),
            owner_uid=os.getuid(),
            admits=lambda groups: is_admitted(machine.state, groups),
        )
        state = machine.state
        reachable = Reachable(state.engine_reachable, state.engine_text)
        self.watch = Watch(place.engine, reachable=reachable)
        self._poke = asyncio.Event()
        self._is_hinted = isinstance(place.engine, Hinting)
        here = asyncio.get_running_loop()
        self._is_look_due = False
        if isinstance(place.engine, Hinting):
            place.engine.on_hint(lambda: _call_soon(here, self._poke.set))
            self.watch.fast_s = POLL_HINTED_S
        if isinstance(place.engine, Telling):
            place.engine.on_seen(lambda *told: _call_soon(here, lambda: _hand_on(self, *told)))
        if place.slots is not None:
            place.slots.on_room = lambda: _call_soon(here, lambda: self._offer(Ticked()))
        self._index_due = asyncio.Event()
        self._reason = "it ended"
        self._defect: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self, opened: Opened, socket_path: Path, ready: Callable[[], None]) -> None:
        """Serve until it ends. Raises the defect that ended it, if one did."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._unexpected)
        loop.add_signal_handler(signal.SIGTERM, self._terminated)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        self.loop.offer(opened)
        await self.server.listen(socket_path)
        shared = self.machine.state.shared
        await asyncio.to_thread(keep_door, socket_path.parent, shared.gid if shared else None)
        ready()
        parts = (self.loop.run(), self._watching(), self._indexing(), self._idling())
        tasks = [asyncio.create_task(part) for part in parts]
        try:
            await asyncio.wait((*tasks, self._defect), return_when=asyncio.FIRST_COMPLETED)
        finally:
            await self.server.close(self._reason)
            for task in tasks:
                task.cancel()
            self.carrier.close()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            await self.log.close(self.machine.state if self.loop.is_settled else None)
            self.place.engine.close()
            if self.place.slots is not None:
                self.place.slots.close()
        if self._defect.done():
            self._defect.result()
        for result in ended:
            if isinstance(result, BaseException) and not isinstance(result, asyncio.CancelledError):
                raise result

    def leave(self, reason: str) -> None:
        """End after what is under way is committed; at once where nothing can be."""
        self._reason = reason
        if self.loop.stuck_text:
            self.loop.stop()
        else:
            self._offer(Leaving(reason))

    def committed(self, rows: Sequence[Row]) -> None:
        """Events are in the log: show them, and look at what runs now."""
        self._keep_slots()
        if len(rows) > 1 and sum(len(row[1]) for row in rows) > LARGE_BYTES:
            gc.freeze()  # a long queue was taken, and stays
        self.server.committed(rows)
        self.server.keep_out()
        self._index_due.set()
        if not self._is_hinted:
            self._poke.set()
        elif not self._is_look_due and self.machine.open.keys() - self.watch.seen.keys():
            self._is_look_due = True
            asyncio.get_running_loop().call_later(POLL_HINTED_S, self._poke.set)

    def stuck(self, text: str) -> None:
        """Commits wait, or go on."""
        self.server.stuck(text)

    def refused(self, command: str, error: ScanflowError) -> None:
        """A command was not taken."""
        self.server.refused(command, error)

    def _shell(self) -> Shell:
        return Shell(
            advance=lambda machine, told, at, salt: advance(machine, told, at=at, salt=salt),
            commit=self.log.append,
            carry=self._carry,
            next_due=next_due,
            now_us=now_us,
            salt=lambda: os.urandom(16),
            peek=self.carrier.peek,
            gather_s=_gather_s,
        )

    def _carry(self, effect: Effect) -> None:
        if isinstance(effect, CollectAttempt):
            self._keep_slots()
        self.carrier.carry(effect)

    def _keep_slots(self) -> None:
        """What has exited holds no room any more, what runs does, whoever started it."""
        if self.place.slots is not None:
            names = open_attempts(self.machine).keys()
            self.place.slots.keep(names, lambda name: running(self.machine, name))

    async def _watching(self) -> None:
        """Poll while something runs; adopt what an earlier supervisor left, by name, first."""
        ask: Callable[[dict[str, str]], Watched] | None = self._adopt
        shown_s = 0.0
        while True:
            self._poke.clear()
            self._is_look_due = False
            self.watch.follow(self._open())
            if self.watch.seen or not self.watch.reachable.reachable:
                poll = self.watch.poll
                for stimulus in await asyncio.to_thread(poll, time.monotonic(), ask):
                    self._offer(stimulus)
                ask = None
            if time.monotonic() - shown_s >= VITALS_S:
                shown_s = time.monotonic()
                self.server.vitals(self._vitals())
            pause_s = self.watch.pause_s if self.watch.seen else ENGINE_POLL_S
            # Not wait_for: in Python 3.11 it can swallow the cancellation that ends this task.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._poke.wait()

    def _adopt(self, attempts: dict[str, str]) -> Watched:
        return self.place.engine.adopt(self.machine.state.session, attempts)

    def _open(self) -> dict[str, Open]:
        """Every attempt to watch, with what of its report is in the log already."""
        found: dict[str, Open] = {}
        for name, parts in open_attempts(self.machine).items():
            view = find(self.machine, name)
            if view is not None:
                folder = self.place.attempt_folder(*parts)
                found[name] = Open(folder, view[2].n_metrics, view[2].n_messages)
        return found

    def _tail(self, effect: CollectAttempt) -> Tail:
        """How far an ended attempt's report was read; the rest is read when it is collected."""
        tail = self.watch.tail_of(effect.name)
        view = find(self.machine, effect.name)
        if tail is None and view is not None:
            tail = Tail(view[2].n_metrics, view[2].n_messages)
        return tail or Tail()

    def _vitals(self) -> dict[str, Any]:
        return {
            "attempts": self.watch.vitals(),
            "clients": len(self.server.clients),
            "engine": self.watch.reachable.text,
        }

    async def _indexing(self) -> None:
        """Keep ``index.json`` up to date, at most twice a second; the mirror follows it."""
        mirroring = Mirroring(self.place.folder.root)
        while True:
            await self._index_due.wait()
            self._index_due.clear()
            await self.loop.settled()
            self.log.write_index(self.machine.state)
            mirroring.wake(time.monotonic())
            await asyncio.sleep(INDEX_S)

    async def _idling(self) -> None:
        """Leave after some minutes without client, attempt, effect or timer."""
        busy_s = time.monotonic()
        while True:
            await asyncio.sleep(min(IDLE_CHECK_S, self.idle_s / 4))
            busy = (
                self.server.clients
                or self.carrier.n_active
                or open_attempts(self.machine)
                or next_due(self.machine) is not None
                or not self.loop.is_settled
                or self.machine.state.shared is not None  # nobody else could start it for them
            )
            if busy:
                busy_s = time.monotonic()
            elif time.monotonic() - busy_s >= self.idle_s:
                self.leave(f"nothing to do for {self.idle_s:.0f} s")
                return await asyncio.sleep(float("inf"))

    def _offer(self, stimulus: Stimulus) -> None:
        self.loop.offer(stimulus)

    def _terminated(self) -> None:
        self.leave("it was asked to end (SIGTERM)")

    def _fail(self, error: BaseException) -> None:
        if not self._defect.done():
            self._defect.set_exception(error)

    def _unexpected(self, running: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, Exception) and not isinstance(error, ConnectionError):
            self._fail(error)


def _gather_s(machine: Machine, group: Group) -> float:
    """A commit costs several ms; while others that have exited are judged, theirs may join it."""
    return GATHER_S if machine.exited else 0.0


def _hand_on(supervisor: Supervisor, name: str, observation: Observation) -> None:
    """The engine saw an attempt end: the machine hears of it without a look of the watcher."""
    supervisor.watch.note(name, observation)
    supervisor.loop.offer(Observed(name, observation))


def _call_soon(running: asyncio.AbstractEventLoop, poke: Callable[[], None]) -> None:
    """From any thread; a loop that has ended is not woken."""
    with contextlib.suppress(RuntimeError):
        running.call_soon_threadsafe(poke)


def now_us() -> int:
    """The wall clock, microseconds UTC."""
    return time.time_ns() // 1000
