"""Carries effects out in threads, and hands their answers back to the loop as stimuli.

It decides nothing: which effect, and whether again, is the machine's. Short acts (starts, cancels)
never wait behind long ones (copies, hashes).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from scanflow_tui.contract.records import dataclass
from scanflow_tui.supervisor import (
    doors,
    effects_attempt,
    effects_collect,
    effects_plan,
    effects_store,
)
from scanflow_tui.supervisor.machine.effects import (
    Answer,
    AskCache,
    CancelAttempt,
    CollectAttempt,
    Effect,
    ForgetAttempt,
    GatherPlan,
    IngestBatch,
    IssueHead,
    KeepInCache,
    LookUpName,
    ReadCode,
    SetDoor,
    StartAttempt,
    Stop,
    StoreHumanOutputs,
    StoreLabels,
)
from scanflow_tui.supervisor.machine.reports import Tail
from scanflow_tui.supervisor.machine.stimuli import Stimulus
from scanflow_tui.supervisor.workplace import Workplace

SHORT_THREADS = 4
LONG_THREADS = 2

Work = Callable[[], Stimulus | None]


@dataclass(frozen=True, slots=True)
class Hands:
    """What an effect may touch in the loop's own thread."""

    answer: Callable[[Answer], None]
    stop: Callable[[], None]
    offer: Callable[[Stimulus], None]
    tail: Callable[[CollectAttempt], Tail]
    head: Callable[[], tuple[int, str]]
    look_again: Callable[[str], None]
    defect: Callable[[BaseException], None]


class Carrier:
    """Two small pools of threads."""

    def __init__(self, place: Workplace, hands: Hands) -> None:
        self.place = place
        self.hands = hands
        self.n_active = 0
        self._later: deque[Work] = deque()
        self._is_tidying = False
        self._running = asyncio.get_running_loop()
        self._short = ThreadPoolExecutor(SHORT_THREADS, "short")
        self._long = ThreadPoolExecutor(LONG_THREADS, "long")

    def carry(self, effect: Effect) -> None:
        """Begin an effect; its answer comes to the loop's inbox."""
        place = self.place
        match effect:
            case Answer():
                self.hands.answer(effect)
            case Stop():
                self.hands.stop()
            case StartAttempt():
                self._run(self._short, partial(effects_attempt.start, place, effect))
            case CancelAttempt():
                self._run(self._short, partial(self._cancel, effect))
            case ForgetAttempt():
                self._put_off(partial(effects_attempt.forget, place, effect))
            case CollectAttempt():
                tail = self.hands.tail(effect)
                self._run(self._long, partial(effects_collect.collect, place, effect, tail))
            case GatherPlan():
                self._run(self._long, partial(effects_plan.gather, place, effect))
            case ReadCode():
                self._run(self._long, partial(effects_plan.read_code, place, effect))
            case IngestBatch():
                self._run(self._long, partial(effects_store.ingest_batch, place, effect))
            case AskCache():
                self._run(self._long, partial(effects_store.ask_cache, place, effect))
            case KeepInCache():
                self._put_off(partial(effects_store.keep_in_cache, place, effect))
            case StoreHumanOutputs():
                self._run(self._short, partial(effects_store.store_human, place, effect))
            case StoreLabels():
                self._run(self._long, partial(effects_store.store_labels, place, effect))
            case SetDoor():
                self._run(self._short, partial(doors.set_door, place.folder.path, effect))
            case LookUpName():
                self._run(self._short, partial(doors.look_up, effect))
            case IssueHead():
                head = self.hands.head()
                self._run(self._short, partial(effects_store.issue_head, place, effect, *head))

    def _cancel(self, effect: CancelAttempt) -> None:
        effects_attempt.cancel(self.place, effect)
        self.hands.look_again(effect.name)

    def peek(self, effect: Effect) -> Stimulus | None:
        """The answer to an effect that only reads a little, at once."""
        if isinstance(effect, AskCache):
            return effects_store.peek_cache(self.place, effect)
        return None

    def close(self) -> None:
        """Begin nothing more; what is half done is asked again by the next supervisor."""
        self._short.shutdown(wait=False, cancel_futures=True)
        self._long.shutdown(wait=False, cancel_futures=True)

    def _put_off(self, work: Work) -> None:
        """What nobody waits for: one thread does all that has come together."""
        self._later.append(work)
        if not self._is_tidying:
            self._is_tidying = True
            self._run(self._short, self._tidy)

    def _tidy(self) -> Stimulus | None:
        while True:
            try:
                work = self._later.popleft()
            except IndexError:
                self._is_tidying = False
                if not self._later:
                    return None
                self._is_tidying = True
            else:
                self._tidied(work)

    def _tidied(self, work: Work) -> None:
        """One of them; a defect ends the supervisor, not those that come after it."""
        try:
            work()
        except Exception as error:
            self._running.call_soon_threadsafe(self.hands.defect, error)

    def _run(self, pool: ThreadPoolExecutor, work: Work) -> None:
        self.n_active += 1
        future = asyncio.get_running_loop().run_in_executor(pool, work)
        future.add_done_callback(self._done)

    def _done(self, future: asyncio.Future[Stimulus | None]) -> None:
        self.n_active -= 1
        if future.cancelled():
            return
        error = future.exception()
        if error is not None:
            self.hands.defect(error)
            return
        stimulus = future.result()
        if stimulus is not None:
            self.hands.offer(stimulus)
