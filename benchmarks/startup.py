"""How long ScanFlow takes to start, beside a Python that does nothing.

    python benchmarks/startup.py [--rounds 15] [--json FILE]

Every round runs bare Python, each command and the terminal UI once, in rotating order; figures are
medians, ratios are medians of the rounds' own ratios. The UI is timed in a pseudo-terminal from the
command to the first frame with header and pane, with a session and no supervisor.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from rich.console import Console
from rich.progress import Progress

from report import Row, save, show
from scanflow_tui.cli.link import Link
from scanflow_tui.client.live import LiveSource
from scanflow_tui.client.starting import create_session
from scanflow_tui.contract.commands import Leave
from scanflow_tui.contract.errors import Refused
from scanflow_tui.session.copy import shared_lock
from scanflow_tui.session.places import SessionFolder
from terminal import Terminal, is_framed

ROOT = Path(__file__).resolve().parent.parent
NAME = "startup"
FRAME_S = 60.0
BARE = "python -c pass"
UI = "first frame of the UI"
PIPELINE = """\
scanflow: 1
name: startup
classes: [zero, one]
champion: train
nodes:
  batches: {input: batches}
  train: {run: [sh, train.sh], out: [model, reference]}
"""


@dataclass(frozen=True)
class Target:
    """The most that is allowed: milliseconds, and times the CPU of bare Python."""

    wall_ms: float
    ratio: float | None


TARGETS = {
    "scanflow --help": Target(250, 9),
    "scanflow sessions": Target(250, 10),
    "scanflow lint": Target(250, None),
    UI: Target(600, 35),
}


@dataclass(frozen=True)
class Took:
    wall_s: float
    cpu_s: float


class Place:
    """A sessions root with one session, away from the user's own files."""

    def __init__(self, folder: Path) -> None:
        pipeline = folder / "pipeline"
        pipeline.mkdir()
        (pipeline / "pipeline.yaml").write_text(PIPELINE)
        (pipeline / "train.sh").write_text("exit 0\n")
        os.environ |= {"XDG_STATE_HOME": str(folder / "state"), "SCANFLOW_NO_MIRROR": "1"}
        self.sessions = folder / "sessions"
        self.session = create_session(self.sessions, NAME, pipeline, "process")
        self.environ = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        # Whoever develops may forbid bytecode; an installed program has it.
        self.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        self.dismiss()

    def dismiss(self) -> None:
        """End the session's supervisor, one that is just starting too, and wait for its lock."""
        with Link(LiveSource(self.session, "benchmark"), self.session) as link:
            link.send(Leave())
        while True:
            try:
                with shared_lock(SessionFolder(self.session)):
                    return
            except Refused:
                time.sleep(0.01)

    def commands(self) -> dict[str, list[str]]:
        """What is timed until its end."""
        scanflow = str(Path(sys.executable).parent / "scanflow")
        return {
            BARE: [sys.executable, "-c", "pass"],
            "scanflow --help": [scanflow, "--help"],
            "scanflow sessions": [scanflow, "sessions", "--sessions", str(self.sessions)],
            "scanflow lint": [scanflow, "lint", str(ROOT / "pipelines" / "mnist")],
        }

    def run(self, command: list[str]) -> Took:
        """Run a command to its end. Raises SystemExit where it fails."""
        start = time.perf_counter()
        child = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.environ
        )
        _, status, usage = os.wait4(child.pid, 0)
        wall_s = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {child.returncode}")
        return Took(wall_s, usage.ru_utime + usage.ru_stime)

    def first_frame(self) -> Took:
        """From the command to the first frame; the UI is ended then, and what it started."""
        scanflow = str(Path(sys.executable).parent / "scanflow")
        command = [scanflow, NAME, "--sessions", str(self.sessions)]
        terminal = Terminal(command, self.environ)
        try:
            wall_s = terminal.until(is_framed, FRAME_S)
            took = Took(wall_s, terminal.cpu_s())
        finally:
            terminal.kill()
        self.dismiss()
        return took


def measure(place: Place, rounds: int) -> dict[str, list[Took]]:
    """Every program once a round, after one round that is not counted; the order rotates."""
    commands = place.commands()
    names = [*commands, UI]
    found: dict[str, list[Took]] = {name: [] for name in names}
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("rounds", total=rounds + 1)
        for number in range(rounds + 1):
            at = number % len(names)
            for name in names[at:] + names[:at]:
                took = place.first_frame() if name == UI else place.run(commands[name])
                if number:
                    found[name].append(took)
            bar.advance(task)
    return found


def rows_of(found: dict[str, list[Took]]) -> list[Row]:
    """A row for each program."""
    bare = found[BARE]
    rows = []
    for name, each in found.items():
        wall_ms = median(took.wall_s for took in each) * 1e3
        cpu_ms = median(took.cpu_s for took in each) * 1e3
        pairs = list(zip(each, bare, strict=True))
        ratio = median(took.cpu_s / base.cpu_s for took, base in pairs)
        slower = median(took.wall_s / base.wall_s for took, base in pairs)
        figures = {
            "wall_ms": round(wall_ms, 1),
            "wall_ms_best": round(min(took.wall_s for took in each) * 1e3, 1),
            "cpu_ms": round(cpu_ms, 1),
            "cpu_ratio": round(ratio, 2),
            "wall_ratio": round(slower, 2),
            "rounds": [(round(took.wall_s, 4), round(took.cpu_s, 4)) for took in each],
        }
        text = (
            f"{wall_ms:.0f} ms (best {figures['wall_ms_best']:.0f}), CPU {cpu_ms:.0f} ms;"
            f" wall x {slower:.1f}, CPU x {ratio:.1f}"
        )
        target = TARGETS.get(name)
        if target is None:
            rows.append(Row(name, "printed", text, None, figures))
            continue
        rows.append(
            Row(f"{name}: wall", f"under {target.wall_ms:.0f} ms", text, wall_ms < target.wall_ms)
        )
        times = "printed" if target.ratio is None else f"at most {target.ratio:.0f} times bare"
        is_met = None if target.ratio is None else ratio <= target.ratio
        rows.append(Row(f"{name}: CPU", times, f"x {ratio:.1f}", is_met, figures))
    return rows


def main() -> int:
    """The command line; exit 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    load = os.getloadavg()
    with tempfile.TemporaryDirectory(prefix="sf-start-") as folder:
        rows = rows_of(measure(Place(Path(folder)), given.rounds))
    about = {
        "rounds": given.rounds,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load_before": load,
        "load_after": os.getloadavg(),
    }
    loads = f"load {load[0]:.1f} before, {os.getloadavg()[0]:.1f} after"
    show(f"Start-up, {given.rounds} rounds; {os.cpu_count()} cores, {loads}", rows)
    if given.json:
        save(given.json, rows, about)
    return 1 if any(row.met is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
