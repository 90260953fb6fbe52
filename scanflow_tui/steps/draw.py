"""Draws a batch from the stream and may corrupt it: production, as the demo plays it.

    python -m scanflow_tui.steps.draw --stream data/stream --n 200 --seed 0 --out DIR
        [--corruption stripe --share 1.0] [--truth FILE]

The batch holds pixels alone: nothing in it tells a checker what was done. With ``--truth``, the
stream's truth that data.py wrote, what each sample really is goes to ``<name of DIR>.json`` beside
FILE, for a scripted annotator.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from scanflow_tui.contract.errors import InputError, ScanflowError, UsageError
from scanflow_tui.steps.vision.corruptions import CORRUPTIONS, corrupt
from scanflow_tui.steps.vision.datasets import write_images
from scanflow_tui.steps.vision.images import Labels, Pixels, read_images


def main() -> None:
    """Parse, draw, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stream", type=Path, required=True)
    parser.add_argument("--corruption", help=", ".join(CORRUPTIONS), default=None)
    parser.add_argument("--share", type=float, default=1.0, help="share of images corrupted")
    parser.add_argument("--n", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--truth", type=Path, default=None)
    given = parser.parse_args()
    try:
        stream = read_images(given.stream / "images.npy")
        chosen, corrupted = choose(len(stream), given.n, given.share, given.seed)
        if given.corruption is None:
            corrupted[:] = False
        images = drawn(stream, chosen, corrupted, given.corruption, given.seed)
        write_images(given.out, images)
        if given.truth is not None:
            write_truth(given.truth, given.out.name, chosen, corrupted, given.corruption)
    except ScanflowError as error:
        sys.stderr.write(error.sentence() + "\n")
        sys.exit(error.exit_code)


def choose(
    n_stream: int, n: int, share: float, seed: int
) -> tuple[Labels, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Places in the stream (n,) without repetition, and which of them to corrupt (n,)."""
    if not 1 <= n <= n_stream:
        raise UsageError(f"a batch of {n} cannot be drawn from a stream of {n_stream}")
    if not 0 <= share <= 1:
        raise UsageError(f"share {share} is not in 0..1")
    rng = np.random.default_rng((seed, n))
    chosen = rng.permutation(n_stream)[:n].astype(np.int64)
    corrupted = np.zeros(n, dtype=np.bool_)
    corrupted[rng.permutation(n)[: round(n * share)]] = True
    return chosen, corrupted


def drawn(
    stream: Pixels,
    chosen: Labels,
    corrupted: np.ndarray[tuple[int], np.dtype[np.bool_]],
    corruption: str | None,
    seed: int,
) -> Pixels:
    """The batch: chosen images, some of them corrupted."""
    images: Pixels = stream[chosen].copy()
    if corruption is not None and corrupted.any():
        images[corrupted] = corrupt(
            corruption, images[corrupted], seed=seed, indices=chosen[corrupted]
        )
    return images


def write_truth(
    path: Path,
    name: str,
    chosen: Labels,
    corrupted: np.ndarray[tuple[int], np.dtype[np.bool_]],
    corruption: str | None,
) -> None:
    """Beside the stream's truth: the class of each sample of the batch, where it came from."""
    try:
        labels = json.loads(path.read_text())["labels"]
        truth = {
            "batch": name,
            "corruption": corruption,
            "stream": chosen.tolist(),
            "corrupted": corrupted.tolist(),
            "labels": [int(labels[index]) for index in chosen],
        }
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise InputError(
            f"is not the stream's truth ({type(error).__name__})", where=str(path)
        ) from None
    (path.parent / f"{name}.json").write_text(json.dumps(truth))


if __name__ == "__main__":
    main()
