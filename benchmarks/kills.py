"""Acknowledged labels after ``kill -9`` of the process that appends them: none lost, none twice.

A writer appends labels to a session file in groups and acknowledges each group through a pipe,
with marks around every explicit checkpoint. It is killed at random moments, and on purpose between
the marks. Then the file is opened again, its chain checked, and the client repeats what was not
acknowledged, with the same command ids, as a client of a supervisor does.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scanflow_tui.contract import canonical
from scanflow_tui.session import chain, events, folds, store

ULID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
CLIENT = "client"
GROUP_EVENTS = 5
COMMITS_PER_CHECKPOINT = 7
KILLS_PER_SESSION = 25


@dataclass
class Figures:
    """What the kills came to."""

    kills: int = 0
    in_checkpoint: int = 0
    acknowledged: int = 0
    lost: int = 0
    twice: int = 0
    broken_chains: int = 0
    unacknowledged_but_in: int = 0
    checkpoints: int = 0
    reopen_ms: list[float] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        """The figures as JSON."""
        times = sorted(self.reopen_ms)
        return {
            "kills": self.kills,
            "kills between the marks of a checkpoint": self.in_checkpoint,
            "checkpoints completed": self.checkpoints,
            "labels acknowledged": self.acknowledged,
            "acknowledged and lost": self.lost,
            "in the log twice": self.twice,
            "broken chains": self.broken_chains,
            "kills with a commit in but not acknowledged": self.unacknowledged_but_in,
            "reopen median ms": round(statistics.median(times), 1) if times else None,
            "reopen max ms": round(times[-1], 1) if times else None,
        }

    @property
    def holds(self) -> bool:
        return not (self.lost or self.twice or self.broken_chains)


def write(path: Path, first: int, out: int) -> None:
    """The writer: append labels from command ``first`` on, until it is killed."""
    opened = store.open_writer(path) if path.exists() else _begin(path)
    state = folds.replay(events.decode(row.body) for row in opened.all())
    kept = state.clients.get(CLIENT)
    # A command that is in the log already is answered, not applied.
    counter = max(first, 0 if kept is None else kept.highest + 1)
    if counter > first:
        os.write(out, f"A {counter - 1}\n".encode())
    commits = 0
    while True:
        head = opened.head()
        assert head is not None
        group = [
            events.Event(
                head.seq + 1 + offset,
                head.seq + 1 + offset,
                "human:u1000",
                events.LabelGiven(
                    1, "label", f"s{counter + offset}", "class", 3, 250, True, "typical"
                ),
                f"{CLIENT}:{counter + offset}",
            )
            for offset in range(GROUP_EVENTS)
        ]
        opened.append(chain.rows(group, head.hash))
        counter += GROUP_EVENTS
        os.write(out, f"A {counter - 1}\n".encode())
        commits += 1
        if commits % COMMITS_PER_CHECKPOINT == 0:
            os.write(out, b"C\n")
            opened.checkpoint()
            os.write(out, b"c\n")


def _begin(path: Path) -> store.Store:
    opening = events.SessionOpened(ULID, "kills", canonical.PROFILE, "0", "", "", "process")
    event = events.Event(0, 0, "supervisor", opening)
    return store.create(path, chain.rows([event], chain.first(ULID)))


class Victim:
    """One life of a writer, and what it said through its pipe."""

    def __init__(self, path: Path, first: int) -> None:
        source, sink = os.pipe()
        command = [sys.executable, __file__, "--writer", str(path), str(first), str(sink)]
        self.process = subprocess.Popen(command, pass_fds=[sink])
        os.close(sink)
        self.pipe = os.fdopen(source, "rb")
        self.acknowledged = first - 1
        self.in_checkpoint = False
        self.checkpoints = 0

    def listen(self) -> str:
        """The next thing it says: A, C or c; empty when it is gone."""
        line = self.pipe.readline().decode()
        if line.startswith("A"):
            self.acknowledged = int(line.split()[1])
        elif line:
            self.in_checkpoint = line.startswith("C")
            self.checkpoints += line.startswith("c")
        return line[:1]

    def kill(self) -> None:
        """Kill it, then hear what it had said before."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        while self.listen():
            pass
        self.pipe.close()


def one_kill(path: Path, first: int, rng: random.Random, *, at_checkpoint: bool) -> Victim:
    """Let a writer live for a while and kill it at a random moment."""
    victim = Victim(path, first)
    if at_checkpoint:
        rounds = rng.randint(1, 3)
        while rounds and (said := victim.listen()):
            rounds -= said == "C"
        time.sleep(rng.uniform(0, 0.004))
    else:
        for _ in range(rng.randint(1, 25)):
            victim.listen()
        time.sleep(rng.uniform(0, 0.03))
    if victim.process.poll() is not None:
        raise SystemExit(f"the writer ended by itself with {victim.process.returncode}")
    victim.kill()
    return victim


def inspect(path: Path, acknowledged: int, figures: Figures) -> int:
    """Open the file again and count; the first counter that has to be repeated is returned."""
    before = time.perf_counter()
    # Every other time the log beside the file is left for the next writer to recover from.
    opening = store.open_writer if figures.kills % 4 < 2 else store.open_reader
    with opening(path) as opened:
        figures.reopen_ms.append((time.perf_counter() - before) * 1000)
        rows = list(opened.all())
    figures.broken_chains += not chain.check(rows, ULID).holds
    commands = (events.decode(row.body).command for row in rows)
    seen = Counter(int(command.rpartition(":")[2]) for command in commands if command)
    figures.lost += sum(1 for counter in range(acknowledged + 1) if seen[counter] == 0)
    figures.twice += sum(1 for n in seen.values() if n > 1)
    figures.unacknowledged_but_in += max(seen, default=-1) > acknowledged
    return acknowledged + 1


def campaign(kills: int, in_checkpoint: int, seed: int, folder: Path) -> Figures:
    """Kill ``kills`` writers, and go on until ``in_checkpoint`` of them died in a checkpoint."""
    rng = random.Random(seed)
    figures = Figures()
    path, first = folder / "s0.duckdb", 0
    while figures.kills < kills or figures.in_checkpoint < in_checkpoint:
        if figures.kills and figures.kills % KILLS_PER_SESSION == 0:
            figures.acknowledged += first
            path, first = folder / f"s{figures.kills}.duckdb", 0
        aimed = figures.kills % 2 == 0
        victim = one_kill(path, first, rng, at_checkpoint=aimed)
        figures.kills += 1
        figures.in_checkpoint += victim.in_checkpoint
        figures.checkpoints += victim.checkpoints
        first = inspect(path, victim.acknowledged, figures)
        if figures.kills > 10 * kills:
            break
    figures.acknowledged += first
    return figures


def main() -> int:
    """The command line; exit 1 where anything was lost or is there twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--in-checkpoint", type=int, default=30, help="at least so many of them")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--writer", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.writer:
        path, first, out = options.writer
        write(Path(path), int(first), int(out))
    os.umask(0o077)
    with tempfile.TemporaryDirectory(prefix="scanflow-kills-") as folder:
        figures = campaign(options.kills, options.in_checkpoint, options.seed, Path(folder))
    row = figures.row() | {"seed": options.seed, "holds": figures.holds}
    if options.json:
        sys.stdout.write(json.dumps(row) + "\n")
    else:
        sys.stdout.writelines(f"{name:<46} {value}\n" for name, value in row.items())
    return 0 if figures.holds else 1


if __name__ == "__main__":
    sys.exit(main())
