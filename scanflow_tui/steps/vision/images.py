"""Reading images that someone else wrote: a batch, a data set. Grey images as uint8 (n, h, w).

Every file is judged before it is decoded (size, header), nothing is unpickled, no link is
followed. Bad input raises InputError that names the file. Never guesses a class, never writes.

Accepted for a batch, a path that is a file or a folder:

    *.png                  one grey image a file, sorted by name
    *.npy                  one array; *.npz: array ``images``, or its only array
    *idx3-ubyte, *.idx     the MNIST format; this or .npy may be packed with gzip

An array's format is told by its first bytes: in the store it has no name of its own. A folder
holds either PNG files or exactly one other file; one folder inside a folder is entered.
"""

from __future__ import annotations

import gzip
import math
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from scanflow_tui.contract.errors import InputError
from scanflow_tui.contract.limits import MIB

Pixels = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]
Stream = IO[bytes] | gzip.GzipFile | zipfile.ZipExtFile

IMAGES_MAX = 100_000
ARRAY_BYTES_MAX = 1024 * MIB
PNG_BYTES_MAX = 4 * MIB

_HEADERS = {1: np.lib.format.read_array_header_1_0, 2: np.lib.format.read_array_header_2_0}
_NPY, _ZIP, _GZIP, _PNG = b"\x93NUMPY", b"PK\x03\x04", b"\x1f\x8b", b"\x89PNG"
_IDX_TYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype("u1"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}


def read_images(path: Path, size: tuple[int, int] = (28, 28), name: str = "") -> Pixels:
    """The images of a batch, uint8 (n, h, w), with n at least 1.

    ``name`` is what to call the path itself, which in the store is a hash. Float pixels must lie
    in 0..1 and are rounded to 8 bits. Raises InputError naming the file.
    """
    name = name or path.name
    source = _source(path, name)
    where = name if source == path else ""
    if isinstance(source, list):
        alone = name if source == [path] else ""
        return np.stack([_read_png(item, size, alone or item.name) for item in source])
    return _as_pixels(read_array(source, "images", where), size, where or source.name)


