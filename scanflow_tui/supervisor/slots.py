"""Room on this machine, shared by all sessions of a user: one locked file for each attempt.

A lock lives as long as its holder: the supervisor, and the shim that it started, which outlives it.
So what dies holds nothing, however it dies. Nothing here stops or delays what runs already.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, KeysView, Mapping
from dataclasses import fields, replace
from pathlib import Path

from scanflow_tui.contract.errors import Refused
from scanflow_tui.contract.records import dataclass
from scanflow_tui.contract.step import StepLimits
from scanflow_tui.engine import procfs
from scanflow_tui.engine.protocol import Capacity
from scanflow_tui.session import locking, places
from scanflow_tui.supervisor.machine.sharing import Ask, ask_of, decide, in_use

GUARD = "guard"
PREFIX = "sf-"
PATIENCE_S = 0.5
KEEP_S_MAX = 0.05
PAUSE_S = 0.01
LOOK_S = 0.02
"""Between two looks for room while somebody here waits."""
BRIEF_S = 0.06
HEED_S = 10.0
"""Who waits asks again every second or so; who has not asked for this long is overtaken."""
FILE_BYTES_MAX = 16_384
NONE: Mapping[str, Ask] = {}
_FIELDS = tuple(one.name for one in fields(Ask))
_LOOK = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MAKE = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Taken:
    """Room for an attempt: the file whose lock stands for it, and its GPUs."""

    path: str = ""
    gpus: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Waits:
    """There is none now; ``reason`` is a sentence."""

    reason: str


class Slots:
    """The slots of one session. ``take`` is for any thread, ``keep`` for the loop's own."""

    def __init__(self, folder: Path, session: str, capacity: Capacity) -> None:
        self.folder = folder
        self.session = session
        self.capacity = _with_held(capacity, folder)
        self.on_room: Callable[[], None] = _nobody
        self._files: dict[str, int] = {}
        self._asks: dict[str, Ask] = {}
        self._held: dict[str, Taken] = {}
        self._lock = threading.Lock()
        self._seen_ns = 0
        self._looks = False

    def take(self, name: str, node: str, limits: StepLimits) -> Taken | Waits:
        """Room for an attempt, the same again where it has it. Raises OSError for a full disk.

        It waits a moment for what is about to end.
        """
        until_s = time.monotonic() + BRIEF_S
        while True:
            answer = self._ask(name, node, limits)
            if isinstance(answer, Taken) or time.monotonic() >= until_s:
                return answer
            time.sleep(LOOK_S)

    def _ask(self, name: str, node: str, limits: StepLimits) -> Taken | Waits:
        with self._lock:
            if name in self._held:
                if Path(self._held[name].path).exists():
                    return self._held[name]
                self._give_up(name)
            with _guarded(self.folder) as is_mine:
                if not is_mine:
                    return Waits("another session looks for room just now; it is asked again")
                return self._take(name, node, limits)

    def keep(self, names: KeysView[str], running: Callable[[str], Ask | None]) -> None:
        """Give up what is not open any more, and take up what runs, as after a crash.

        Never waits long: what could not be done now is done when it is called again.
        """
        if names == self._held.keys() == self._files.keys():
            return
        if not self._lock.acquire(timeout=KEEP_S_MAX):
            return
        try:
            for name in self._files.keys() - names:
                self._give_up(name)
            new = [ask for name in names - self._held.keys() if (ask := running(name)) is not None]
            if new:
                # In the loop's own thread: what runs is taken up also where somebody decides now.
                with contextlib.suppress(OSError), _guarded(self.folder, KEEP_S_MAX):
                    for ask in new:
                        self._take_up(ask)
        finally:
            self._lock.release()

    def close(self) -> None:
        """Let go of the locks; shims hold theirs."""
        with self._lock:
            self._looks = False
            for handle in self._files.values():
                os.close(handle)
            self._files.clear()
            self._asks.clear()
            self._held.clear()

    def _take(self, name: str, node: str, limits: StepLimits) -> Taken | Waits:
        known = _read(f"{self.folder}/{name}")
        others = found(self.folder, mine=self._asks, leaves=False)
        others = [one for one in others if one.name != name]
        since = known.since if known is not None else time.time_ns() // 1000
        asked = ask_of(name, self.session, node, limits, since)
        if known is not None and known.holds and _may_go_on(known, others):
            answer: Ask | str = known
        else:
            answer = decide(self.capacity, others, asked)
        if isinstance(answer, str):
            self._write(asked)
            self._seen_ns = self.folder.stat().st_mtime_ns
            self._look_out()
            return Waits(answer)
        self._write(answer)
        self._held[name] = Taken(str(self.folder / name), answer.gpus)
        return self._held[name]

    def _take_up(self, ask: Ask) -> None:
        """It runs: whether it has room is not asked."""
        known = _read(f"{self.folder}/{ask.name}")
        gpus = ask.gpus or (known.gpus if known is not None else ())
        self._write(replace(ask, session=self.session, gpus=gpus))
        self._held[ask.name] = Taken(str(self.folder / ask.name), gpus)

    def _write(self, ask: Ask) -> None:
        """Put the file's content; it is this session's from the moment it is there."""
        handle = self._files.get(ask.name)
        if handle is None:
            handle = os.open(f"{self.folder}/{ask.name}", _MAKE, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_SH)
            except OSError:
                os.close(handle)
                raise
            self._files[ask.name] = handle
        self._asks[ask.name] = ask
        data = json.dumps({name: getattr(ask, name) for name in _FIELDS}).encode("ascii")
        os.ftruncate(handle, os.pwrite(handle, data, 0))

    def _give_up(self, name: str) -> None:
        """The file goes first: a shim that is about to end holds what nobody sees any more."""
        self._held.pop(name, None)
        self._asks.pop(name, None)
        with contextlib.suppress(FileNotFoundError):
            Path(f"{self.folder}/{name}").unlink()
        os.close(self._files.pop(name))

    def _look_out(self) -> None:
        if not self._looks:
            self._looks = True
            threading.Thread(target=self._look, name="slots", daemon=True).start()

    def _look(self) -> None:
        """While somebody here waits: say so when a slot came or went."""
        while True:
            time.sleep(LOOK_S)
            with self._lock:
                if not self._looks or self._files.keys() == self._held.keys():
                    self._looks = False
                    return
            try:
                has_changed = self.folder.stat().st_mtime_ns != self._seen_ns
            except OSError:
                continue
            if has_changed:
                self.on_room()


