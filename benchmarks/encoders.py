"""Pictures as sixel: time, bytes and fidelity, beside libsixel in this process and other programs.

    SCANFLOW_DATA=/path/to/data python benchmarks/encoders.py [--json FILE] [--rounds 9]

Tiles are MNIST's test images (28x28, enlarged 8 times); photographs are the two that scikit-learn
carries, in 12 pieces of 224x224, and CIFAR-10's first 12 test images enlarged to 224 (bicubic).
SCANFLOW_DATA holds MNIST/raw and, if CIFAR is to be measured, CIFAR10/test.npz. Ours and each peer
take turns, picture by picture; sixel is decoded by the tests' own decoder. Peers that are not
installed are named: see encoder_peers.py for how to have them.
"""

from __future__ import annotations

import argparse
import gzip
import os
import platform
import re
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

# Before numpy: what is measured is one thread of each.
os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from PIL import Image

import real_images
from encoder_peers import Peer, Pixels, libsixel, libsixel_full, libsixel_grey, package, programs
from report import Row, save, show
from scanflow_tui.images.kitty import png
from scanflow_tui.images.sixel import encode
from tests.unit.images.sixel_decoder import decode

N_TILES, N_PHOTOS, SIDE, SCALE = 100, 12, 224, 8
TILE_MS_MAX = 0.3
PHOTO_MS_MAX = {64: 5.0, 256: 8.0}
TIMES_MIN = 3.0
PICTURE = re.compile(rb"\x1bP.*?\x1b\\", re.DOTALL)


@dataclass
class Found:
    """Of one encoder on one set: milliseconds (median, best), mean bytes, PSNR and worst error."""

    name: str
    median_ms: float = 0.0
    best_ms: float = 0.0
    mean_bytes: float = 0.0
    psnr_db: float = float("nan")
    error: int = -1
    note: str = ""


def tiles(data: Path) -> list[Pixels]:
    """MNIST's first test images."""
    raw = gzip.decompress((data / "MNIST" / "raw" / "t10k-images-idx3-ubyte.gz").read_bytes())
    images = np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 28, 28)
    return list(images[:N_TILES])


def photographs() -> list[Pixels]:
    """Pieces of the photographs that scikit-learn carries."""
    from sklearn.datasets import load_sample_image

    corners = [(y, x) for y in (0, 190) for x in (0, 200, 400)]
    return [
        np.ascontiguousarray(image[y : y + SIDE, x : x + SIDE])
        for image in (load_sample_image("china.jpg"), load_sample_image("flower.jpg"))
        for y, x in corners
    ]


def cifar() -> list[Pixels]:
    """CIFAR-10's first test images, enlarged; empty where they are not here."""
    if not real_images.has_photographs():
        return []
    size, bicubic = (SIDE, SIDE), Image.Resampling.BICUBIC
    small = real_images.photographs(N_PHOTOS)
    return [np.asarray(Image.fromarray(one).resize(size, bicubic)) for one in small]


def measured(
    encoders: Sequence[Peer], given: Sequence[Sequence[Pixels]], shown: Sequence[Pixels],
    colours: int, rounds: int,
) -> list[Found]:  # fmt: skip
    """Every encoder on its own form of the same pictures, in turns."""
    times: list[list[float]] = [[] for _ in encoders]
    said: list[list[bytes]] = [[] for _ in encoders]
    for number in range(rounds):
        for at in range(len(shown)):
            for which, encoder in enumerate(encoders):
                begun = time.perf_counter()
                data = encoder.encode(given[which][at], colours)
                times[which].append((time.perf_counter() - begun) * 1e3)
                if number == 0:
                    said[which].append(data)
    return [
        judged(encoder.name, times[which], said[which], shown)
        for which, encoder in enumerate(encoders)
    ]


def judged(name: str, times: list[float], said: list[bytes], shown: Sequence[Pixels]) -> Found:
    """Times and bytes, and how what is decoded differs from the source."""
    found = Found(name, statistics.median(times), min(times))
    found.mean_bytes = statistics.mean(len(data) for data in said)
    try:
        errors = [difference(data, source) for data, source in zip(said, shown, strict=True)]
    except ValueError as error:
        found.note = str(error)
        return found
    found.error = max(int(np.abs(error).max()) for error in errors)
    ratios = [255**2 / max(float(np.square(error).mean()), 1e-9) for error in errors]
    found.psnr_db = statistics.mean(10 * float(np.log10(ratio)) for ratio in ratios)
    return found


def difference(data: bytes, source: Pixels) -> Pixels:
    """What is shown less the source, by channel. Raises ValueError where it is another size."""
    picture = PICTURE.search(data)
    if picture is None:
        raise ValueError("no sixel came")
    pixels = decode(picture[0].replace(b"\n", b""))
    wanted = source if source.ndim == 3 else np.repeat(source[:, :, None], 3, axis=2)
    if pixels.shape[:2] != wanted.shape[:2]:
        raise ValueError(f"shown as {pixels.shape[1]}x{pixels.shape[0]}")
    if not (pixels[..., 3] == 255).all():
        raise ValueError("pixels are missing")
    return pixels[..., :3].astype(int) - wanted


def split(peers: Sequence[Peer]) -> tuple[list[Peer], list[Found]]:
    """Those that are here, and what is said of those that are not."""
    here = [peer for peer in peers if not peer.why_not]
    away = [Found(peer.name, note=f"absent: {peer.why_not}") for peer in peers if peer.why_not]
    return here, away


