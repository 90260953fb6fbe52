"""What /proc says of processes, and ending those that an attempt left behind.

A process is its number *and* its start time: a number alone may be somebody else's by now.
Nothing is ever signalled by its number alone.
"""

from __future__ import annotations

import functools
import os
import signal
import time
from pathlib import Path

from scanflow_tui.contract.records import dataclass

PROC = Path("/proc")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_ENDED = frozenset({"Z", "X", "x"})


@dataclass(frozen=True, slots=True)
class Process:
    """One row of the process table. ``cpu_s`` counts the children it has waited for too."""

    pid: int
    state: str
    parent: int
    group: int
    session: int
    start: int
    cpu_s: float
    rss_bytes: int


def process(pid: int) -> Process | None:
    """The process with this number now; None where there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb", buffering=0) as file:
            stat = file.read()
    except OSError:
        return None
    # The name, field 2, may hold anything: count from its closing bracket.
    fields = stat.rsplit(b")", 1)[1].split()
    ticks = sum(int(field) for field in fields[11:15])
    return Process(
        pid=pid,
        state=fields[0].decode("ascii"),
        parent=int(fields[1]),
        group=int(fields[2]),
        session=int(fields[3]),
        start=int(fields[19]),
        cpu_s=ticks / _TICKS_PER_S,
        rss_bytes=max(0, int(fields[21])) * _PAGE_BYTES,
    )


def command(pid: int) -> str:
    """The name of a process's program, at most 15 characters; empty where it is gone."""
    try:
        return (PROC / str(pid) / "comm").read_text("utf-8", "replace").rstrip("\n")
    except OSError:
        return ""


def named(program: str) -> list[int]:
    """The numbers of all processes of this program."""
    numbers = [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]
    return sorted(number for number in numbers if command(number) == program)


def is_alive(pid: int, start: int) -> bool:
    """Whether this very process still runs; a zombie does not."""
    found = process(pid)
    return found is not None and found.start == start and found.state not in _ENDED


def table() -> dict[int, Process]:
    """All processes that can be seen."""
    numbers = [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]
    return {found.pid: found for found in map(process, numbers) if found is not None}


def descendants(processes: dict[int, Process], root: int) -> list[Process]:
    """All below ``root``, itself left out."""
    below: dict[int, list[Process]] = {}
    for one in processes.values():
        below.setdefault(one.parent, []).append(one)
    found: list[Process] = []
    waiting = [root]
    while waiting:
        mine = below.get(waiting.pop(), [])
        found += mine
        waiting += [one.pid for one in mine]
    return found


def family(root: int) -> list[Process]:
    """All below ``root``, itself left out, without a look at anybody else where that can be."""
    found: list[Process] = []
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        numbers = _children(pid)
        if numbers is None:
            return descendants(table(), root)
        found += [one for one in map(process, numbers) if one is not None]
        waiting += numbers
    return found


def _children(pid: int) -> list[int] | None:
    """Direct children, whichever thread made them; None where the kernel keeps no lists."""
    numbers: list[int] = []
    try:
        for task in os.scandir(f"/proc/{pid}/task"):
            with open(f"{task.path}/children", "rb", buffering=0) as file:
                numbers += [int(word) for word in file.read().split()]
    except FileNotFoundError:
        # Gone by now, or one of its threads is; else there are no such lists.
        return numbers if _keeps_lists() else None
    except OSError:
        return numbers
    return numbers


@functools.cache
def _keeps_lists() -> bool:
    return (PROC / f"self/task/{os.getpid()}/children").exists()


def boot_id() -> str:
    """Which boot of this machine it is."""
    return (PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()


def memory_free_bytes() -> int | None:
    """What the kernel thinks can be had without swapping."""
    return _memory("MemAvailable:")


def memory_bytes() -> int | None:
    """All that this machine has."""
    return _memory("MemTotal:")


def _memory(word: str) -> int | None:
    for line in (PROC / "meminfo").read_text("ascii").splitlines():
        if line.startswith(word):
            return int(line.split()[1]) * 1024
    return None


def send(pid: int, start: int, number: int) -> bool:
    """Signal this very process; False where it is gone."""
    try:
        handle = os.pidfd_open(pid)
    except (ProcessLookupError, OSError):
        return False
    try:
        # The handle pins the process: looked at after opening, it cannot become another one.
        if not is_alive(pid, start):
            return False
        signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(handle)
    return True


def left_of(*, session: int, not_before: int, marker: bytes) -> list[Process]:
    """What is left of an attempt: members of its shim's session, and who carries its marker.

    ``not_before`` is the shim's start time: an older process is none of its own.
    ``marker`` is an entry of the environment; it finds those that left session and group.
    """
    found = []
    for one in table().values():
        if one.start < not_before or one.pid == os.getpid() or one.state in _ENDED:
            continue
        if one.session == session or _carries(one.pid, marker):
            found.append(one)
    return found


def end(*, session: int, not_before: int, marker: bytes, patience_s: float = 2.0) -> int:
    """Kill all that is left of an attempt; returns how many processes that were."""
    until_s = time.monotonic() + patience_s
    ended: set[int] = set()
    while True:
        left = left_of(session=session, not_before=not_before, marker=marker)
        ended |= {one.pid for one in left if send(one.pid, one.start, signal.SIGKILL)}
        if not left or time.monotonic() > until_s:
            return len(ended)
        time.sleep(0.005)


def _carries(pid: int, marker: bytes) -> bool:
    try:
        return marker in (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return False
