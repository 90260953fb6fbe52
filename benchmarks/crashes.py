"""What a session outlives: its supervisor, its clients, two of them at once. Nothing is lost.

    python benchmarks/crashes.py [--rounds 20] [--seed 0] [--json FILE]

Each round makes a session of its own with steps of ``sh``. A step prints numbered lines until a
gate opens, then writes their number as its model: so a log with a hole, a second run, and a result
that is not the step's own all show. No MLflow mirror runs beside it.
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
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from rich.console import Console
from rich.progress import Progress

import crashes_clients
from report import Row, save, show
from scanflow_tui.client.live import LiveSource
from scanflow_tui.client.source import Ref
from scanflow_tui.contract.commands import StartRun
from scanflow_tui.contract.loglines import Decoder
from tests.crash.toy import WAIT_S, Toy, end, kill, until

MOMENT_S = 1.0
COUNTING = """\
D=${SCANFLOW_STEP%/step.json}
echo train >> "COUNT"
i=0
while [ ! -e "GATE" ]; do i=$((i+1)); echo $i; sleep 0.003; done
echo $i > "$D/out/model"
echo reference > "$D/out/reference"
"""


@dataclass
class Kills:
    """What the rounds came to; ``why`` are the things that went wrong."""

    rounds: int = 0
    whole: int = 0
    lines: int = 0
    back_ms: list[float] = field(default_factory=list)
    why: list[str] = field(default_factory=list)


def counting(folder: Path) -> Toy:
    """A toy session whose train step counts aloud until the gate opens."""
    folder.mkdir(parents=True)
    toy = Toy(folder)
    script = COUNTING.replace("COUNT", str(toy.count)).replace("GATE", str(toy.gate))
    (toy.pipeline / "train.sh").write_text(script)
    return toy


async def one_kill(toy: Toy, rng: random.Random, found: Kills, *, ends_alone: bool) -> None:
    """Kill the supervisor while the step counts; with ``ends_alone`` it ends unwatched."""
    source = toy.source()
    await source.open()
    await source.send(StartRun())
    await until(source, lambda state: state.runs[1].nodes["train"].state == "running")
    await asyncio.sleep(rng.random() * MOMENT_S)
    before = time.perf_counter()
    if ends_alone:
        pid = source.card["pid"]
        os.kill(pid, signal.SIGKILL)
        toy.open_gate()
        async with asyncio.timeout(WAIT_S):
            await source.until(lambda: source.card["pid"] != pid)
    else:
        await kill(source)
    found.back_ms.append((time.perf_counter() - before) * 1e3)
    toy.open_gate()
    await until(source, lambda state: state.runs[1].state not in ("running", "waiting"))
    wrong = await _wrong(source, toy, found)
    await source.close()
    await end(toy)
    if not toy.verified().holds:
        wrong.append("the chain is broken")
    found.rounds += 1
    found.whole += not wrong
    found.why += [f"round {found.rounds}: {text}" for text in wrong]


async def _wrong(source: LiveSource, toy: Toy, found: Kills) -> list[str]:
    """What is not as if nobody had been killed."""
    run = source.state.runs[1]
    train = run.nodes["train"]
    if (run.state, train.state, source.state.champion) != ("done", "done", 1):
        return [f"run {run.state}, step {train.state}, champion {source.state.champion}"]
    wrong = []
    if len(train.attempts) != 1 or toy.ran("train") != 1:
        wrong.append(f"{len(train.attempts)} attempts, started {toy.ran('train')} times")
    if source.state.supervisors != 2:
        wrong.append(f"{source.state.supervisors} supervisors")
    model = source.state.versions[1].outputs["model"]
    n = int((await source.read(Ref("artifact", model.sha))).data)
    decoder = Decoder()
    record = (await source.read(Ref("log", train.attempts[0].name))).data
    lines = [line.text for line in decoder.feed(record) if line.stream == "stdout"]
    found.lines += len(lines)
    if lines != [b"%d" % number for number in range(1, n + 1)]:
        counted = Counter(lines)
        twice = sum(1 for times in counted.values() if times > 1)
        wrong.append(f"log: {len(lines)} lines of {n}, {twice} twice")
    return wrong


async def kills(folder: Path, rounds: int, seed: int, tick: Callable[[str], None]) -> Kills:
    """Every round with a session of its own; every other step ends while nobody watches."""
    rng = random.Random(seed)
    found = Kills()
    for number in range(rounds):
        toy = counting(folder / f"k{number}")
        await one_kill(toy, rng, found, ends_alone=number % 2 == 1)
        tick("supervisor killed")
    return found


def rows_of(found: Kills) -> list[Row]:
    """The rows about the supervisor."""
    back = f"{median(found.back_ms):.0f} ms, at most {max(found.back_ms):.0f}"
    return [
        Row(
            "supervisor killed -9 while a step runs: adopted, log whole, result used, once",
            f"{found.rounds} of {found.rounds}",
            f"{found.whole} of {found.rounds}; {found.lines} log lines compared",
            found.whole == found.rounds,
            {"whole": found.whole, "rounds": found.rounds, "wrong": found.why},
        ),
        Row(
            "from the kill until a new supervisor answers the same client",
            "printed",
            back,
            None,
            [round(value, 1) for value in found.back_ms],
        ),
    ]


def main() -> int:
    """The command line; exit 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="sf-crash-") as name, Progress(console=console) as bar:
        folder = Path(name)
        os.environ |= {"XDG_STATE_HOME": str(folder / "state"), "SCANFLOW_NO_MIRROR": "1"}
        task = bar.add_task("starting", total=given.rounds * 2 + 1)

        def tick(text: str) -> None:
            bar.update(task, advance=1, description=text)

        rows = rows_of(asyncio.run(kills(folder, given.rounds, given.seed, tick)))
        rows += crashes_clients.gone(folder, counting, given.rounds, given.seed, tick)
        rows += asyncio.run(crashes_clients.together(folder, given.rounds, tick))
    show(f"Crashes, {given.rounds} rounds, seed {given.seed}", rows)
    for row in rows:
        wrong = row.figures.get("wrong") if isinstance(row.figures, dict) else None
        sys.stderr.writelines(f"{text}\n" for text in wrong or [])
    if given.json:
        about = {"rounds": given.rounds, "seed": given.seed, "python": platform.python_version()}
        save(given.json, rows, about)
    return 1 if any(row.met is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