def tile_rows(data: Path, rounds: int) -> tuple[list[Row], list[Found]]:
    """Tiles: ours works at the source's size, a peer has to be given the enlarged picture."""
    sources = tiles(data)
    large = [np.kron(source, np.ones((SCALE, SCALE), np.uint8)) for source in sources]
    here, away = split([libsixel(), libsixel_grey()])
    ours = Peer("ours", lambda pixels, colours: encode(pixels, SCALE, colours))
    found = measured([ours, *here], [sources, *[large] * len(here)], large, 256, rounds)
    slow, more_away = split([package(), *programs()])
    found += measured(slow, [large[:5]] * len(slow), large[:5], 256, 1)
    own = found[0]
    rows = [
        Row("encode a 28x28 tile, 8-fold", f"<= {TILE_MS_MAX} ms", said(own),
            own.median_ms <= TILE_MS_MAX),
        Row("a tile after decoding", "<= 1 of 255", f"{own.error} of 255", own.error <= 1),
    ]  # fmt: skip
    quick = [one for one in found if one.name.startswith("libsixel")]
    rows += [faster(own, one, "tile") for one in quick]
    return rows, found + away + more_away


def photo_rows(
    name: str, pictures: Sequence[Pixels], colours: int, rounds: int
) -> tuple[list[Row], list[Found]]:
    """Photographs at so many colours."""
    here, away = split([libsixel(), libsixel(is_dithered=True), libsixel_full(), package()])
    if colours != 256:
        here = [peer for peer in here if peer.name != "package sixel"]
    encoders = [Peer("ours", lambda pixels, n: encode(pixels, 1, n)), *here]
    slow = {"package sixel", "libsixel, -q full"}
    quick = [encoder for encoder in encoders if encoder.name not in slow]
    found = measured(quick, [pictures] * len(quick), pictures, colours, rounds)
    rest = [encoder for encoder in encoders if encoder.name in slow]
    found += measured(rest, [pictures] * len(rest), pictures, colours, 1)
    started, more_away = split(programs())
    found += measured(started, [pictures] * len(started), pictures, colours, 1)
    own, at = found[0], PHOTO_MS_MAX[colours]
    what = f"{name}, 224x224, {colours} colours"
    rows = [Row(f"encode {what}", f"<= {at:g} ms", said(own), own.median_ms <= at)]
    by_name = {one.name: one for one in found}
    if (plain := by_name.get("libsixel")) is not None:
        rows.append(
            Row(f"{what}: PSNR and bytes", "no worse than libsixel",
                f"{own.psnr_db:.1f} dB, {own.mean_bytes / 1e3:.1f} KB; libsixel "
                f"{plain.psnr_db:.1f} dB, {plain.mean_bytes / 1e3:.1f} KB",
                own.psnr_db >= plain.psnr_db and own.mean_bytes <= plain.mean_bytes)
        )  # fmt: skip
    rows += [faster(own, one, what) for one in found if one.name.startswith("libsixel")]
    return rows, found + away + more_away


def said(found: Found) -> str:
    """Milliseconds and bytes in words."""
    return (
        f"median {found.median_ms:.2f} ms, best {found.best_ms:.2f}; {found.mean_bytes:,.0f} bytes"
    )


def faster(own: Found, other: Found, what: str) -> Row:
    """How many times faster than a libsixel; the claim is about it as it is by itself."""
    times = other.median_ms / own.median_ms
    target = f">= {TIMES_MIN:g} times faster"
    figure = f"{times:.1f} times (median; best {other.best_ms / own.best_ms:.1f}); {said(other)}"
    return Row(f"{what}: than {other.name}", target, figure, times >= TIMES_MIN)


def other_ways(pictures: Sequence[Pixels], small: Sequence[Pixels]) -> list[Row]:
    """What the same pictures are as PNG, which kitty and iTerm2 are sent."""
    rows = []
    scaled = [np.kron(one, np.ones((SCALE, SCALE), np.uint8)) for one in small[:20]]
    for name, given in (("tile, 8-fold", scaled), ("photograph", pictures)):
        times, sizes = [], []
        for picture in given:
            begun = time.perf_counter()
            sizes.append(len(png(picture)) * 4 / 3)
            times.append((time.perf_counter() - begun) * 1e3)
        figure = f"median {statistics.median(times):.2f} ms; {statistics.mean(sizes):,.0f} bytes"
        rows.append(Row(f"kitty and iTerm2: a {name} as PNG in base64, exact", "", figure))
    return rows


def tell(title: str, found: Sequence[Found]) -> None:
    """One line an encoder, to standard error."""
    sys.stderr.write(f"{title}\n")
    for one in found:
        told = (
            one.note if one.note.startswith("absent") else f"{said(one)}; {one.note or fine(one)}"
        )
        sys.stderr.write(f"  {one.name:20} {told}\n")


def fine(found: Found) -> str:
    """How near what is decoded comes."""
    return f"{found.psnr_db:.1f} dB, worst {found.error} of 255"


def main() -> int:
    """The command line; exit 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    data = Path(os.environ.get("SCANFLOW_DATA", "data"))
    rows, details = tile_rows(data, given.rounds)
    figures = {"tile": details}
    tell("tile", details)
    sets: list[tuple[str, Callable[[], list[Pixels]]]] = [
        ("photograph", photographs), ("CIFAR-10 enlarged", cifar),
    ]  # fmt: skip
    for name, made in sets:
        pictures = made()
        for colours in PHOTO_MS_MAX if pictures else ():
            more, details = photo_rows(name, pictures, colours, given.rounds)
            rows += more
            figures[f"{name}, {colours}"] = details
            tell(f"{name}, {colours} colours", details)
    rows += other_ways(photographs(), tiles(data))
    show("Encoders", rows)
    if given.json:
        about = {"python": platform.python_version(), "numpy": np.__version__}
        told = {name: [asdict(one) for one in found] for name, found in figures.items()}
        save(given.json, rows, {**about, "encoders": told})
    return 0 if all(row.met is not False for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