def read_array(path: Path, prefer: str, name: str = "") -> npt.NDArray[Any]:
    """One array of a .npy, .npz (the one called ``prefer``, or the only one) or idx file.

    The format is told by the file's first bytes, never by its name. Raises InputError where the
    file is unreadable, too large, or would need unpickling.
    """
    name = name or path.name
    if path.is_symlink() or not path.is_file():
        raise InputError("is not a regular file", where=name)
    try:
        with path.open("rb") as stream:
            first = stream.read(len(_NPY))
            stream.seek(0)
            if first.startswith(_ZIP):
                return _read_npz(stream, prefer, name)
            if not first.startswith(_GZIP):
                return _read_plain(stream, first, name)
            with gzip.open(stream, "rb") as packed:
                first = packed.read(len(_NPY))
                packed.seek(0)
                return _read_plain(packed, first, name)
    except (OSError, EOFError, ValueError, struct.error, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(f"cannot be read: {error}", where=name) from None


def _read_plain(stream: Stream, first: bytes, name: str) -> npt.NDArray[Any]:
    return (_read_npy if first == _NPY else _read_idx)(stream, name)


def _source(path: Path, name: str) -> Path | list[Path]:
    """The one array file of a batch, or its PNG files in order."""
    if not path.exists():
        raise InputError("does not exist", where=name)
    if path.is_file():
        with path.open("rb") as stream:
            return [path] if stream.read(len(_PNG)) == _PNG else path
    entries = sorted(item for item in path.iterdir() if not item.name.startswith("."))
    if not entries:
        raise InputError("holds no images", where=name, hint="a batch has at least one image")
    if len(entries) == 1 and entries[0].is_dir():
        return _source(entries[0], entries[0].name)
    pictures = [item for item in entries if item.suffix.lower() == ".png"]
    if pictures and len(pictures) == len(entries):
        if len(pictures) > IMAGES_MAX:
            raise InputError(f"holds over {IMAGES_MAX} images", where=name)
        return pictures
    if len(entries) == 1:
        return entries[0]
    other = next(item for item in entries if item.suffix.lower() != ".png")
    raise InputError(
        f"is neither a PNG nor the only file of the batch ({len(entries)} files)",
        where=other.name,
        hint="a batch is a folder of PNG files, or one .npy, .npz or idx file",
    )


def _read_png(path: Path, size: tuple[int, int], name: str) -> Pixels:
    """One grey PNG; its size is judged by the header, before a pixel is decoded."""
    if path.is_symlink() or not path.is_file():
        raise InputError("is not a regular file", where=name)
    if path.stat().st_size > PNG_BYTES_MAX:
        raise InputError(f"is larger than {PNG_BYTES_MAX} bytes", where=name)
    wanted = f"expected {size[0]} x {size[1]} grey (height x width, 8 bits)"
    try:
        with Image.open(path, formats=["PNG"]) as picture:
            if (picture.height, picture.width) != size or picture.mode not in ("L", "1"):
                found = f"is {picture.height} x {picture.width} {picture.mode}"
                raise InputError(f"{found}; {wanted}", where=name)
            return np.asarray(picture.convert("L"), dtype=np.uint8)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        text = str(error).replace(str(path), name)
        raise InputError(f"is not a readable PNG: {text}", where=name) from None


def _read_npy(stream: Stream, name: str) -> npt.NDArray[Any]:
    """An array in numpy's format. The header is judged before memory is taken for the array."""
    version = np.lib.format.read_magic(stream)
    if version[0] not in _HEADERS:
        raise InputError(f"is numpy format {version}, not 1 or 2", where=name)
    shape, fortran, dtype = _HEADERS[version[0]](stream, max_header_size=10_000)
    if dtype.hasobject:
        raise InputError("holds Python objects, which are never unpickled", where=name)
    data = _exactly(stream, math.prod(shape) * dtype.itemsize, name)
    flat: npt.NDArray[Any] = np.frombuffer(data, dtype=dtype)
    return flat.reshape(shape, order="F" if fortran else "C")


def _read_npz(file: IO[bytes], prefer: str, name: str) -> npt.NDArray[Any]:
    with zipfile.ZipFile(file) as archive:
        members = {item.removesuffix(".npy"): item for item in archive.namelist()}
        if prefer in members:
            member = members[prefer]
        elif len(members) == 1:
            member = next(iter(members.values()))
        else:
            names = ", ".join(sorted(members)) or "nothing"
            raise InputError(f"holds no array {prefer!r} (but {names})", where=name)
        with archive.open(member) as stream:
            return _read_npy(stream, f"{name}:{member}")


def _read_idx(stream: Stream, name: str) -> npt.NDArray[Any]:
    """An array in the idx format: two zero bytes, type, dimensions, big-endian sizes, data."""
    zero, kind, dimensions = struct.unpack(">HBB", _exactly(stream, 4, name))
    if zero != 0 or kind not in _IDX_TYPES or not 1 <= dimensions <= 4:
        raise InputError(
            "is no known format", where=name, hint="accepted: PNG, .npy, .npz, idx (or .gz)"
        )
    shape = struct.unpack(f">{dimensions}I", _exactly(stream, 4 * dimensions, name))
    dtype = _IDX_TYPES[kind]
    data = _exactly(stream, math.prod(shape) * dtype.itemsize, name)
    return np.frombuffer(data, dtype=dtype).reshape(shape)


def _exactly(stream: Stream, n_bytes: int, name: str) -> bytes:
    """Exactly so many bytes; reads in pieces, so that a false header takes no memory."""
    if n_bytes > ARRAY_BYTES_MAX:
        raise InputError(f"announces {n_bytes} bytes, over {ARRAY_BYTES_MAX}", where=name)
    pieces: list[bytes] = []
    left = n_bytes
    while left:
        piece = stream.read(min(left, MIB))
        if not piece:
            raise InputError(f"is cut short by {left} of {n_bytes} bytes", where=name)
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _as_pixels(array: npt.NDArray[Any], size: tuple[int, int], where: str) -> Pixels:
    """The array as uint8 (n, h, w): a channel axis of length 1 goes, floats are scaled."""
    shape = array.shape
    if array.ndim == 4 and 1 in (shape[1], shape[3]):
        array = array[:, 0] if shape[1] == 1 else array[..., 0]
    if array.ndim != 3 or array.shape[1:] != size:
        raise InputError(f"has shape {shape}, expected (n, {size[0]}, {size[1]})", where=where)
    if len(array) == 0:
        raise InputError("holds no images", where=where, hint="a batch has at least one image")
    if len(array) > IMAGES_MAX:
        raise InputError(f"holds {len(array)} images, over {IMAGES_MAX}", where=where)
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array)
    if not np.issubdtype(array.dtype, np.floating):
        raise InputError(f"has pixels of type {array.dtype}, expected uint8", where=where)
    bad = ~np.isfinite(array)
    if bad.any():
        index = int(np.argmax(bad.any(axis=(1, 2))))
        raise InputError(f"image {index} holds NaN or infinity", where=where)
    if array.min() < 0 or array.max() > 1:
        raise InputError("has float pixels outside 0..1", where=where)
    rounded: Pixels = np.rint(array * 255).astype(np.uint8)
    return rounded