def open_slots(
    own: Path, session: str, capacity: Capacity, environ: Mapping[str, str] | None = None
) -> tuple[Slots | None, str]:
    """A session's slots, and why it shares none with others; None where the engine queues itself.

    ``own`` is a folder of the session's: there its slots lie where they cannot be shared.
    """
    if not capacity.is_here:
        return None, ""
    try:
        folder, why = shared_folder(environ), ""
    except Refused as error:
        folder, why = None, error.sentence()
    if folder is None:
        own.mkdir(mode=places.FOLDER_MODE, exist_ok=True)
        folder = own
    return Slots(folder, session, capacity), why


def shared_folder(environ: Mapping[str, str] | None = None) -> Path | None:
    """Where the slots of a user lie; None where they are not to be shared. Raises Refused."""
    try:
        return places.slots_folder(environ)
    except OSError as error:
        raise Refused(
            f"no slots can be kept there: {error.strerror}", where=error.filename
        ) from None


def sentence(capacity: Capacity) -> str:
    """What the sessions of this user run on this machine now, for people."""
    if not capacity.is_here:
        return "The engine is elsewhere, or queues by itself: sessions share no slots."
    try:
        folder = shared_folder()
    except Refused as error:
        return f"Sessions do not share this machine: {error.sentence()}."
    if folder is None:
        return "Sessions do not share this machine: SCANFLOW_SLOTS is off."
    use = in_use(capacity, found(folder))
    return f"All sessions of this user share this machine ({folder}): {use}."


def found(folder: Path, *, mine: Mapping[str, Ask] = NONE, leaves: bool = True) -> list[Ask]:
    """What is held and waited for by others who live, and what is ``mine``.

    Who has the guard may remove what nobody holds any more (``leaves=False``).
    """
    asks = list(mine.values())
    for entry in _entries(folder):
        path = f"{folder}/{entry}"
        if entry in mine or not _is_held(path, leaves=leaves):
            continue
        ask = _read(path)
        if ask is not None and (ask.holds or _is_heeded(path)):
            asks.append(ask)
    return asks


def _entries(folder: Path) -> list[str]:
    try:
        return [entry.name for entry in os.scandir(folder) if entry.name.startswith(PREFIX)]
    except OSError:
        return []


def _is_held(path: str, *, leaves: bool) -> bool:
    """Whether somebody holds a slot."""
    try:
        handle = os.open(path, _LOOK)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not leaves:
            Path(path).unlink(missing_ok=True)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(handle)
    return False


def _is_heeded(path: str) -> bool:
    """Whether who waits has asked not long ago; a clock that was set costs him his turn at most."""
    try:
        return abs(time.time() - Path(path).stat().st_mtime) < HEED_S
    except OSError:
        return False


def _may_go_on(known: Ask, others: list[Ask]) -> bool:
    """Whether a slot that an earlier supervisor of this session took still stands."""
    taken = {gpu for one in others if one.holds for gpu in one.gpus}
    return not taken.intersection(known.gpus)


def _read(path: str) -> Ask | None:
    try:
        handle = os.open(path, _LOOK)
    except OSError:
        return None
    try:
        raw = json.loads(os.pread(handle, FILE_BYTES_MAX, 0))
        return Ask(**raw | {"name": path.rpartition("/")[2], "gpus": tuple(raw["gpus"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None
    finally:
        os.close(handle)


@contextlib.contextmanager
def _guarded(folder: Path, patience_s: float = PATIENCE_S) -> Iterator[bool]:
    """One at a time decides; False where somebody else does, for too long to wait for."""
    try:
        handle = os.open(f"{folder}/{GUARD}", _MAKE, 0o600)
    except FileNotFoundError:
        folder.mkdir(mode=places.FOLDER_MODE, parents=True, exist_ok=True)
        handle = os.open(f"{folder}/{GUARD}", _MAKE, 0o600)
    try:
        yield locking.taken(handle, patience_s, PAUSE_S)
    finally:
        os.close(handle)


def _with_held(capacity: Capacity, folder: Path) -> Capacity:
    """The memory that is free now, and what running steps were promised, but no more than all."""
    if capacity.memory_bytes is None:
        return capacity
    held = sum(one.memory_bytes for one in found(folder) if one.holds)
    total = procfs.memory_bytes() or capacity.memory_bytes
    return replace(capacity, memory_bytes=min(total, capacity.memory_bytes + held))


def _nobody() -> None:
    """Nobody waits."""
