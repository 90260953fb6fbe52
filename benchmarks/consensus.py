"""What several people's words come to, at the size of the largest queue: consensus, the review of
``scanflow agreement``, the label node's files, likely label errors. CPU seconds, peak memory.

    python benchmarks/consensus.py --samples 100000 --people 3
"""

from __future__ import annotations

import argparse
import platform
import random
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from report import Row, save, show
from scanflow_tui.contract.evidence import QueueEntry
from scanflow_tui.labels.doubt import likely_errors
from scanflow_tui.labels.files import Sayings, label_files
from scanflow_tui.labels.review import review
from scanflow_tui.labels.settle import settle
from scanflow_tui.session.state import LabelView

N_CLASSES = 10
RIGHT = 0.9
REVIEW_S_MAX = 10.0


def words(n: int, n_people: int, overlap: float) -> dict[str, dict[str, LabelView]]:
    """Words by sample and person, each right nine times in ten; the overlap is everybody's."""
    chance = random.Random(1)
    people = [f"human:u{at}" for at in range(n_people)]
    found: dict[str, dict[str, LabelView]] = {}
    seq = 0
    for at in range(n):
        true = chance.randrange(N_CLASSES)
        sample = f"{at:06d}"
        asked = people if chance.random() < overlap else [chance.choice(people)]
        found[sample] = {}
        for who in asked:
            seq += 1
            value = true if chance.random() < RIGHT else chance.randrange(N_CLASSES)
            found[sample][who] = LabelView(seq, seq, who, sample, "class", value, 10, None)
    return found


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds, and what came of it."""
    before = time.process_time()
    made = work()
    return time.process_time() - before, made


def peak_mb() -> int:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def rows(n: int, n_people: int, width: int) -> list[Row]:
    """Every row; all samples are labelled by everybody, the most there is."""
    said = words(n, n_people, 1.0)
    about = f"{n:,} samples x {n_people} people"
    found = []
    settle_s, settled = timed(lambda: settle(said, N_CLASSES))
    disputed = sum(word.disputed for word in settled.values())
    told = f"{settle_s:.2f} s CPU, {disputed:,} disputed, {peak_mb()} MB"
    found.append(Row(f"consensus of {about}", "linear", told))
    review_s, seen = timed(lambda: review(said, sorted(said), N_CLASSES))
    told = f"{review_s:.2f} s CPU, alpha {seen.alpha or 0:.3f}, {peak_mb()} MB"
    target = f"at most {REVIEW_S_MAX:.0f} s"
    found.append(Row(f"agreement of {about}", target, told, review_s <= REVIEW_S_MAX))
    queue = tuple(
        QueueEntry(name, at, "audit" if at % 4 == 0 else "repair", False, 0.1, 1, 0.5)
        for at, name in enumerate(said)
    )
    files_s, made = timed(lambda: label_files(Sayings(queue, said, N_CLASSES)))
    n_bytes = sum(map(len, made.values()))
    told = f"{files_s:.2f} s CPU, {n_bytes / 1e6:.1f} MB, outside the loop"
    found.append(Row(f"files of a label node, {about}", "", told))
    chance = np.random.default_rng(0)
    true = chance.integers(0, N_CLASSES, n)
    features = chance.normal(size=(n, width)).astype(np.float32)
    features[np.arange(n), true] += 4
    doubt_s, doubts = timed(lambda: likely_errors(features, true.tolist(), N_CLASSES))
    told = f"{doubt_s:.2f} s CPU, {len(doubts.found)} of {doubts.n_judged:,}, {peak_mb()} MB"
    found.append(Row(f"likely errors among {n:,} labels by {width} features", "linear", told))
    return found


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--people", type=int, default=3)
    parser.add_argument("--features", type=int, default=64)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also as JSON")
    given = parser.parse_args()
    found = rows(given.samples, given.people, given.features)
    show("What several people's words come to", found)
    if given.json is not None:
        save(
            given.json, found, {"machine": platform.platform(), "python": platform.python_version()}
        )


if __name__ == "__main__":
    main()
