"""Long logs and fast ones, written by real steps and opened on the real Logs screen.

    python benchmarks/logs.py [--mib 1024] [--lines 40000] [--rounds 5] [--json FILE]

One step writes a log of so many MiB; the terminal UI opens it in a pseudo-terminal. Timed from the
key to the frame that shows it: the log's last lines, then the first hits of searches whose only hit
lies at the beginning, in the middle, and as far away as can be. Another step writes lines at full
speed, among them what breaks viewers: what is stored is rebuilt and compared, and every line is
paged through on the screen.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import platform
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import pyte

from report import Row, save, show
from scanflow_tui.cli.link import Link
from scanflow_tui.client.live import LiveSource
from scanflow_tui.client.starting import create_session
from scanflow_tui.contract.commands import Leave, StartRun
from scanflow_tui.contract.errors import Refused
from scanflow_tui.contract.loglines import rebuild
from scanflow_tui.session.copy import shared_lock
from scanflow_tui.session.places import SessionFolder

NAME = "chatter"
COLUMNS, LINES = 120, 40
PATIENCE_S = 60.0
PRELOADED_S = 2.0
"""The UI loads its next screens while a person reads the first one."""
MIB = 1024 * 1024
NEEDLES = {
    "early": ("early", "early needle"),
    "halfway": ("halfway", "halfway needle"),
    "late": ("late", "late needle"),
    "late, every letter frequent": ("late", "late sore tale"),
}
"""Where the only hit lies, and words for it: a letter that the log lacks, or none."""
PAINT_MS_MAX, FIND_S_MAX, RSS_MIB_MAX = 100.0, 1.0, 150.0
UNKNOWN = re.compile(
    rb"\x1b[P_^\]].*?(?:\x1b\\|\x07)|\x1b\[[<>=?][0-9;]*(?:\$p|[ucmqt])", re.DOTALL
)
PIPELINE = """\
scanflow: 1
name: chatter
nodes:
  long: {run: python talk.py long %d, out: [done], limits: {time: 30m}}
  fast: {run: python talk.py fast %d, out: [done], limits: {time: 30m}}
"""
TALK = """\
import os, sys
from pathlib import Path

