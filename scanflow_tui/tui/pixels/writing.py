"""Control sequences that write runs of characters with few bytes. Pure.

A short way from run to run, and of a style only what differs from the one before. It relies on
nothing that terminals do differently: no character is repeated by code, and after a line's last
column the cursor is placed anew.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

GROUPED_RUNS_MAX = 400
"""So many runs are written style by style; more (a whole screen) from top to bottom."""

RESET = "\x1b[0m"
VERTICAL_TAB = "\v"
"""A line down in the same column: as a line feed, which the kernel may make a new line of."""

DOWN_MAX = 3
"""Lines for which it is no longer than the sequence that counts them."""

_SGR = re.compile(r"\x1b\[([\d;]*)m\Z")
PARAMETERS_MAX = 10
"""In one sequence: mlterm passes over the rest, and a colour is five."""

_ENDED = {"1": "22", "2": "22", "3": "23", "4": "24", "5": "25", "7": "27", "9": "29"}
"""What ends an attribute alone."""

_COLOUR_LENGTHS = {"2": 5, "5": 3}


@dataclass(slots=True)
class Run:
    """Characters side by side in one style, to be written; ``end`` is the column after them."""

    x: int
    y: int
    style: str
    chars: list[str]
    end: int


def written(runs: Sequence[Run], width: int = 0) -> str:
    """What writes these runs on a screen of so many columns; plain style and some cursor after."""
    if len(runs) <= GROUPED_RUNS_MAX:
        places: dict[str, int] = {}
        for run in runs:
            places.setdefault(run.style, len(places))
        runs = sorted(runs, key=lambda run: (places[run.style], run.x, run.y))
    out: list[str] = []
    at: tuple[int, int] | None = None
    style = ""
    for run in runs:
        out.append(moved(at, (run.x, run.y)))
        if run.style != style:
            out.append(switched(style, run.style))
            style = run.style
        out += run.chars
        at = (run.end, run.y) if run.end < width else None
    if style:
        out.append(RESET)
    return "".join(out)


def moved(at: tuple[int, int] | None, to: tuple[int, int]) -> str:
    """The shortest way from a cell (column, row) to another, both known to be on the screen."""
    if at == to:
        return ""
    absolute = f"\x1b[{to[1] + 1};{to[0] + 1}H"
    if at is None:
        return absolute
    relative = _relative(to[0] - at[0], to[1] - at[1])
    return relative if len(relative) <= len(absolute) else absolute


@lru_cache(maxsize=4096)
def _relative(across: int, down: int) -> str:
    if -3 <= across < 0:
        return "\b" * -across + _steps(down, "B", "A")
    return _steps(across, "C", "D") + _steps(down, "B", "A")


def _steps(n: int, onward: str, back: str) -> str:
    if n == 0:
        return ""
    if onward == "B" and 0 < n <= DOWN_MAX:
        return VERTICAL_TAB * n
    count = "" if abs(n) == 1 else str(abs(n))
    return f"\x1b[{count}{onward if n > 0 else back}"


@lru_cache(maxsize=4096)
def switched(old: str, new: str) -> str:
    """From one style's sequence to another's: what differs, where that can be told."""
    if not new:
        return RESET
    before, after = _parts(old), _parts(new)
    if before is None or after is None:
        return f"{RESET}{new}" if old else new
    anew = ["0"] if old else []
    anew += [*sorted(after[0]), *filter(None, after[1:])]
    gone = before[0] - after[0]
    if not gone <= _ENDED.keys():
        return _told(anew)
    ends = {_ENDED[code] for code in gone}
    told = [*sorted(ends)]
    told += sorted(c for c in after[0] if c not in before[0] or _ENDED.get(c) in ends)
    for was, now, usual in zip(before[1:], after[1:], ("39", "49"), strict=True):
        if now != was:
            told.append(now or usual)
    return min(_told(told), _told(anew), key=len)


def _told(codes: Sequence[str]) -> str:
    """These codes, in as many sequences as they need."""
    out: list[str] = []
    n = PARAMETERS_MAX
    for code in codes:
        n += 1 + code.count(";")
        if n > PARAMETERS_MAX:
            n = 1 + code.count(";")
            out.append(f"m\x1b[{code}")
        else:
            out.append(f";{code}")
    return f"{''.join(out)[1:]}m" if out else ""


@lru_cache(maxsize=4096)
def _parts(style: str) -> tuple[frozenset[str], str, str] | None:
    """Attributes, foreground and background of a sequence; None where it is something else."""
    if not style:
        return frozenset(), "", ""
    found = _SGR.match(style)
    if found is None:
        return None
    codes = found[1].split(";")
    attributes: set[str] = set()
    colours = {"3": "", "4": ""}
    at = 0
    while at < len(codes):
        code = codes[at]
        length = 1
        if code in ("38", "48"):
            length = _COLOUR_LENGTHS.get(codes[at + 1] if at + 1 < len(codes) else "", 1)
            colours[code[0]] = ";".join(codes[at : at + length])
        elif code[:-1] in ("3", "4"):
            colours[code[0]] = code
        elif code[:-1] in ("9", "10"):
            colours["3" if code[0] == "9" else "4"] = code
        else:
            attributes.add(code)
        at += length
    return frozenset(attributes), colours["3"], colours["4"]
