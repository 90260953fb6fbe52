"""Mutated pipeline.yaml files: accepted or refused as an independent check says, never a traceback.

    python benchmarks/mutants.py [--mutants 10000] [--cli 200] [--seed 0] [--show 20] [--json FILE]

Each file is judged by ``workflow.lint`` in this process and by ``mutants_check``, which was written
from docs/pipeline.md alone. A refusal has to name places inside the file; what is accepted has to
be ordered, planned and drawn. A sample goes through ``scanflow lint`` and ``scanflow graph``.
"""

from __future__ import annotations

import argparse
import re
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from rich.console import Console
from rich.progress import track

from benchmarks import mutants_check
from benchmarks.mutants_make import mutant, sources
from benchmarks.report import Row, save, show
from scanflow_tui.contract.errors import InputError
from scanflow_tui.workflow import export
from scanflow_tui.workflow.document import decode
from scanflow_tui.workflow.lint import check, read
from scanflow_tui.workflow.order import order
from scanflow_tui.workflow.plan import PlanFacts, plan

PATIENCE_S = 20
NAME = "pipeline.yaml"
PLACED = re.compile(r"(?P<name>[^:]+):(?P<line>[1-9][0-9]*):(?P<column>[1-9][0-9]*): \S.*")
FACTS = PlanFacts("c", "p", "e", {}, lambda key: None)


@dataclass(frozen=True)
class Judged:
    """One mutant: what each side said, and what went wrong with ours (empty: nothing)."""

    seed: int
    how: str
    ours: list[str]
    theirs: list[str]
    wrong: str = ""
    seconds: float = 0.0

    @property
    def agree(self) -> bool:
        return bool(self.ours) == bool(self.theirs)


class Hang(Exception):
    """A document took longer than anyone waits."""


@contextmanager
def patience(seconds: int) -> Iterator[None]:
    """Raise Hang in what is done here after so many seconds of CPU (the machine may be full)."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise Hang

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def judge(seed: int, documents: list[str]) -> Judged:
    """Ask both sides about one mutant."""
    how, data = mutant(seed, documents)
    started = time.process_time()
    ours: list[str] = []
    wrong = ""
    try:
        with patience(PATIENCE_S):
            ours = refusals(data)
            if not ours:
                use(data)
    except Hang:
        wrong = f"a hang: {PATIENCE_S} s of CPU"
    except Exception:
        wrong = traceback.format_exc(limit=-3)
    seconds = time.process_time() - started
    if not wrong:
        wrong = misplaced(ours, data)
    return Judged(seed, how, ours, independent(data), wrong, seconds)


def refusals(data: bytes) -> list[str]:
    """ScanFlow's errors about a document, each as a line with its place."""
    try:
        text = decode(data, NAME)
    except InputError as error:
        return list(error.findings)
    return [one.text(NAME) for one in check(text, NAME) if one.severity == "error"]


def use(data: bytes) -> None:
    """Do with an accepted document what a run and a screen would."""
    graph = read(decode(data, NAME), NAME)
    assert len(order(graph).ids) == len(graph.nodes), "nodes left out of the order"
    for batch in (None, "b"):
        made = plan(graph, FACTS, batch=batch, champion={"model": "m", "reference": "r"})
        assert len(made.nodes) == len(graph.nodes), "nodes left out of the plan"
    assert export.text(graph) and export.mermaid(graph) and export.dot(graph)


def misplaced(lines: list[str], data: bytes) -> str:
    """What is wrong with the places of a refusal."""
    rows = re.split(r"\r\n|[\r\n\x85\u2028\u2029]", data.decode("utf-8", "replace"))
    for line in lines:
        hit = PLACED.fullmatch(line)
        if hit is None:
            return f"no place in {line!r}"
        row, column = int(hit["line"]), int(hit["column"])
        if row > len(rows) + 1 or (row <= len(rows) and column > len(rows[row - 1]) + 1):
            return f"a place outside of the file in {line!r}"
    return ""


