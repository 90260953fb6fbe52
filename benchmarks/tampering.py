"""One value changed in a stored event, or the tail cut: does ``verify`` name the event, exit 4?

    python benchmarks/tampering.py [--file FILE] [--every N] [--commands 12] [--json FILE]

Every event of a recorded session, or every N-th, is changed in one column by SQL (the columns take
turns), and the tail is cut once behind it; each is judged by the code of ``scanflow verify``, and
some, drawn at random, by the command itself, whose exit code counts.
"""

from __future__ import annotations

import argparse
import platform
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import duckdb
from rich.console import Console
from rich.progress import track

from report import Row, save, show
from scanflow_tui.contract.errors import DamagedSession
from scanflow_tui.session import store
from scanflow_tui.session.chain import Head
from scanflow_tui.session.verify import verify_store

SHIPPED = Path(__file__).resolve().parent.parent / "sessions" / "mnist-demo.duckdb"
COLUMNS = ("seq", "at", "kind", "actor", "body", "hash")
Change = tuple[int, str]


def altered(value: Any, rng: random.Random) -> Any:
    """A value of the same type that differs in one place."""
    if isinstance(value, int):
        return value + rng.choice((-1, 1)) * rng.randint(1, 10**9) + 10**12
    data = bytearray(value if isinstance(value, bytes) else value.encode())
    at = rng.randrange(len(data))
    data[at] = rng.choice([byte for byte in b"0123456789abcdef" if byte != data[at]])
    return bytes(data) if isinstance(value, bytes) else data.decode()


def change(path: Path, seq: int, column: str, rng: random.Random) -> None:
    """Change one value of one event, behind ScanFlow's back."""
    with duckdb.connect(str(path)) as con:
        found = con.execute(f'SELECT "{column}" FROM event WHERE seq = ?', [seq]).fetchone()
        assert found is not None
        new = altered(found[0], rng)
        con.execute(f'UPDATE event SET "{column}" = ? WHERE seq = ?', [new, seq])


def cut(path: Path, last: int) -> None:
    """Take away every event behind ``last``."""
    with duckdb.connect(str(path)) as con:
        con.execute("DELETE FROM event WHERE seq > ?", [last])


def judged(path: Path, head: Head | None = None) -> tuple[bool, str]:
    """Whether the file holds, and the first sentence about it."""
    with store.open_reader(path) as opened:
        report = verify_store(opened, head)
    return report.holds, report.sentences()[0]


def command(path: Path, *options: str) -> tuple[int, str]:
    """Exit code and output of the command."""
    scanflow = str(Path(sys.executable).parent / "scanflow")
    done = subprocess.run(
        [scanflow, "verify", str(path), *options], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def changes(file: Path, copy: Path, all_of: Sequence[Change], n: int, seed: int) -> list[Row]:
    """Every change, and ``n`` of them through the command."""
    rng = random.Random(seed)
    through = set(rng.sample(range(len(all_of)), min(n, len(all_of))))
    named = coded = 0
    missed: list[str] = []
    for number, (seq, column) in enumerate(
        track(all_of, "values changed", console=Console(stderr=True))
    ):
        shutil.copyfile(file, copy)
        change(copy, seq, column, rng)
        holds, said = judged(copy)
        is_named = not holds and said.startswith(f"event {seq} ")
        named += is_named
        if not is_named:
            missed.append(f"event {seq}, {column}: {said}")
        if number in through:
            code, text = command(copy)
            coded += code == DamagedSession.exit_code and f"event {seq} " in text
    total = len(all_of)
    return [
        Row(
            "one value changed in a stored event: the event is named",
            f"{total} of {total}",
            f"{named} of {total}",
            named == total,
            {"named": named, "changes": total, "missed": missed[:20]},
        ),
        Row(
            "the same through `scanflow verify`: the event is named, exit 4",
            f"{len(through)} of {len(through)}",
            f"{coded} of {len(through)}",
            coded == len(through),
        ),
    ]


def cuts(file: Path, copy: Path, head: Head, lasts: Sequence[int], n: int, seed: int) -> list[Row]:
    """The tail cut behind each of these events, held against the head that had left the file."""
    rng = random.Random(seed)
    through = set(rng.sample(lasts, min(n, len(lasts))))
    unseen_alone = seen = coded = 0
    for last in track(lasts, "tails cut", console=Console(stderr=True)):
        shutil.copyfile(file, copy)
        cut(copy, last)
        unseen_alone += judged(copy)[0]
        seen += not judged(copy, head)[0]
        if last in through:
            code, text = command(copy, "--head", f"{head.seq}:{head.hash}")
            coded += code == DamagedSession.exit_code and str(head.seq) in text
    total = len(lasts)
    return [
        Row(
            "tail cut, with the head of a receipt: the file no longer reaches it",
            f"{total} of {total}",
            f"{seen} of {total} (without the head {unseen_alone} look whole, as documented)",
            seen == total,
            {"seen": seen, "cuts": total, "whole_without_head": unseen_alone},
        ),
        Row(
            "the same through `scanflow verify --head`: exit 4",
            f"{len(through)} of {len(through)}",
            f"{coded} of {len(through)}",
            coded == len(through),
        ),
    ]


def main() -> int:
    """The command line; exit 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", type=Path, default=SHIPPED)
    parser.add_argument("--every", type=int, default=1, metavar="N")
    parser.add_argument("--commands", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sf-tamper-") as folder:
        copy = Path(folder) / "session.duckdb"
        shutil.copyfile(given.file, copy)
        with store.open_reader(copy) as opened:
            head = opened.head()
        if head is None or not judged(copy)[0]:
            raise SystemExit(f"{given.file} does not hold before anything is changed")
        chosen = range(0, head.seq + 1, given.every)
        all_of = [(seq, COLUMNS[n % len(COLUMNS)]) for n, seq in enumerate(chosen)]
        rows = changes(given.file, copy, all_of, given.commands, given.seed)
        rows += cuts(
            given.file, copy, head, range(0, head.seq, given.every), given.commands, given.seed
        )
    show(f"{given.file.name}, {head.seq + 1} events", rows)
    if given.json:
        save(given.json, rows, {"seed": given.seed, "python": platform.python_version()})
    return 1 if any(row.met is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
