"""200 no-op steps in a graph of diamonds, beside Snakemake with two cores on the same graph.

    python benchmarks/graph_speed.py [--snakemake PROGRAM] [--rounds 7] [--steps 200] [--json FILE]

Whole commands with both starts, interleaved, both kept to the same two cores: `scanflow run` in a
new session (its supervisor starts with it), the same again with the supervisor up, and again with
it ended; `snakemake --cores 2` from nothing, and again. CPU is that of all processes that a command
started, alive or not: this program adopts whatever they leave (Linux). Without ``--snakemake``
a virtual environment is made once under the user's cache folder and filled from PyPI.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from report import Row, save, show
from scanflow_tui.cli.link import Link
from scanflow_tui.client.live import LiveSource
from scanflow_tui.contract.commands import Leave
from scanflow_tui.contract.errors import Refused
from scanflow_tui.engine import procfs
from scanflow_tui.session.copy import shared_lock
from scanflow_tui.session.places import SessionFolder

NAME = "diamonds"
WIDTH = 4
PR_SET_CHILD_SUBREAPER = 36
FRESH, UP, DOWN = "from nothing", "again, supervisor up", "again, supervisor ended"
RULES = """\
PARENTS = {parents!r}
rule all:
    input: expand("out/{{name}}", name=PARENTS)
rule step:
    input: lambda wildcards: [f"out/{{name}}" for name in PARENTS[wildcards.name]]
    output: "out/{{name}}"
    shell: "echo {{wildcards.name}} > {{output}}"
