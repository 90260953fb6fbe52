"""Two sessions on one machine whose supervisors are killed: never more at once than there is.

    python benchmarks/slots.py [--kills 40] [--steps 30] [--rounds 5] [--seed 0] [--json FILE]

First, steps that each need every core note their begin and end in one file, while the supervisors
of both sessions are killed and started again at random moments: two that overlap, one that ran
twice and one that never ran all show. Then two sessions of empty steps side by side, with shared
slots and without, in turn: what sharing costs.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from report import Row, save, show
from scanflow_tui.client.live import LiveSource
from scanflow_tui.client.starting import create_session, launch
from scanflow_tui.contract.commands import Leave, StartRun
from scanflow_tui.contract.errors import ScanflowError

NAMES = ("first", "second")
CORES = len(os.sched_getaffinity(0))
WAIT_S = 300
STEP = """\
echo "+ $(date +%s%N) NAME $1" >> "LOG"
sleep 0.1
echo "- $(date +%s%N) NAME $1" >> "LOG"
echo made > "${SCANFLOW_STEP%/step.json}/out/o"
"""
EMPTY = 'echo made > "${SCANFLOW_STEP%/step.json}/out/o"\n'


@dataclass
class Campaign:
    """What the kills came to."""

    kills: int = 0
    begun: int = 0
    overlaps: int = 0
    again: int = 0
    missing: int = 0


def session(folder: Path, name: str, script: str, n_steps: int, cpus: int) -> Path:
    """A session of steps that do not hang on one another."""
    pipeline = folder / f"pipeline-{name}"
    pipeline.mkdir(parents=True)
    (pipeline / "step.sh").write_text(script.replace("NAME", name))
    rows = [
        f"  n{at:03d}: {{run: [sh, step.sh, '{at}'], out: [o], limits: {{cpus: {cpus}}}}}"
        for at in range(n_steps)
    ]
    text = "\n".join(["scanflow: 1", f"name: {name}", "nodes:", *rows, ""])
    (pipeline / "pipeline.yaml").write_text(text)
    return create_session(folder / "sessions", name, pipeline, "process")


async def start(folder: Path) -> None:
    """Ask for a run, and go."""
    source = LiveSource(folder, "benchmark")
    await source.open()
    await source.send(StartRun())
    await source.close()


async def finish(folder: Path) -> None:
    """Wait for the run's end, then end the supervisor."""
    source = LiveSource(folder, "benchmark")
    await source.open()
    async with asyncio.timeout(WAIT_S):
        await source.until(lambda: 1 in source.state.runs and source.state.runs[1].state == "done")
    await source.send(Leave())
    await source.close()


def supervisor_of(folder: Path) -> int | None:
    """The number of the process that serves a session."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"scanflow_tui.supervisor" in words and os.fsencode(folder) in words:
                return int(entry.name)
    return None


def campaign(folder: Path, n_kills: int, n_steps: int, seed: int) -> Campaign:
    """Kill the supervisors of both sessions while their steps take turns."""
    rng, log = random.Random(seed), folder / "log"
    script = STEP.replace("LOG", str(log))
    folders = [session(folder, name, script, n_steps, CORES) for name in NAMES]
    for one in folders:
        asyncio.run(start(one))
    found, total = Campaign(), 2 * n_steps
    end_s = time.monotonic() + WAIT_S
    while time.monotonic() < end_s and (not log.exists() or log.read_text().count("- ") < total):
        time.sleep(rng.random() * 0.5)
        one = rng.choice(folders)
        pid = supervisor_of(one) if found.kills < n_kills else None
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            found.kills += 1
            # For a while nobody supervises what runs: its shim alone holds the room.
            time.sleep(rng.choice((0.0, rng.random() * 0.5)))
        try:
            launch(one)
        except ScanflowError as error:
            sys.stderr.write(f"{error.sentence()}\n")
    for one in folders:
        asyncio.run(finish(one))
    judge(log.read_text().splitlines(), found, total)
    return found


def judge(lines: list[str], found: Campaign, total: int) -> None:
    """Read the steps' own notes, in the order of their clock."""
    rows = sorted((int(at), sign, name, step) for sign, at, name, step in map(str.split, lines))
    n_running = 0
    for _, sign, _, _ in rows:
        n_running += 1 if sign == "+" else -1
        found.overlaps += n_running > 1
    begun = Counter((name, step) for _, sign, name, step in rows if sign == "+")
    found.begun = begun.total()
    found.again = sum(count - 1 for count in begun.values())
    found.missing = total - len(begun)


def side_by_side(folder: Path, n_steps: int, shared: str) -> float:
    """Seconds that two sessions of empty steps need together."""
    os.environ["SCANFLOW_SLOTS"] = shared
    folders = [session(folder, name, EMPTY, n_steps, 1) for name in NAMES]
    for one in folders:
        launch(one)

    async def both() -> None:
        await asyncio.gather(*map(start, folders))
        await asyncio.gather(*map(finish, folders))

    before_s = time.perf_counter()
    asyncio.run(both())
    return time.perf_counter() - before_s


def rows_of(found: Campaign, shared: list[float], alone: list[float], total: int) -> list[Row]:
    """The claims."""
    wrong = found.overlaps + found.again + found.missing
    ratio = median(a / b for a, b in zip(shared, alone, strict=True))
    return [
        Row(
            "two sessions, each step needs all cores, supervisors killed -9: no two at once, "
            "none twice, none left out",
            f"{total} of {total}",
            f"{found.begun} begun after {found.kills} kills: {found.overlaps} overlaps, "
            f"{found.again} twice, {found.missing} never",
            wrong == 0,
            vars(found),
        ),
        Row(
            "two sessions of empty steps side by side, slots shared, against each for itself",
            "none",
            f"{ratio:.2f} times ({median(shared):.1f} s and {median(alone):.1f} s)",
            None,
            {"shared_s": shared, "alone_s": alone},
        ),
    ]


def main() -> int:
    """The command line; exit 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sf-slots-") as name:
        folder = Path(name)
        os.environ |= {"XDG_STATE_HOME": str(folder / "state"), "SCANFLOW_NO_MIRROR": "1"}
        os.environ["SCANFLOW_SLOTS"] = str(folder / "shared")
        found = campaign(folder / "kills", given.kills, given.steps, given.seed)
        shared, alone = [], []
        for at in range(given.rounds):
            shared.append(side_by_side(folder / f"s{at}", given.steps, str(folder / "shared")))
            alone.append(side_by_side(folder / f"a{at}", given.steps, "off"))
    rows = rows_of(found, shared, alone, 2 * given.steps)
    show(f"Shared slots, {CORES} cores, seed {given.seed}", rows)
    if given.json:
        save(given.json, rows, {"python": platform.python_version(), "load": os.getloadavg()})
    return 1 if any(row.met is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
