"""A small decoder of sixel: what a terminal shows that keeps to the rules. For tests alone."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

_PICTURE = re.compile(rb"\x1bP([\d;]*)q(.*?)\x1b\\", re.DOTALL)
_TOKEN = re.compile(rb'"[\d;]*|#[\d;]*|!\d+[?-~]|[$\-]|[?-~]')


def decode(data: bytes) -> npt.NDArray[np.uint8]:
    """(height, width, 4) RGBA; what no sixel touched has alpha 0.

    As xterm does, a definition of a colour selects nothing. Raises ValueError on bytes that are no
    sixel, on a colour that was not defined, and on pixels outside of the size that was announced.
    """
    found = _PICTURE.fullmatch(data)
    if found is None:
        raise ValueError("not one sixel picture")
    body = found[2]
    if b"".join(_TOKEN.findall(body)) != body:
        raise ValueError("bytes that are no sixel")
    picture = np.zeros((0, 0, 4), np.uint8)
    colours: dict[int, tuple[int, ...]] = {}
    register, x, y = -1, 0, 0
    for token in _TOKEN.findall(body):
        kind, rest = token[:1], token[1:]
        if kind == b'"':
            _, _, width, height = (int(word) for word in rest.split(b";"))
            picture = np.zeros((height, width, 4), np.uint8)
        elif kind == b"#":
            words = [int(word) for word in rest.split(b";")]
            if len(words) == 5:
                colours[words[0]] = tuple(round(part * 255 / 100) for part in words[2:])
            else:
                register = words[0]
        elif kind == b"$":
            x = 0
        elif kind == b"-":
            x, y = 0, y + 6
        else:
            length = int(rest[:-1]) if kind == b"!" else 1
            _draw(picture, colours, register, (x, y), length, token[-1] - 63)
            x += length
    return picture


def _draw(
    picture: npt.NDArray[np.uint8],
    colours: dict[int, tuple[int, ...]],
    register: int,
    at: tuple[int, int],
    length: int,
    bits: int,
) -> None:
    x, y = at
    if x + length > picture.shape[1]:
        raise ValueError(f"columns up to {x + length} of {picture.shape[1]}")
    for row in range(6):
        if not bits >> row & 1:
            continue
        if y + row >= picture.shape[0]:
            raise ValueError(f"row {y + row} of {picture.shape[0]}")
        if register not in colours:
            raise ValueError(f"colour {register} is not defined")
        picture[y + row, x : x + length] = (*colours[register], 255)
