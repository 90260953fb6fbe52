"""The same batch again, unchanged: what is run, and how long it takes until the run has ended.

    python benchmarks/again.py [--session FOLDER --batch PATH] [--rounds 5] [--json FILE]

Without a session: a toy pipeline of ``sh`` steps whose checker calls every batch clean, trained
first. With one, such as the demo's: the batch is checked once with the version in production, then
measured. Seconds are those of a client, from the command to the end of the run.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from report import Row, save, show
from scanflow_tui.client.live import LiveSource
from scanflow_tui.contract.commands import AddBatch, StartRun
from scanflow_tui.contract.states import RUN_ENDED
from tests.crash.toy import CHECK, Toy, end, until

SECONDS_MAX = 2.0
RUN_S = 300.0
PASSED_BY = ("cached", "skipped", "done")


@dataclass(frozen=True)
class Again:
    """One run of a batch: its seconds, its end, and a word on each node."""

    seconds: float
    state: str
    nodes: dict[str, tuple[str, str]]
    n_attempts: int


async def once(source: LiveSource, batch: Path) -> Again:
    """Add a batch and wait until its run ended, or asks a person."""
    start = time.perf_counter()
    before = max(source.state.runs, default=0)
    await source.send(AddBatch(str(batch.resolve()), "again"))
    async with asyncio.timeout(RUN_S):
        await source.until(lambda: max(source.state.runs, default=0) > before)
        run = source.state.runs[max(source.state.runs)]
        await source.until(lambda: source.state.runs[run.number].state in (*RUN_ENDED, "needs_you"))
    seconds = time.perf_counter() - start
    run = source.state.runs[run.number]
    nodes = {node.id: (node.state, node.reason) for node in run.nodes.values()}
    attempts = sum(len(node.attempts) for node in run.nodes.values())
    return Again(seconds, run.state, nodes, attempts)


async def rounds_of(source: LiveSource, batch: Path, rounds: int) -> tuple[Again, list[Again]]:
    """The first time, then the others."""
    first = await once(source, batch)
    return first, [await once(source, batch) for _ in range(rounds)]


async def with_toy(folder: Path, rounds: int) -> tuple[Again, list[Again]]:
    """A trained toy session whose batches are clean; ended in the end."""
    toy = Toy(folder)
    clean = CHECK.replace("drift", "clean").replace("COUNT", str(toy.count))
    (toy.pipeline / "check.sh").write_text(clean)
    toy.open_gate()
    source = toy.source()
    await source.open()
    await source.send(StartRun())
    await until(source, lambda state: state.champion == 1)
    found = await rounds_of(source, toy.batch, rounds)
    await source.close()
    await end(toy)
    return found


async def with_session(session: Path, batch: Path, rounds: int) -> tuple[Again, list[Again]]:
    """A session of the user's own; its supervisor is left as it was found, alive."""
    source = LiveSource(session, "benchmark")
    await source.open()
    try:
        return await rounds_of(source, batch, rounds)
    finally:
        await source.close()


def rows_of(first: Again, others: list[Again]) -> list[Row]:
    """Whether anything ran, how long it took, and the reasons of the last time."""
    times = sorted(again.seconds for again in others)
    started = sum(again.n_attempts for again in others)
    states = {state for again in others for state, _ in again.nodes.values()}
    reasons = {name: f"{state}: {reason}" for name, (state, reason) in others[-1].nodes.items()}
    is_told = all(reason for again in others for _, reason in again.nodes.values())
    is_idle = started == 0 and states <= set(PASSED_BY)
    return [
        Row("the first time", "printed", f"{first.seconds:.2f} s, {first.state}"),
        Row(
            "again, unchanged: steps started",
            "0, a reason for every node",
            f"{started} in {len(others)} runs; "
            + "; ".join(f"{k} {v}" for k, v in reasons.items()),
            is_idle and is_told,
            {"states": sorted(states), "reasons": reasons},
        ),
        Row(
            "again, unchanged: seconds to the end of the run",
            f"under {SECONDS_MAX:.0f} s",
            f"{median(times):.2f} s, at most {times[-1]:.2f}",
            times[-1] < SECONDS_MAX,
            [round(value, 3) for value in times],
        ),
    ]


def main() -> int:
    """The command line; exit 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--session", type=Path, metavar="FOLDER")
    parser.add_argument("--batch", type=Path, metavar="PATH")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    if (given.session is None) != (given.batch is None):
        parser.error("--session and --batch go together")
    with tempfile.TemporaryDirectory(prefix="sf-again-") as name:
        os.environ |= {"XDG_STATE_HOME": f"{name}/state", "SCANFLOW_NO_MIRROR": "1"}
        if given.session is None:
            found = asyncio.run(with_toy(Path(name), given.rounds))
        else:
            found = asyncio.run(with_session(given.session, given.batch, given.rounds))
    rows = rows_of(*found)
    show(f"The same batch again, {given.rounds} times", rows)
    if given.json:
        about = {"rounds": given.rounds, "python": platform.python_version()}
        save(given.json, rows, about)
    return 1 if any(row.met is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