def independent(data: bytes) -> list[str]:
    """The other side's reasons against a document."""
    try:
        return mutants_check.reasons(data.decode("utf-8"))
    except UnicodeDecodeError:
        return ["not UTF-8"]


def through_cli(seeds: list[int], documents: list[str]) -> list[str]:
    """What is wrong with the real commands on these mutants, a sentence each."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / NAME
        for at, seed in enumerate(seeds):
            data = mutant(seed, documents)[1]
            path.write_bytes(data)
            refused = bool(refusals(data))
            command = "graph" if at % 4 == 3 else "lint"
            told = subprocess.run(
                [sys.executable, "-m", "scanflow_tui", command, str(path)],
                capture_output=True,
                timeout=PATIENCE_S * 10,
                check=False,
            )
            said = (told.stdout + told.stderr).decode("utf-8", "replace")
            if told.returncode != (2 if refused else 0):
                found.append(f"seed {seed}: {command} left with {told.returncode}: {said[-200:]}")
            elif "Traceback" in said:
                found.append(f"seed {seed}: a traceback from {command}")
            elif refused and not re.search(rf"{re.escape(str(path))}:\d+:\d+: ", said):
                found.append(f"seed {seed}: {command} names no place: {said[-200:]}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--mutants", type=int, default=10_000)
    parser.add_argument("--cli", type=int, default=200, help="how many through the commands")
    parser.add_argument("--seed", type=int, default=0, help="of the first one")
    parser.add_argument("--show", type=int, default=20, help="disagreements printed")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    documents = sources()
    to_stderr = Console(stderr=True)
    seeds = range(asked.seed, asked.seed + asked.mutants)
    judged = [judge(seed, documents) for seed in track(seeds, "mutants", console=to_stderr)]
    split = [one for one in judged if not one.agree]
    wrong = [one for one in judged if one.wrong]
    step = max(1, len(seeds) // max(asked.cli, 1))
    sample = list(seeds)[::step][: asked.cli]
    cli = through_cli(sample, documents)
    console = Console(width=200, highlight=False, markup=False)
    for one in (wrong + split)[: asked.show]:
        console.print(f"seed {one.seed} ({one.how}): {one.wrong or 'they disagree'}")
        console.print(f"  scanflow: {one.ours[:3]}\n  the check: {one.theirs[:3]}")
    for line in cli[: asked.show]:
        console.print(line)
    rows = rows_of(judged, split, wrong, sample, cli)
    show("Mutated pipeline.yaml files", rows)
    if asked.json:
        kinds = Counter(one.how for one in judged)
        save(asked.json, rows, {"seed": asked.seed, "kinds": dict(kinds)})
    return 1 if any(row.met is False for row in rows) else 0


def rows_of(
    judged: list[Judged],
    split: list[Judged],
    wrong: list[Judged],
    sample: list[int],
    cli: list[str],
) -> list[Row]:
    accepted = sum(not one.ours for one in judged)
    slowest = max((one.seconds for one in judged), default=0.0)
    return [
        Row(
            "accepted or refused as the independent check says",
            f"all of {len(judged):,}",
            f"{len(judged) - len(split):,} ({accepted:,} accepted)",
            not split,
            [one.seed for one in split],
        ),
        Row(
            "never a traceback or a hang, each refusal with a place in the file",
            f"none of {len(judged):,}",
            f"{len(wrong)}; the slowest took {slowest * 1e3:.0f} ms of CPU",
            not wrong,
            [one.seed for one in wrong],
        ),
        Row(
            "scanflow lint and graph: exit 2, file, line, column (0 where accepted)",
            f"all of {len(sample):,}",
            f"{len(sample) - len(cli):,}",
            not cli if sample else None,
            cli,
        ),
    ]


if __name__ == "__main__":
    raise SystemExit(main())
