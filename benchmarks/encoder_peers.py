"""Other programs that make sixel of the same pixels: libsixel in this process, and what is run.

    apt-get install libsixel1 libsixel-bin chafa timg     (Debian 12: 1.10.3, 1.12.4, 1.4.5)
    pip install 'scanflow-tui[images]'                    (the package sixel, 0.2.0)

What is absent is said to be absent: ``why_not`` of a peer.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib.util
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image

Pixels = np.ndarray
"""(height, width) grey or (height, width, 3) RGB, uint8, at the size that is shown."""

RGB888, G8 = 0x03, 0x43
DIFFUSE_AUTO, DIFFUSE_NONE = 0, 1
QUALITY_AUTO, QUALITY_FULL = 0, 3
BUILTIN_G8 = 9
_WRITE = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_char), ctypes.c_int, ctypes.c_void_p
)


@dataclass(frozen=True)
class Peer:
    """``encode`` of (pixels, colours) gives bytes; empty ``why_not`` where it is here."""

    name: str
    encode: Callable[[Pixels, int], bytes]
    why_not: str = ""


class Libsixel:
    """libsixel through ctypes: quantised and encoded as ``img2sixel`` does, without a process."""

    def __init__(self, diffusion: Literal[0, 1], quality: Literal[0, 3] = 0) -> None:
        name = ctypes.util.find_library("sixel")
        assert name is not None
        self._lib = ctypes.CDLL(name)
        self._lib.sixel_dither_get.restype = ctypes.c_void_p
        self._diffusion, self._quality = diffusion, quality
        self._parts: list[bytes] = []
        self._write = _WRITE(self._take)

    def _take(self, data: ctypes._Pointer[ctypes.c_char], size: int, private: int) -> int:
        self._parts.append(ctypes.string_at(data, size))
        return size

    def encode(self, pixels: Pixels, colours: int) -> bytes:
        """A picture by median cut, as libsixel chooses it."""
        lib = self._lib
        # A copy: where libsixel dithers, it does so in the pixels that it was given.
        shown = np.array(pixels if pixels.ndim == 3 else np.repeat(pixels[:, :, None], 3, axis=2))
        height, width = shown.shape[:2]
        data = shown.ctypes.data_as(ctypes.c_void_p)
        dither = ctypes.c_void_p()
        self._must(lib.sixel_dither_new(ctypes.byref(dither), colours, None))
        self._must(
            lib.sixel_dither_initialize(dither, data, width, height, RGB888, 0, 0, self._quality)
        )
        lib.sixel_dither_set_diffusion_type(dither, self._diffusion)
        said = self._encoded(data, width, height, dither)
        lib.sixel_dither_unref(dither)
        return said

    def encode_grey(self, pixels: Pixels, colours: int) -> bytes:
        """A grey picture in libsixel's own 256 greys: nothing is quantised."""
        shown = np.ascontiguousarray(pixels)
        height, width = shown.shape
        dither = ctypes.c_void_p(self._lib.sixel_dither_get(BUILTIN_G8))
        self._lib.sixel_dither_set_pixelformat(dither, G8)
        said = self._encoded(shown.ctypes.data_as(ctypes.c_void_p), width, height, dither)
        self._lib.sixel_dither_unref(dither)
        return said

    def _encoded(
        self, data: ctypes.c_void_p, width: int, height: int, dither: ctypes.c_void_p
    ) -> bytes:
        self._parts.clear()
        output = ctypes.c_void_p()
        self._must(self._lib.sixel_output_new(ctypes.byref(output), self._write, None, None))
        self._must(self._lib.sixel_encode(data, width, height, 3, dither, output))
        self._lib.sixel_output_unref(output)
        return b"".join(self._parts)

    def _must(self, status: int) -> None:
        if status & 0x1000:
            raise RuntimeError(f"libsixel says {status:#x}")


def libsixel(*, is_dithered: bool = False) -> Peer:
    """libsixel without dithering (its best PSNR and fewest bytes), or as it does by itself."""
    name = "libsixel, dithered" if is_dithered else "libsixel"
    if ctypes.util.find_library("sixel") is None:
        return Peer(name, _none, "apt-get install libsixel1")
    return Peer(name, Libsixel(DIFFUSE_AUTO if is_dithered else DIFFUSE_NONE).encode)


def libsixel_full() -> Peer:
    """libsixel that looks at every pixel for its palette (``img2sixel -q full``)."""
    name = "libsixel, -q full"
    if ctypes.util.find_library("sixel") is None:
        return Peer(name, _none, "apt-get install libsixel1")
    return Peer(name, Libsixel(DIFFUSE_NONE, QUALITY_FULL).encode)


def libsixel_grey() -> Peer:
    """libsixel with its ready palette of greys: the fastest that it has for a grey picture."""
    if ctypes.util.find_library("sixel") is None:
        return Peer("libsixel, G8", _none, "apt-get install libsixel1")
    return Peer("libsixel, G8", Libsixel(DIFFUSE_NONE).encode_grey)


def package() -> Peer:
    """The package ``sixel``, in a frame of a colour that it leaves out."""
    if importlib.util.find_spec("sixel") is None:
        return Peer("package sixel", _none, "pip install 'scanflow-tui[images]'")
    from scanflow_tui.cli.sixel_package import printed

    return Peer("package sixel", lambda pixels, colours: printed(pixels))


def programs() -> list[Peer]:
    """What is started for each picture; its start counts."""
    return [
        _program("img2sixel", "libsixel-bin", lambda n: ["-d", "none", "-p", str(n)]),
        _program("chafa", "chafa", lambda n: ["-f", "sixels", "-s", "28x14"]),
        _program("timg", "timg", lambda n: ["-p", "s", "-g", "28x14"]),
    ]


def _program(name: str, package: str, arguments: Callable[[int], list[str]]) -> Peer:
    if shutil.which(name) is None:
        return Peer(name, _none, f"apt-get install {package}")

    def encode(pixels: Pixels, colours: int) -> bytes:
        with tempfile.NamedTemporaryFile(suffix=".png") as file:
            Image.fromarray(pixels).save(file, "PNG", compress_level=1)
            file.flush()
            command = [name, *arguments(colours), file.name]
            return subprocess.run(command, capture_output=True, check=False).stdout

    return Peer(name, encode)


def _none(pixels: Pixels, colours: int) -> bytes:
    raise RuntimeError("this peer is not here")
