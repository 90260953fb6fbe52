"""The shim: runs one step and writes down all that is true of it, whoever watches or not.

One file, standard library only, Python 3.9, ``python -S -E shim.py SPEC.json``, or as a child of
the fork server (``forkserver.py``). Files in the attempt's folder: ``claim`` (its first act;
whoever finds one touches nothing), ``heartbeat``, ``log`` (the record, ``contract/loglines.py``),
``cancel`` (read), ``exit.json`` (its last act). Must never import the package, and never let a full
disk or a silent reader cost the exit code.
"""
# ruff: noqa: PTH100, PTH104, PTH108, PTH110, PTH118, PTH119, PTH120, PTH208
# pathlib would cost every step its import.

from __future__ import annotations

import contextlib
import errno
import json
import os
import resource
import select
import signal
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing costs as much to import as the rest together
    from typing import Any

PR_SET_CHILD_SUBREAPER = 36
TICK_S = 1.0
END_FAMILY_S = 5.0
RECORD_BYTES_RESERVED = 4096
DISK_RETRY_S = 1.0
DISK_RETRIES = 600
BRIEF_US = 1_000_000
STEP_OOM_SCORE = b"300"  # short of memory, a step goes before its watcher
BLOCKED = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
BOOT_ID = "/proc/sys/kernel/random/boot_id"
LIBC: Any = None  # a fork server sets these two; else a claim is not to wait for them
BOOT = ""
RESET = (*BLOCKED, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ)


class Record:
    """The log file: output of both streams as record lines, cut, limited, and never blocking."""

    def __init__(self, path: str, bytes_max: int, line_bytes_max: int) -> None:
        self.fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o666)
        self.bytes_max = bytes_max
        self.line_bytes_max = line_bytes_max
        self.size = 0
        self.is_over = False
        self.error = ""
        self.rest = {b"stdout": b"", b"stderr": b""}
        self.second = (0, b"")

    def feed(self, stream: bytes, data: bytes) -> None:
        """Take output; a line is written when it is complete or longer than the cut."""
        head = self.stamp() + b" " + stream
        pieces = (self.rest[stream] + data).split(b"\n")
        self.rest[stream] = b""
        rows: list[bytes] = []
        for index, piece in enumerate(pieces):
            while len(piece) > self.line_bytes_max:
                rows.append(b"%s P %s\n" % (head, piece[: self.line_bytes_max]))
                piece = piece[self.line_bytes_max :]
            if index < len(pieces) - 1:
                rows.append(b"%s F %s\n" % (head, piece))
            else:
                self.rest[stream] = piece
        self.write(rows)

    def flush(self) -> None:
        """Write what waits for its newline: a progress bar is seen, a crash loses little."""
        for stream, rest in self.rest.items():
            if rest:
                self.rest[stream] = b""
                self.write([self.stamp() + b" " + stream + b" P " + rest + b"\n"])

    def write(self, rows: list[bytes]) -> None:
        """Append whole lines; at the limit or on a full disk the record ends, not the step."""
        if not rows or self.is_over or self.error:
            return
        data = b"".join(rows)
        if self.size + len(data) > self.bytes_max:
            self.is_over = True
            data = data[: data.rfind(b"\n", 0, self.bytes_max - self.size) + 1]
        written = 0
        try:
            while written < len(data):
                written += os.write(self.fd, memoryview(data)[written:])
        except OSError as problem:
            self.error = "the log ends early: " + sentence(problem)
            written = data.rfind(b"\n", 0, written) + 1
            with contextlib.suppress(OSError):
                os.ftruncate(self.fd, self.size + written)
        self.size += written

    def stamp(self) -> bytes:
        second, rest_us = divmod(now_us(), 1_000_000)
        if second != self.second[0]:
            text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self.second = (second, text.encode("ascii"))
        return b"%s.%06dZ" % (self.second[1], rest_us)

    def sync(self) -> None:
        try:
            os.fsync(self.fd)
        except OSError as problem:
            self.error = self.error or "the log may be incomplete: " + sentence(problem)


class Told:
    """Whoever started this shim and may still listen, by a pipe; what is said is only a hint."""

    def __init__(self, fd: int | None, name: bytes = b"") -> None:
        self.fd = fd
        self.name = name

    def say(self, word: bytes, text: bytes = b"") -> None:
        """One line, at once or not at all: whoever listened may be gone, or not be reading."""
        if self.fd is not None:
            with contextlib.suppress(OSError):
                os.write(self.fd, b"%s %s %s\n" % (word, self.name, text))