(Path(os.environ["SCANFLOW_STEP"]).parent / "out" / "done").write_text("")
out, amount = sys.stdout.buffer, int(sys.argv[2])
if sys.argv[1] == "fast":
    lines = [b"line %07d of many" % number for number in range(amount)]
    # The screen shows a bar's last state alone, so that names its line too.
    lines[amount // 5] += b" bar 10%\\rbar 50%\\r" + lines[amount // 5] + b" bar 100%"
    lines[2 * amount // 5] += b" not UTF-8: \\xff\\xfe\\x80"
    lines[3 * amount // 5] += b" zero: \\x00 escape: \\x1b[2J"
    lines[4 * amount // 5] += b" a mebibyte: " + b"m" * (1024 * 1024)
    out.write(b"\\n".join(lines))
else:
    row = b"%09d step loss 0.0412 rate 1e-3 images 128 of 60000, memory 390 MB\\n"
    n_rows = amount // (len(row % 0) + 37)
    marks = {0: b"early", n_rows // 2: b"halfway", n_rows - 300: b"late"}
    for start in range(0, n_rows, 1000):
        for number in range(start, min(start + 1000, n_rows)):
            if number in marks:
                mark = marks[number]
                out.write(b"the %s needle, a %s sore tale: hit-%s\\n" % (mark, mark, mark))
            out.write(row % number)
    out.write(b"the very end\\n")
"""


class Screen:
    """The terminal UI on a session, and how long it takes from a key to what it shows."""

    def __init__(self, session: Path) -> None:
        with Link(LiveSource(session, "benchmark"), session) as link:
            self._supervisor = int(link.source.card["pid"])
        self.screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self.screen)
        scanflow = str(Path(sys.executable).parent / "scanflow")
        environ = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self._pressed = time.perf_counter()
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
            command = [scanflow, "--sessions", str(session.parent), NAME]
            os.execve(scanflow, command, environ)
        self.until("run 1 of 1")

    def text(self) -> str:
        """What the screen shows."""
        return "\n".join(self.screen.display)

    def press(self, keys: str) -> None:
        """Type; what follows is timed from here. What was shown before counts for nothing."""
        while select.select([self._master], [], [], 0)[0]:
            self._stream.feed(UNKNOWN.sub(b"", os.read(self._master, 65_536)))
        self._pressed = time.perf_counter()
        os.write(self._master, keys.encode())

    def until(self, *texts: str, gone: str = "\0") -> float:
        """Read until all of these are shown, and ``gone`` is not; seconds since the key.

        Raises TimeoutError.
        """
        arrived = self._pressed
        end = time.monotonic() + PATIENCE_S
        while gone in self.text() or not all(text in self.text() for text in texts):
            if not select.select([self._master], [], [], max(end - time.monotonic(), 0))[0]:
                raise TimeoutError(f"{texts} not shown in\n{self.text()}")
            data = os.read(self._master, 65_536)
            arrived = time.perf_counter()
            self._stream.feed(UNKNOWN.sub(b"", data))
        return arrived - self._pressed

    def timed(self, *texts: str) -> float:
        """Seconds from the key to the bytes that show all texts; the emulator reads them later.

        Raises TimeoutError.
        """
        got, arrived = b"", self._pressed
        end = time.monotonic() + PATIENCE_S
        while not all(text.encode() in got for text in texts):
            if not select.select([self._master], [], [], max(end - time.monotonic(), 0))[0]:
                raise TimeoutError(f"{texts} were not written")
            got += os.read(self._master, 65_536)
            arrived = time.perf_counter()
        self._stream.feed(UNKNOWN.sub(b"", got))
        return arrived - self._pressed

    def page(self, last: int) -> list[int]:
        """The numbers after ``last`` on a whole page that goes on from it. Raises TimeoutError."""
        while True:
            text = self.text()
            numbers = [int(number) for number in re.findall(r"line (\d{7}) of", text)]
            # The last page begins earlier, so that none of its rows is empty.
            goes_on = bool(numbers) and numbers[0] <= last + 1 and numbers[-1] > last
            is_whole = len(re.findall(r"\d\d:\d\d\.\d{3}", text)) == LINES - 4
            if goes_on and is_whole and numbers == list(range(numbers[0], numbers[-1] + 1)):
                return [number for number in numbers if number > last]
            if not select.select([self._master], [], [], PATIENCE_S)[0]:
                raise TimeoutError(f"no page that goes on from {last} in\n{text}")
            self._stream.feed(UNKNOWN.sub(b"", os.read(self._master, 65_536)))

    def memory_mib(self) -> float:
        """The most that was resident at once."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        return int(found[1]) / 1024 if found else 0.0

    def cpu_s(self, *, with_supervisor: bool) -> float:
        """CPU seconds of the UI, or of it and the supervisor that searches for it, until now."""
        pids = (self.pid, self._supervisor) if with_supervisor else (self.pid,)
        tasks = [task for pid in pids for task in Path(f"/proc/{pid}/task").glob("*/schedstat")]
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9

    def kill(self) -> None:
        """End it."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._master)

    def node(self, node: str) -> None:
        """Put the cursor on a node of the workflow."""
        self.press("/")
        self.until("Find node", "┃  ┏━")
        self.press(f"{node}\r")
        self.until(f"{node} · step node", gone="Find node")

    def find(self, place: str, words: str) -> float:
        """Search; seconds from enter to the hit."""
        self.press("/")
        self.until("Search the log", "┃  ┏━")
        self.press(words)
        self.until(words)
        self.press("\r")
        return self.timed(f"hit-{place}")


def written(folder: Path, mib: int, n_lines: int) -> Path:
    """A session whose two steps have written their logs."""
    pipeline = folder / "pipeline"
    pipeline.mkdir()
    (pipeline / "pipeline.yaml").write_text(PIPELINE % (mib * MIB, n_lines))
    (pipeline / "talk.py").write_text(TALK)
    os.environ |= {"XDG_STATE_HOME": str(folder / "state"), "SCANFLOW_NO_MIRROR": "1"}
    session = create_session(folder / "sessions", NAME, pipeline, "process")
    with Link(LiveSource(session, "benchmark"), session) as link:
        link.send(StartRun())
        link.wait(lambda state: state.runs[1].ended_at)
        run = link.state.runs[1]
        if run.state != "done":
            raise SystemExit(f"the run ended as {run.state}: {run.reason}")
    return session


def long_log(session: Path, rounds: int) -> list[Row]:
    """Open the long log, search it, and see how much memory that took."""
    record = SessionFolder(session).attempt(1, "long", 1) / "log"
    painted: list[float] = []
    hits: dict[str, list[float]] = {}
    cpu: dict[str, list[float]] = {}
    most = 0.0
    for _ in range(rounds):
        screen = Screen(session)
        screen.node("long")
        time.sleep(PRELOADED_S)
        before_s = screen.cpu_s(with_supervisor=False)
        screen.press("o")
        painted.append(screen.timed("Logs", "exit 0", "390 MB", "the very end") * 1000)
        cpu.setdefault("paint", []).append((screen.cpu_s(with_supervisor=False) - before_s) * 1000)
        screen.until(" lines ")
        for needle, (place, words) in NEEDLES.items():
            # From the end on, over the end, to the hit: "late" lies just before the view.
            screen.press("G")
            screen.until("the very end")
            before_s = screen.cpu_s(with_supervisor=True)
            hits.setdefault(needle, []).append(screen.find(place, words))
            cpu.setdefault(needle, []).append(screen.cpu_s(with_supervisor=True) - before_s)
        most = max(most, screen.memory_mib())
        screen.kill()
    size = record.stat().st_size / MIB
    about = f"log of {size:,.0f} MiB"
    found = {needle: median(times) for needle, times in hits.items()}
    paint = median(painted)
    slowest = max(found.values())
    each = ", ".join(
        f"{needle} {found[needle]:.2f}, CPU {median(cpu[needle]):.2f}" for needle in found
    )
    paint_cpu = median(cpu["paint"])
    return [
        Row(
            f"{about}: first paint after the key that opens the screen",
            f"under {PAINT_MS_MAX:.0f} ms",
            f"{paint:.0f} ms (best {min(painted):.0f}, CPU {paint_cpu:.0f})",
            paint < PAINT_MS_MAX,
            {"ms": painted, "cpu_ms": cpu["paint"]},
        ),
        Row(
            f"{about}: first hit of a search from the end on, over the end",
            f"under {FIND_S_MAX:.0f} s",
            f"{slowest:.2f} s ({each})",
            slowest < FIND_S_MAX,
            {"s": hits, "cpu_s": {needle: cpu[needle] for needle in hits}},
        ),
        Row(
            f"{about}: most memory resident",
            f"under {RSS_MIB_MAX:.0f} MiB",
            f"{most:.0f} MiB",
            most < RSS_MIB_MAX,
        ),
    ]


def fast_log(session: Path, n_lines: int) -> list[Row]:
    """Rebuild what the fast step wrote, and page through all of it."""
    pipeline = session.parent.parent / "pipeline"
    folder = SessionFolder(session).attempt(1, "fast", 1)
    environ = os.environ | {"SCANFLOW_STEP": str(pipeline / "step.json")}
    (pipeline / "out").mkdir(exist_ok=True)
    command = [sys.executable, str(pipeline / "talk.py"), "fast", str(n_lines)]
    payload = subprocess.run(command, env=environ, check=True, capture_output=True).stdout
    stored = rebuild((folder / "log").read_bytes())["stdout"]
    screen = Screen(session)
    screen.node("fast")
    screen.press("o")
    screen.until(f"{n_lines:,} lines")
    screen.press("g")
    screen.until("line 0000000 of many")
    seen = [-1]
    while seen[-1] < n_lines - 1:
        seen += screen.page(seen[-1])
        screen.press("\x1b[6~")
    screen.kill()
    in_order = seen == sorted(seen)
    n_seen, is_equal = len(set(seen)) - 1, stored == payload
    return [
        Row(
            f"{n_lines:,} lines at full speed: the payload rebuilt from the stored log",
            "byte-equal",
            f"{len(stored):,} of {len(payload):,} bytes, {'equal' if is_equal else 'not equal'}",
            is_equal,
        ),
        Row(
            f"{n_lines:,} lines at full speed: counted and in order on screen",
            f"{n_lines:,}, in order",
            f"{n_seen:,}, {'in' if in_order else 'out of'} order",
            n_seen == n_lines and in_order,
        ),
    ]


def dismiss(session: Path) -> None:
    """End the session's supervisor and wait for its lock."""
    with Link(LiveSource(session, "benchmark"), session) as link:
        link.send(Leave())
    while True:
        try:
            with shared_lock(SessionFolder(session)):
                return
        except Refused:
            time.sleep(0.01)


def main() -> int:
    """Measure and print; 1 where a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--lines", type=int, default=40_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--folder", type=Path, help="where to write the logs")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        session = written(Path(name), asked.mib, asked.lines)
        rows = long_log(session, asked.rounds)
        load = os.getloadavg()[0]
        show(f"A long log, load {load:.1f}", rows)
        rows += (fast := fast_log(session, asked.lines))
        show("A fast log", fast)
        dismiss(session)
    if asked.json is not None:
        about = {"rounds": asked.rounds, "load": load, "python": platform.python_version()}
        save(asked.json, rows, about)
    return int(any(row.met is False for row in rows))


if __name__ == "__main__":
    sys.exit(main())