"""


def graph_of(n_steps: int) -> dict[str, list[str]]:
    """Parents by step: layers of four, each step below two neighbours, so diamonds everywhere."""
    found: dict[str, list[str]] = {}
    for number in range(n_steps):
        layer, place = divmod(number, WIDTH)
        above = [(layer - 1) * WIDTH + (place + shift) % WIDTH for shift in (0, 1)]
        found[f"n{number:03d}"] = [f"n{one:03d}" for one in above] if layer else []
    return found


def pipeline_of(graph: dict[str, list[str]]) -> str:
    """The same graph as a pipeline; the shell is the one that Snakemake takes."""
    lines = ["scanflow: 1", f"name: {NAME}", "nodes:"]
    for name, parents in graph.items():
        command = f"""[bash, -c, 'echo {name} > "${{SCANFLOW_STEP%/*}}/out/done"']"""
        reads = ", ".join(f"{parent}: {parent}.done" for parent in parents)
        inputs = f", in: {{{reads}}}" if reads else ""
        lines.append(f"  {name}: {{run: {command}{inputs}, out: [done]}}")
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Took:
    """One command: seconds by the clock, CPU of everything it started, and what is known beside."""

    wall_s: float
    cpu_s: float
    parts: dict[str, float] = field(default_factory=dict)


def cpu_now_s() -> float:
    """CPU of every process below this one, ended or not."""
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                break
        except ChildProcessError:
            break
    ended = os.times()
    alive = procfs.descendants(procfs.table(), os.getpid())
    return ended.children_user + ended.children_system + sum(one.cpu_s for one in alive)


def timed(command: list[str], folder: Path, environ: dict[str, str]) -> Took:
    """Run a command to its end. Raises SystemExit where it fails."""
    before_s = cpu_now_s()
    start_s = time.perf_counter()
    with open(folder / "said", "wb") as said:
        child = subprocess.Popen(command, stdout=said, stderr=said, cwd=folder, env=environ)
        _, status, usage = os.wait4(child.pid, 0)
    wall_s = time.perf_counter() - start_s
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.stderr.write((folder / "said").read_text())
        raise SystemExit(f"{' '.join(command)} ended with {child.returncode}")
    own_s = usage.ru_utime + usage.ru_stime
    return Took(wall_s, cpu_now_s() - before_s, {"cpu of the command itself": own_s})


class Ours:
    """A pipeline's folder and a sessions root that is new in every round."""

    def __init__(self, folder: Path, graph: dict[str, list[str]]) -> None:
        self.folder = folder
        self.sessions = folder / "sessions"
        folder.mkdir()
        (folder / "pipeline").mkdir()
        (folder / "pipeline" / "pipeline.yaml").write_text(pipeline_of(graph))
        state = {"XDG_STATE_HOME": str(folder / "state"), "SCANFLOW_NO_MIRROR": "1"}
        self.environ = os.environ | state
        os.environ |= state

    def run(self) -> Took:
        """`scanflow run`, which makes the session where there is none."""
        scanflow = str(Path(sys.executable).parent / "scanflow")
        given = ["--pipeline", str(self.folder / "pipeline"), "--engine", "process"]
        command = [scanflow, "run", NAME, *given, "--sessions", str(self.sessions)]
        return timed(command, self.folder, self.environ)

    def phases(self, n_steps: int) -> dict[str, float]:
        """Where the seconds of the first run went, from its event log; and the CPU by process."""
        cpu = {one.pid: one.cpu_s for one in procfs.descendants(procfs.table(), os.getpid())}
        with Link(LiveSource(self.sessions / NAME, "benchmark"), self.sessions / NAME) as link:
            run = link.state.runs[1]
            opened_at = link.state.opened_at
        last = [node.attempts[-1] for node in run.nodes.values()]
        assert len(last) == n_steps, len(last)
        assert all(one.state == "done" for one in last)
        found = {
            "session made to plan": (run.planned_at - opened_at) / 1e6,
            "plan to end of run": ((run.ended_at or 0) - run.planned_at) / 1e6,
            "a step: intended to claimed": _middle(
                [(one.claimed_at or 0) - one.intended_at for one in last]
            ),
            "a step: claimed to exited": median([one.seconds or 0.0 for one in last]),
            "a step: exited to committed": _middle(
                [
                    (one.ended_at or 0) - (one.claimed_at or 0) - round((one.seconds or 0) * 1e6)
                    for one in last
                ]
            ),
        }
        lock = _holder(self.sessions / NAME)
        return found | {"cpu of the supervisor": cpu.get(lock, 0.0)}

    def require_idle(self) -> None:
        """Raises SystemExit where a run after the first one started a step."""
        folder = self.sessions / NAME
        with Link(LiveSource(folder, "benchmark"), folder) as link:
            again = [run for run in link.state.runs.values() if run.number > 1]
            if any(node.attempts for run in again for node in run.nodes.values()):
                raise SystemExit("an unchanged run started steps (was ScanFlow edited meanwhile?)")

    def dismiss(self) -> None:
        """End the supervisor and wait for its lock."""
        folder = self.sessions / NAME
        with Link(LiveSource(folder, "benchmark"), folder) as link:
            link.send(Leave())
        while True:
            try:
                with shared_lock(SessionFolder(folder)):
                    return
            except Refused:
                time.sleep(0.01)

    def renew(self, number: int) -> None:
        """Another sessions root. Nothing is removed before the end: a file system that has just
        lost thousands of files makes new ones slowly."""
        self.sessions = self.folder / f"sessions-{number}"


class Peer:
    """The same graph as a Snakefile."""

    def __init__(self, folder: Path, graph: dict[str, list[str]], program: str) -> None:
        self.folder = folder
        self.program = program
        folder.mkdir()
        self.rules = RULES.format(parents=graph)
        self.place = folder
        self.environ = os.environ | {"XDG_CACHE_HOME": str(folder / "cache")}

    def run(self) -> Took:
        """`snakemake --cores 2`, told to say nothing."""
        command = [self.program, "--cores", "2", "--quiet", "all"]
        return timed(command, self.place, self.environ)

    def renew(self, number: int) -> None:
        """Another working folder."""
        self.place = self.folder / f"place-{number}"
        self.place.mkdir()
        (self.place / "Snakefile").write_text(self.rules)


def _middle(values_us: list[int]) -> float:
    return median(values_us) / 1e6


def _holder(folder: Path) -> int:
    """The number of the process that serves a session, as its welcome says."""
    source = LiveSource(folder, "benchmark")
    with Link(source, folder):
        return int(source.card["pid"])


def _permit(root: Path) -> None:
    """Let what is read-only in a store be removed."""
    for folder, _, _ in os.walk(root):
        Path(folder).chmod(0o700)


