"""Steps that ask for GPUs, on a machine that has some: each gets its own, never two at once.

    python benchmarks/gpus.py [--steps 4] [--json FILE]

Two sessions run side by side. Each step multiplies matrices on what it sees through CUDA (torch
with CUDA has to be installed), and notes which GPUs that are and when it began and ended; a step
that asks for none notes what it sees, too. A third session asks for one GPU more than there is.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from report import Row, save, show
from scanflow_tui.client.live import LiveSource
from scanflow_tui.client.starting import create_session
from scanflow_tui.contract.commands import Leave, StartRun
from scanflow_tui.contract.states import RUN_ENDED
from scanflow_tui.engine import gpus

NAMES = ("first", "second")
WAIT_S = 400
STEP = """\
import json, os, pathlib, sys, time
begun_s = time.time()
import torch
n = torch.cuda.device_count() if torch.cuda.is_available() else 0
for at in range(n):
    a = torch.randn(2048, 2048, device=f"cuda:{at}")
    for _ in range(50):
        a = torch.nn.functional.normalize(a @ a)
    torch.cuda.synchronize(at)
time.sleep(0.5 if n else 0)
row = {"step": sys.argv[1], "n": n, "visible": os.environ.get("CUDA_VISIBLE_DEVICES"),
       "begun_s": begun_s, "ended_s": time.time()}
with open("LOG", "a") as file:
    file.write(json.dumps(row) + "\\n")
pathlib.Path(os.environ["SCANFLOW_STEP"]).with_name("out").joinpath("o").write_text("made")
"""


@dataclass(frozen=True)
class Seen:
    """One step as it saw itself."""

    step: str
    n: int
    visible: str | None
    begun_s: float
    ended_s: float


def session(folder: Path, name: str, asks: dict[str, int]) -> Path:
    """A session of steps that do not hang on one another; node → GPUs."""
    pipeline = folder / f"pipeline-{name}"
    pipeline.mkdir(parents=True)
    (pipeline / "step.py").write_text(STEP.replace("LOG", str(folder / "log")))
    rows = [
        f"  {node}: {{run: [python, step.py, {name}-{node}], out: [o], "
        f"limits: {{cpus: 1, gpus: {many}}}}}"
        for node, many in asks.items()
    ]
    (pipeline / "pipeline.yaml").write_text(
        "\n".join(["scanflow: 1", f"name: {name}", "nodes:", *rows, ""])
    )
    return create_session(folder / "sessions", name, pipeline, "process")


async def played(folder: Path) -> dict[str, tuple[str, str]]:
    """Run a session to its end: the state of each node and why."""
    source = LiveSource(folder, "benchmark")
    await source.open()
    await source.send(StartRun())
    async with asyncio.timeout(WAIT_S):
        await source.until(
            lambda: 1 in source.state.runs and source.state.runs[1].state in RUN_ENDED
        )
    run = source.state.runs[1]
    found = {
        node: (view.state, view.attempts[-1].outcome if view.attempts else view.reason)
        for node, view in run.nodes.items()
    }
    await source.send(Leave())
    await source.close()
    return found


async def side_by_side(folders: list[Path]) -> list[dict[str, tuple[str, str]]]:
    """Several sessions at once."""
    return list(await asyncio.gather(*map(played, folders)))


def at_once(rows: list[Seen]) -> int:
    """How often a step began while another had one of its GPUs."""
    return sum(
        bool({*(one.visible or "").split(",")} & {*(two.visible or "").split(",")})
        for at, one in enumerate(rows)
        for two in rows[at + 1 :]
        if one.begun_s < two.ended_s and two.begun_s < one.ended_s
    )


def rows_of(folder: Path, n_steps: int) -> tuple[list[Row], dict[str, Any]]:
    """The claims, and what stands behind them."""
    there = gpus.found()
    asks = {f"n{at}": 1 for at in range(n_steps)} | {"none": 0}
    folders = [session(folder, name, asks) for name in NAMES]
    ended = asyncio.run(side_by_side(folders))
    seen = [Seen(**json.loads(line)) for line in (folder / "log").read_text().splitlines()]
    with_one = [row for row in seen if not row.step.endswith("none")]
    without = [row for row in seen if row.step.endswith("none")]
    done = sum(state == "done" for nodes in ended for state, _ in nodes.values())
    right = sum(row.n == 1 and row.visible in there for row in with_one)
    many = session(folder, "many", {"n": len(there) + 1})
    state, reason = asyncio.run(played(many))["n"]
    total = len(NAMES) * n_steps
    figures = {"gpus": there, "seen": [vars(row) for row in seen], "refused": reason}
    return [
        Row(
            f"two sessions, {total} steps that ask for one GPU: each computes on one of its own",
            f"{total} of {total}",
            f"{right} on {len(there)} GPU(s); {done} of {total + len(NAMES)} steps done",
            right == total and done == total + len(NAMES),
        ),
        Row(
            "two steps on one GPU at the same time",
            "0",
            str(at_once(with_one)),
            not at_once(with_one),
        ),
        Row(
            "a step that asks for none sees none",
            f"{len(NAMES)} of {len(NAMES)}",
            str(sum(row.n == 0 for row in without)),
            sum(row.n == 0 for row in without) == len(NAMES),
        ),
        Row(
            "one more than there is: failed before it starts, with the reason",
            "failed",
            f"{state}: {reason}",
            state == "failed" and "GPU" in reason,
        ),
    ], figures


def main() -> int:
    """The command line; exit 1 where a target is missed, 2 where there is no GPU."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=4, help="a session")
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    if not gpus.found():
        sys.stderr.write("there is no GPU here: run this on a machine that has one\n")
        return 2
    with tempfile.TemporaryDirectory(prefix="sf-gpus-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        os.environ |= {"XDG_STATE_HOME": str(folder / "state"), "SCANFLOW_NO_MIRROR": "1"}
        os.environ["SCANFLOW_SLOTS"] = str(folder / "shared")
        rows, figures = rows_of(folder, given.steps)
    show("GPUs", rows)
    if given.json:
        save(
            given.json,
            rows,
            {"cores": os.cpu_count(), "python": platform.python_version()} | figures,
        )
    return 1 if any(row.met is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
