"""What graphs cost: a plan of 1,000 nodes, layout and paint of 80, beside Snakemake's dry run.

    python benchmarks/graph.py [--rounds 15] [--snakemake PROGRAM | --no-snakemake] [--json FILE]

CPU time in this process, medians of the rounds (and the best round: cores that are shared count
waiting for memory as CPU). The plan starts from the parsed graph, hashes of files known, once with
nothing cached and once with everything cached (then every node's key is made); parsing is printed
beside. Graphs are diamonds in layers of four, and graphs drawn at random with the loop inside.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.drawn import pipeline
from graph_speed import RULES, graph_of, pipeline_of, snakemake
from report import Row, save, show
from scanflow_tui.workflow.graph import Multigraph
from scanflow_tui.workflow.layout import layout
from scanflow_tui.workflow.lint import check, read
from scanflow_tui.workflow.paint import paint
from scanflow_tui.workflow.plan import CacheEntry, KeyParts, PlanFacts, plan

N_PLANNED, N_DRAWN = 1000, 80
SEEDS = range(8)
CHAMPION = {"model": "m", "reference": "r"}
PLAN_MS, LAYOUT_MS, PAINT_MS = 300, 5, 10


def cpu_ms(action: Callable[[], object]) -> float:
    """CPU milliseconds of one call, without the garbage of others."""
    gc.collect()
    start_s = time.process_time()
    action()
    return (time.process_time() - start_s) * 1e3


def told(values: list[float]) -> str:
    return f"{median(values):.1f} ms (best {min(values):.1f})"


class Cache:
    """Answers for every key, so that all of a plan is cached."""

    def __init__(self, graph: Multigraph) -> None:
        self.values: Mapping[str, float] = {"acc": 0.9, "gain": 0.1}
        self.outputs = {name: "0" * 64 for node in graph.nodes for name in node.outputs}

    def __call__(self, key: str) -> CacheEntry:
        return CacheEntry(f"sf-{key[:8]}", self.outputs, self.values)


def facts_of(graph: Multigraph, *, cached: bool) -> PlanFacts:
    files = dict.fromkeys(("data/train", "data/tune"), "0" * 64)
    before = KeyParts("another", "p", "e", {"epochs": 1}, {"i0": "1" * 64})
    previous = {node.id: before for node in graph.nodes}
    lookup = Cache(graph) if cached else lambda key: None
    return PlanFacts("c" * 64, "1.0", "e" * 64, files, lookup, previous)


def plans(rounds: int) -> list[Row]:
    texts = {"diamonds": pipeline_of(graph_of(N_PLANNED)), "drawn": pipeline(0, N_PLANNED)}
    rows = []
    for name, text in texts.items():
        graph = read(text)
        for cached in (False, True):
            facts = facts_of(graph, cached=cached)
            made = plan(graph, facts, batch="b" * 64, champion=CHAMPION)
            n_keys = sum(bool(node.key) for node in made.nodes)

            once = partial(plan, graph, facts, batch="b" * 64, champion=CHAMPION)
            found = [cpu_ms(once) for _ in range(rounds)]
            what = f"plan of {N_PLANNED:,}, {name}, {'all' if cached else 'nothing'} cached"
            claim = f"{what} ({n_keys} keys made)"
            met = median(found) < PLAN_MS
            rows.append(Row(claim, f"under {PLAN_MS} ms", told(found), met, found))
        parsed = [cpu_ms(partial(check, text)) for _ in range(rounds)]
        claim = f"parsing and lint of the same, {name}, {len(text) // 1024} KiB"
        rows.append(Row(claim, "printed", told(parsed), None, parsed))
    return rows


def pictures(rounds: int) -> list[Row]:
    drawn = {f"drawn {seed}": read(pipeline(seed, N_DRAWN)) for seed in SEEDS}
    sets = {"diamonds": {"diamonds": read(pipeline_of(graph_of(N_DRAWN)))}, "drawn": drawn}
    gc.collect()
    gc.freeze()
    rows = []
    for compact in (False, True):
        size = "compact boxes" if compact else "framed boxes"
        for name, graphs in sets.items():
            laid, painted = {}, {}
            for one, graph in graphs.items():
                picture = layout(graph, compact=compact)
                lay = partial(layout, graph, compact=compact)
                laid[one] = [cpu_ms(lay) for _ in range(rounds)]
                painted[one] = [cpu_ms(partial(paint, picture, {})) for _ in range(rounds)]
                n_lines = len(picture.routes)
            about = f"{n_lines} lines" if len(graphs) == 1 else f"{len(graphs)} graphs of some 200"
            for what, found, most in (("layout", laid, LAYOUT_MS), ("paint", painted, PAINT_MS)):
                claim = f"{what} of {N_DRAWN}, {size}, {name} ({about})"
                rows.append(_picture_row(claim, found, most))
    return rows


def _picture_row(claim: str, found: Mapping[str, list[float]], most: float) -> Row:
    """The median over graphs of the rounds' medians; beside it the worst graph, the best round."""
    every = {name: median(values) for name, values in found.items()}
    worst = max(every.values())
    best = median(min(values) for values in found.values())
    figure = f"{median(every.values()):.1f} ms (best {best:.1f}; worst graph {worst:.1f})"
    return Row(claim, f"under {most} ms", figure, median(every.values()) < most, every)


def peer(program: str, rounds: int) -> list[Row]:
    """Snakemake's dry run of the same diamonds, the whole command."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "Snakefile").write_text(RULES.format(parents=graph_of(N_PLANNED)))
        environ = os.environ | {"XDG_CACHE_HOME": folder}
        for _ in range(rounds):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            command = [program, "-n", "--cores", "2", "--quiet", "all"]
            subprocess.run(command, cwd=folder, env=environ, check=True, capture_output=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent_s = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
            found.append(spent_s * 1e3)
    claim = f"Snakemake's dry run of {N_PLANNED:,} diamonds, the whole command"
    return [Row(claim, "printed", told(found), None, found)]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--snakemake", default="", help="its program; else made in a cache folder")
    parser.add_argument("--no-snakemake", action="store_true")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    load = os.getloadavg()[0]
    rows = plans(asked.rounds) + pictures(asked.rounds)
    if not asked.no_snakemake:
        rows += peer(snakemake(asked.snakemake), min(asked.rounds, 3))
    loads = [load, os.getloadavg()[0]]
    show(f"Graphs, {asked.rounds} rounds, load {loads[0]:.1f} to {loads[1]:.1f}", rows)
    if asked.json:
        save(asked.json, rows, {"load": loads, "python": platform.python_version()})
    return 1 if any(row.met is False for row in rows) else 0


if __name__ == "__main__":
    raise SystemExit(main())
