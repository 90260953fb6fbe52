"""Reading a batch: the accepted layouts, and one clear sentence for every bad one."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scanflow_tui.contract.errors import InputError
from scanflow_tui.steps.vision.images import read_images

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 28, 28), dtype=np.uint8)


def idx(array: np.ndarray) -> bytes:
    head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return head + array.tobytes()


def pngs(folder: Path) -> None:
    for place, image in enumerate(PIXELS):
        Image.fromarray(image).save(folder / f"{place:03d}.png")


def packed(folder: Path) -> None:
    np.savez(folder / "batch.npz", images=PIXELS, labels=np.arange(5))


def nested(folder: Path) -> None:
    (folder / "batch").mkdir()
    pngs(folder / "batch")


LAYOUTS: dict[str, Callable[[Path], object]] = {
    "png": pngs,
    "npy": lambda folder: np.save(folder / "x.npy", PIXELS),
    "npz": packed,
    "idx": lambda folder: (folder / "t10k-images-idx3-ubyte").write_bytes(idx(PIXELS)),
    "idx.gz": lambda folder: (folder / "images-idx3-ubyte.gz").write_bytes(
        gzip.compress(idx(PIXELS))
    ),
    "channel axis": lambda folder: np.save(folder / "x.npy", PIXELS[:, None]),
    "floats": lambda folder: np.save(folder / "x.npy", PIXELS / 255),
    "folder in a folder": nested,
    "hidden file beside": lambda folder: (
        np.save(folder / "x.npy", PIXELS),
        (folder / ".DS_Store").write_bytes(b"x"),
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_pixels(layout: str, tmp_path: Path) -> None:
    LAYOUTS[layout](tmp_path)
    read = read_images(tmp_path)
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, PIXELS)


def bad_nan(folder: Path) -> None:
    images = PIXELS / 255
    images[3, 2, 2] = np.nan
    np.save(folder / "x.npy", images)


def lying_npy(folder: Path) -> None:
    stream = io.BytesIO()
    header = {"descr": "|u1", "fortran_order": False, "shape": (10**7, 28, 28)}
    np.lib.format.write_array_header_1_0(stream, header)
    (folder / "x.npy").write_bytes(stream.getvalue() + bytes(100))


def zip_bomb(folder: Path) -> None:
    stream = io.BytesIO()
    header = {"descr": "|u1", "fortran_order": False, "shape": (3 * 10**6, 28, 28)}
    np.lib.format.write_array_header_1_0(stream, header)
    with zipfile.ZipFile(folder / "x.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("images.npy", stream.getvalue() + bytes(10**6))


def pickled(folder: Path) -> None:
    np.save(folder / "x.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)


def linked(folder: Path) -> None:
    target = folder.parent / "elsewhere.npy"
    np.save(target, PIXELS)
    (folder / "x.npy").symlink_to(target)


def mixed(folder: Path) -> None:
    pngs(folder)
    (folder / "notes.txt").write_text("hello")


BAD: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "no images": (lambda folder: None, "batch", "holds no images"),
    "zero images": (
        lambda folder: np.save(folder / "x.npy", PIXELS[:0]),
        "x.npy",
        "holds no images",
    ),
    "shape": (
        lambda folder: np.save(folder / "x.npy", np.zeros((5, 32, 32), np.uint8)),
        "x.npy",
        "expected (n, 28, 28)",
    ),
    "NaN": (bad_nan, "x.npy", "image 3 holds NaN"),
    "range": (lambda folder: np.save(folder / "x.npy", PIXELS * 1.0), "x.npy", "outside 0..1"),
    "type": (
        lambda folder: np.save(folder / "x.npy", PIXELS.astype(np.int32)),
        "x.npy",
        "expected uint8",
    ),
    "pickle": (pickled, "x.npy", "never unpickled"),
    "lying header": (lying_npy, "x.npy", "over"),
    "zip bomb": (zip_bomb, "x.npz", "over"),
    "cut short": (
        lambda folder: (folder / "images-idx3-ubyte").write_bytes(idx(PIXELS)[:-7]),
        "images-idx3-ubyte",
        "cut short by 7",
    ),
    "broken gzip": (
        lambda folder: (folder / "a.gz").write_bytes(gzip.compress(idx(PIXELS))[:-40]),
        "a.gz",
        "cannot be read",
    ),
    "no zip": (
        lambda folder: (folder / "x.npz").write_bytes(b"PK nonsense"),
        "x.npz",
        "no known format",
    ),
    "text": (lambda folder: (folder / "x.csv").write_text("1,2,3,4"), "x.csv", "no known format"),
    "broken png": (lambda folder: (folder / "a.png").write_bytes(b"\x89PNG..."), "a.png", "PNG"),
    "wide png": (
        lambda folder: Image.new("L", (64, 28)).save(folder / "a.png"),
        "a.png",
        "28 x 64 L; expected 28 x 28",
    ),
    "colour png": (
        lambda folder: Image.new("RGB", (28, 28)).save(folder / "a.png"),
        "a.png",
        "28 x 28 RGB",
    ),
    "link": (linked, "x.npy", "not a regular file"),
    "mixture": (mixed, "notes.txt", "neither a PNG"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_batch_is_refused_by_name(case: str, tmp_path: Path) -> None:
    make, where, what = BAD[case]
    folder = tmp_path / "batch"
    folder.mkdir()
    make(folder)
    with pytest.raises(InputError) as caught:
        read_images(folder)
    assert where in caught.value.where
    assert what in caught.value.what


def test_a_png_is_judged_by_its_header_before_it_is_decoded(tmp_path: Path) -> None:
    stream = io.BytesIO()
    Image.new("L", (28, 28)).save(stream, "PNG")
    small = stream.getvalue()
    head = b"IHDR" + struct.pack(">II", 9_000, 9_000) + small[24:29]
    bomb = small[:12] + head + struct.pack(">I", zlib.crc32(head)) + small[33:]
    (tmp_path / "bomb.png").write_bytes(bomb)
    with pytest.raises(InputError, match="9000 x 9000"):
        read_images(tmp_path)


def test_a_missing_batch_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_images(tmp_path / "none")


@pytest.mark.parametrize("layout", ["npy", "npz", "idx", "idx.gz"])
def test_an_array_is_known_by_its_bytes_where_the_store_took_its_name(
    layout: str, tmp_path: Path
) -> None:
    folder = tmp_path / "batch"
    folder.mkdir()
    LAYOUTS[layout](folder)
    (made,) = folder.iterdir()
    stored = made.rename(tmp_path / ("5e" * 32))
    assert np.array_equal(read_images(stored), PIXELS)


def test_a_single_picture_is_known_by_its_bytes(tmp_path: Path) -> None:
    stored = tmp_path / ("5e" * 32)
    Image.fromarray(PIXELS[0]).save(stored, format="PNG")
    assert np.array_equal(read_images(stored), PIXELS[:1])


@pytest.mark.parametrize(
    ("array", "what"),
    [
        (np.zeros((3, 14, 14), np.uint8), "has shape (3, 14, 14)"),
        (np.full((3, 28, 28), np.nan), "image 0 holds NaN"),
        (np.zeros((0, 28, 28), np.uint8), "holds no images"),
    ],
)
def test_a_bad_stored_array_is_called_what_the_step_calls_it(
    array: np.ndarray, what: str, tmp_path: Path
) -> None:
    stored = tmp_path / ("5e" * 32)
    with stored.open("wb") as file:
        np.save(file, array)
    with pytest.raises(InputError) as caught:
        read_images(stored, name="the batch")
    assert caught.value.sentence().startswith(f"the batch: {what}")