class Step:
    """The running step: its pipes, what was asked of it, and what it cost."""

    def __init__(self, spec: dict[str, Any], record: Record, claimed_s: float) -> None:
        self.spec = spec
        self.record = record
        self.pid = 0
        self.streams: dict[int, bytes] = {}
        self.exec_error = ""
        self.exec_code = 0
        self.deadline_s = claimed_s + spec["time_s"] if spec["time_s"] is not None else None
        self.kill_s: float | None = None
        self.hit = ""
        self.is_cancelled = False
        self.is_term_asked = False
        self.cpu_s = 0.0
        self.rss_bytes = 0

    def ask_stop(self, grace_s: float) -> None:
        """TERM to the group now, KILL after the grace."""
        if self.kill_s is None:
            self.kill_s = time.monotonic() + grace_s
            kill_group(self.pid, signal.SIGTERM)
            kill_group(self.pid, signal.SIGCONT)

    def check_limits(self) -> None:
        """Carry out a cancel, a time-out, a log over its limit, and the end of a grace."""
        now_s = time.monotonic()
        if not self.is_cancelled:
            grace_s = cancel_grace_s(self.spec["grace_s"])
            if grace_s is not None or self.is_term_asked:
                self.is_cancelled = True
                self.ask_stop(self.spec["grace_s"] if grace_s is None else grace_s)
        if self.deadline_s is not None and now_s >= self.deadline_s and self.kill_s is None:
            self.hit = "time"
            self.ask_stop(self.spec["grace_s"])
        if self.record.is_over and self.kill_s is None:
            self.hit = "log"
            self.ask_stop(self.spec["grace_s"])
        if self.kill_s is not None and now_s >= self.kill_s:
            kill_group(self.pid, signal.SIGKILL)
            self.kill_s = now_s + 1.0

    def wait_s(self, beat_s: float) -> float:
        """How long nothing is due."""
        due = [beat_s, time.monotonic() + TICK_S]
        if self.kill_s is not None:
            due.append(self.kill_s)
        elif self.deadline_s is not None:
            due.append(self.deadline_s)
        return max(0.0, min(due) - time.monotonic())

    def read(self, fd: int) -> bool:
        """Take what one pipe holds; False where there is nothing more now."""
        try:
            data = os.read(fd, 65536)
        except BlockingIOError:
            return False
        if not data:
            os.close(fd)
            del self.streams[fd]
            return False
        self.record.feed(self.streams[fd], data)
        return True

    def has_ended(self) -> bool:
        """Looks without reaping: the zombie keeps its number, so its group can be ended safely."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def reap(self, pid: int, flags: int) -> int | None:
        """The wait status of a child, its cost added; None where it still runs."""
        done, status, usage = os.wait4(pid, flags)
        if not done:
            return None
        self.cpu_s += usage.ru_utime + usage.ru_stime
        self.rss_bytes = max(self.rss_bytes, usage.ru_maxrss * 1024)
        return status

    def reap_orphans(self) -> bool:
        """Reap what a subreaper inherited and what ended; True while any is left."""
        orphans = [pid for pid in children() if pid != self.pid]
        for pid in orphans:
            self.reap(pid, os.WNOHANG)
        return bool(orphans)


def sentence(problem: OSError) -> str:
    return f"{problem.strerror or 'unknown error'} (errno {problem.errno})"


def now_us() -> int:
    return time.time_ns() // 1000


def slurp(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:
        return file.read()


def kill_group(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def stat_fields(pid: int) -> list[bytes]:
    """/proc/PID/stat from field 3 on; the name in field 2 may hold anything."""
    return slurp(f"/proc/{pid}/stat").rsplit(b")", 1)[1].split()


def start_time(pid: int) -> int:
    return int(stat_fields(pid)[19])


def children() -> list[int]:
    """Direct children, zombies too; by a walk over /proc where the kernel keeps no list."""
    me = os.getpid()
    with contextlib.suppress(OSError):
        return [int(word) for word in slurp(f"/proc/self/task/{me}/children").split()]
    found = []
    for entry in os.listdir("/proc"):
        with contextlib.suppress(OSError, ValueError):
            if int(stat_fields(int(entry))[1]) == me:
                found.append(int(entry))
    return found


def cancel_grace_s(default_s: float) -> float | None:
    """The grace that the ``cancel`` file asks for; None where nobody cancelled."""
    try:
        data = slurp("cancel")
    except OSError:
        return None
    try:
        return float(json.loads(data)["grace_s"])
    except (ValueError, KeyError, TypeError):
        return default_s


def claim(spec: dict[str, Any]) -> int | None:
    """Make the claim and return its time in microseconds; None where somebody else has it."""
    try:
        fd = os.open("claim", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:
        return None
    claimed_at = now_us()
    data = {"name": spec["name"], "pid": os.getpid(), "start": start_time(os.getpid())}
    data |= {"claimed_at": claimed_at, "boot": BOOT or slurp(BOOT_ID).decode().strip()}
    try:
        os.write(fd, json.dumps(data).encode("ascii"))
    except OSError:
        os.unlink("claim")
        raise
    finally:
        os.close(fd)
    return claimed_at


def reserve_exit() -> int:
    """Take the room for the exit record now, while the disk has it."""
    fd = os.open("exit.part", os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o666)
    os.write(fd, b" " * RECORD_BYTES_RESERVED)
    return fd


def write_exit(fd: int, record: dict[str, Any], told: Told) -> None:
    """Write, rename, tell, make durable; on a full disk again until there is room.

    A power cut before that leaves the attempt lost; of a brief one, which cost little, it may.
    """
    data = json.dumps(record).encode("ascii")
    for _ in range(DISK_RETRIES):
        try:
            os.pwrite(fd, data, 0)
            os.ftruncate(fd, len(data))
            os.rename("exit.part", "exit.json")
            told.say(b"exited")
            if record["ended_at"] - record["claimed_at"] < BRIEF_US:
                return
            os.fsync(fd)
            break
        except FileNotFoundError:
            fd = reserve_exit()
        except OSError:
            time.sleep(DISK_RETRY_S)
            beat()
    os.fsync(os.open(".", os.O_RDONLY))


def beat() -> None:
    with contextlib.suppress(OSError):
        os.utime("heartbeat")


def spawn(step: Step) -> None:
    """Run the step in its own group and folder; without a process its reason stands in ``step``.

    Never a fork of this interpreter: the copies of its pages would cost more than the step.
    """
    here = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    nothing = os.open(os.devnull, os.O_RDONLY)
    out_r, out_w = os.pipe()
    err_r, err_w = os.pipe()
    doing = f"cannot enter {step.spec['cwd']!r}"
    try:
        os.chdir(step.spec["cwd"])
        doing = f"cannot run {step.spec['argv'][0]!r}"
        wired = [(os.POSIX_SPAWN_DUP2, fd, at) for at, fd in enumerate((nothing, out_w, err_w))]
        step.pid = spawned(step.spec["argv"], step.spec["env"], wired)
    except (OSError, ValueError) as problem:
        number = getattr(problem, "errno", None)
        if number in (errno.EAGAIN, errno.ENOMEM):
            doing = "cannot start a process"
        step.exec_code = 127 if number in (errno.ENOENT, errno.ENOTDIR) else 126
        why = sentence(problem) if isinstance(problem, OSError) else problem
        step.exec_error = f"{doing}: {why}"
    finally:
        os.fchdir(here)
        for fd in (here, nothing, out_w, err_w):
            os.close(fd)
    for fd, stream in ((out_r, b"stdout"), (err_r, b"stderr")):
        os.set_blocking(fd, False)
        step.streams[fd] = stream


def spawned(argv: list[str], env: dict[str, str], wired: list[tuple[int, int, int]]) -> int:
    """The process number of a program, looked for in the PATH that it is given. Raises OSError."""
    places = [argv[0]]
    if "/" not in argv[0]:
        found = (os.path.join(folder, argv[0]) for folder in env.get("PATH", "").split(":"))
        places = [place for place in found if os.path.exists(place)]
    problem: OSError = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    for place in places:
        try:
            pid = os.posix_spawn(
                place, argv, env, file_actions=wired, setpgroup=0, setsigmask=(), setsigdef=RESET
            )
        except OSError as error:
            problem = error
            continue
        with contextlib.suppress(OSError), open(f"/proc/{pid}/oom_score_adj", "wb", 0) as score:
            score.write(STEP_OOM_SCORE)
        return pid
    raise problem


def watch(step: Step, wake_r: int, heartbeat_s: float) -> None:
    """Until the step ends: drain its pipes, beat, and hold it to its limits."""
    beat_s = time.monotonic()
    while not step.has_ended():
        step.check_limits()
        if time.monotonic() >= beat_s:
            beat()
            beat_s = time.monotonic() + heartbeat_s
        ready = select.select([*step.streams, wake_r], [], [], step.wait_s(beat_s))[0]
        for fd in ready:
            if fd != wake_r:
                step.read(fd)
            elif os.read(wake_r, 512):
                step.reap_orphans()
        if not ready:
            step.record.flush()


def end_family(step: Step) -> None:
    """End all that the step left; then the pipes have no writer, and what they hold is all."""
    until_s = time.monotonic() + END_FAMILY_S
    while True:
        kill_group(step.pid, signal.SIGKILL)
        for pid in children():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if not step.reap_orphans() or time.monotonic() > until_s:
            break
        time.sleep(0.002)
    for fd in list(step.streams):
        while fd in step.streams and step.read(fd):
            pass
    step.record.flush()


def run(spec: dict[str, Any], claimed_at: int, claimed_s: float, told: Told) -> None:
    """Everything between claim and exit record."""
    (LIBC or __import__("ctypes").CDLL(None)).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    wake_r, wake_w = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    exit_fd = reserve_exit()
    step = Step(spec, Record("log", spec["log_bytes"], spec["line_bytes"]), claimed_s)

    def on_term(_number: int, _frame: object) -> None:
        step.is_term_asked = True

    signal.signal(signal.SIGTERM, on_term)
    signal.signal(signal.SIGINT, on_term)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.set_wakeup_fd(wake_w, warn_on_full_buffer=False)
    status: int | None = None
    if cancel_grace_s(0.0) is not None:
        step.is_cancelled = True
    else:
        status = attend(step, wake_r)
    record = facts(step, status, claimed_at, now_us())
    if step.record.size and record["ended_at"] - claimed_at >= BRIEF_US:
        step.record.sync()
    write_exit(exit_fd, {**record, "log_error": step.record.error}, told)


def attend(step: Step, wake_r: int) -> int | None:
    """Start the step, watch it to its end, end its family; its wait status, None without one."""
    spawn(step)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, BLOCKED)
    if not step.pid:
        return None
    with contextlib.suppress(OSError), open("heartbeat", "wb", 0) as heart:
        heart.write(b'{"pid": %d, "start": %d}' % (step.pid, start_time(step.pid)))
    watch(step, wake_r, step.spec["heartbeat_s"])
    end_family(step)
    return step.reap(step.pid, 0)


def facts(step: Step, status: int | None, claimed_at: int, ended_at: int) -> dict[str, Any]:
    """The exit record."""
    code = os.waitstatus_to_exitcode(status) if status is not None else None
    if step.exec_error:
        code = step.exec_code
    return {
        "code": None if code is None or code < 0 else code,
        "signal": -code if code is not None and code < 0 else None,
        "claimed_at": claimed_at,
        "ended_at": ended_at,
        "hit": step.hit,
        "cancelled": step.is_cancelled,
        "cpu_s": round(step.cpu_s, 6),
        "rss_bytes": step.rss_bytes,
        "exec_error": step.exec_error,
    }


def attempt(spec_path: str, told: Told) -> None:
    """Claim and run what a file says, in its folder."""
    signal.pthread_sigmask(signal.SIG_BLOCK, BLOCKED)
    os.chdir(os.path.dirname(os.path.abspath(spec_path)))
    if os.path.lexists("claim"):
        told.say(b"claimed")
        return
    with open(os.path.basename(spec_path), "rb") as file:
        spec = json.loads(file.read())
    pursue(spec, told, os.path.basename(spec_path))


def pursue(spec: dict[str, Any], told: Told, litter: str = "") -> None:
    """Claim, tell so, remove ``litter`` (it may hold secrets), run; in the attempt's folder."""
    claimed_at = claim(spec)
    told.say(b"claimed")
    if claimed_at is None:
        return
    try:
        if litter:
            os.unlink(litter)
        run(spec, claimed_at, time.monotonic(), told)
    except BaseException as problem:
        with open("shim.err", "a", encoding="utf-8") as file:
            file.write(f"{type(problem).__name__}: {problem}\n")
        raise


def main(arguments: list[str]) -> None:
    """``SPEC.json``; in the foreground, in a session of its own."""
    with contextlib.suppress(PermissionError):  # it leads a session already
        os.setsid()
    attempt(arguments[0], Told(None))


if __name__ == "__main__":
    main(sys.argv[1:])