def snakemake(given: str) -> str:
    """The peer's program, in an environment of its own that is made where it is missing."""
    if given:
        return str(Path(given).resolve())
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    place = cache / "scanflow-benchmarks" / "snakemake"
    if not (place / "bin" / "snakemake").exists():
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        subprocess.run([str(place / "bin" / "pip"), "install", "-q", "snakemake"], check=True)
    return str(place / "bin" / "snakemake")


Round = dict[str, Took]


def round_of(ours: Ours, peer: Peer, n_steps: int, number: int) -> tuple[Round, Round]:
    """Every command of both once; whoever comes first in one round is second in the next."""

    def mine() -> Round:
        ours.renew(number)
        found = {FRESH: ours.run()}
        found[FRESH].parts.update(ours.phases(n_steps))
        found[UP] = ours.run()
        ours.dismiss()
        found[DOWN] = ours.run()
        ours.require_idle()
        ours.dismiss()
        return found

    def theirs() -> Round:
        peer.renew(number)
        found = {FRESH: peer.run()}
        found[UP] = found[DOWN] = peer.run()
        return found

    if number % 2 == 0:
        return mine(), theirs()
    first = theirs()
    return mine(), first


def rows_of(rounds: list[tuple[Round, Round]]) -> list[Row]:
    """A row for each claim, and one for each place where our time goes."""
    rows = []
    targets = {(FRESH, "wall_s"): 2.0, (FRESH, "cpu_s"): 1.5, (DOWN, "wall_s"): 3.0}
    targets |= {(UP, "wall_s"): 5.0}
    for (what, unit), least in targets.items():
        ours = [getattr(mine[what], unit) for mine, _ in rounds]
        peer = [getattr(theirs[what], unit) for _, theirs in rounds]
        ratios = [two / one for one, two in zip(ours, peer, strict=True)]
        word = "wall" if unit == "wall_s" else "CPU"
        told = f"x {median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}); "
        told += f"{median(ours):.2f} s against {median(peer):.2f} s"
        figures = {"ours_s": _short(ours), "snakemake_s": _short(peer), "ratios": _short(ratios)}
        is_met = median(ratios) >= least
        rows.append(Row(f"{what}: {word}", f"at least {least:g} times", told, is_met, figures))
    for name in rounds[0][0][FRESH].parts:
        values = [mine[FRESH].parts[name] for mine, _ in rounds]
        rows.append(Row(name, "printed", f"{median(values) * 1e3:.1f} ms", None, _short(values)))
    return rows


def _short(values: list[float]) -> list[float]:
    return [round(value, 4) for value in values]


def main() -> int:
    """The command line; exit 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--snakemake", default="", metavar="PROGRAM")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    cores = sorted(os.sched_getaffinity(0))[:2]
    os.sched_setaffinity(0, cores)
    program = snakemake(given.snakemake)
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    graph = graph_of(given.steps)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="sf-graph-") as name:
        ours = Ours(Path(name) / "ours", graph)
        peer = Peer(Path(name) / "peer", graph, program)
        rounds = []
        for number in range(given.rounds):
            rounds.append(round_of(ours, peer, given.steps, number))
            sys.stderr.write(f"round {number + 1}: {_line(rounds[-1])}\n")
        _permit(Path(name))
    rows = rows_of(rounds)
    about: dict[str, Any] = {
        "rounds": given.rounds,
        "steps": given.steps,
        "snakemake": version.stdout.strip(),
        "python": platform.python_version(),
        "cores": cores,
        "load": [load, os.getloadavg()[0]],
    }
    loads = f"load {load:.1f} before, {os.getloadavg()[0]:.1f} after"
    beside = f"Snakemake {about['snakemake']}, {loads}"
    show(f"{given.steps} no-op steps, {given.rounds} rounds, {beside}", rows)
    if given.json:
        save(given.json, rows, about)
    return 1 if any(row.met is False for row in rows) else 0


def _line(found: tuple[Round, Round]) -> str:
    mine, theirs = found
    return "; ".join(
        f"{what}: {mine[what].wall_s:.2f} against {theirs[what].wall_s:.2f} s"
        f" (CPU {mine[what].cpu_s:.2f} against {theirs[what].cpu_s:.2f})"
        for what in mine
    )


if __name__ == "__main__":
    sys.exit(main())
