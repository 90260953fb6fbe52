"""What a terminal can show, from its answers and its surroundings. Pure; nothing is asked here.

All queries go out in one write, the one that every terminal answers last: terminals answer in
order, so its answer is a fence, and nothing has to wait for a time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from scanflow_tui.images.outside import Outside, sentences
from scanflow_tui.images.protocol import CellSize, Choice, Way

QUERIES = (
    "\x1b[>0q"  # XTVERSION: name and version
    "\x1b[16t"  # cell size in pixels
    "\x1b[14t"  # text area in pixels
    "\x1b[?2;1;0S"  # the largest sixel picture: the text area exactly, in xterm
    "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"  # kitty's protocol
    "\x1b[c"  # DA1, the fence
)

SILENT_TERMS = ("", "dumb", "linux")
"""Terminals, by TERM, that would print a query; they are not asked."""

_DA1 = re.compile(r"\x1b\[\?([\d;]*)c")
_VERSION = re.compile(r"\x1bP>\|([^\x1b\x07]*)")
_SIZE = re.compile(r"\x1b\[([46]);(\d{1,9});(\d{1,9})t")
_AREA = re.compile(r"\x1b\[\?2;0;(\d{1,9});(\d{1,9})S")
_SIXEL = "4"
_SIDE_PX_MAX = 200
XTERM_PX_MAX = 1000
"""xterm cuts off what of a picture is wider or higher, unless its user says otherwise."""

NAME_MAX, ATTRIBUTES_MAX = 64, 32
"""No terminal says more of itself; the rest of an endless answer is not kept."""

TMUX = "tmux "
"""So it begins to call itself, on whatever machine it is."""

DENIED = {"konsole": "it prints placeholders as text", "vscode": "its support is off by default"}
"""Terminals that answer kitty's query and do not keep to it, and why; by XTVERSION alone."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known without asking: environment and window (columns, rows, pixels; 0 unknown)."""

    columns: int
    rows: int
    width_px: int = 0
    height_px: int = 0
    environment: Mapping[str, str] | None = None
    outside: Outside | None = None
    """What tmux says of the terminal that it is in, where it is there and could be asked."""

    def says(self, name: str) -> str:
        """A variable's value, empty where it is not set."""
        return (self.environment or {}).get(name, "")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a terminal answered. ``fence`` says whether all of it came."""

    fence: bool = False
    version: str = ""
    attributes: tuple[str, ...] = ()
    cell: CellSize | None = None
    area: tuple[int, int] | None = None
    kitty: bool = False

    @property
    def sixel(self) -> bool:
        """Whether the terminal says that it shows sixel."""
        return _SIXEL in self.attributes


def read(replies: Sequence[str]) -> Evidence:
    """The answers, in whatever order they came; what is not understood is passed over."""
    text = "".join(replies)
    da1, version = _DA1.search(text), _VERSION.search(text)
    sizes = {kind: (int(width), int(height)) for kind, height, width in _SIZE.findall(text)}
    area = _AREA.search(text)
    exact = (int(area[1]), int(area[2])) if area else None
    return Evidence(
        fence=da1 is not None,
        version=_printable(version[1])[:NAME_MAX] if version else "",
        attributes=tuple(da1[1].split(";")[:ATTRIBUTES_MAX]) if da1 else (),
        cell=_sane(*sizes["6"]) if "6" in sizes else None,
        area=exact or sizes.get("4"),
        kitty="\x1b_Gi=31;OK\x1b\\" in text,
    )


def choose(
    evidence: Evidence, around: Surroundings, wish: Way | Literal["auto"] = "auto"
) -> Choice:
    """The way to show pictures: as wished, else the best one that the terminal is known to keep."""
    cell = cell_size(evidence, around)
    if wish == "kitty" and around.says("TMUX"):
        return Choice("placeholders", cell, "chosen by --images; tmux lets no other way through")
    if wish != "auto":
        most = _side_px_max(evidence) if wish == "sixel" else 0
        return Choice(wish, cell, "chosen by --images", most)
    if around.says("NO_COLOR"):
        return Choice("ascii", cell, "NO_COLOR is set")
    if around.says("STY"):
        return Choice("half", cell, "GNU screen passes no pictures on")
    if around.says("TMUX") or evidence.version.startswith(TMUX):
        return _in_tmux(around.outside, cell)
    if not evidence.fence:
        return Choice("half", cell, "the terminal did not answer")
    return _by_terminal(evidence, around, cell)


def _in_tmux(lies: Outside | None, cell: CellSize) -> Choice:
    # What tmux has of sixel itself is not used: it takes a picture away as soon as text is written
    # anywhere on its lines, so that of a row of pictures the last one is left.
    if lies is not None and lies.keeps_placeholders and lies.passes:
        return Choice("placeholders", cell, f"tmux passes them on to {lies.terminal}")
    return Choice("half", cell, "tmux keeps no pictures beside text")


def _by_terminal(evidence: Evidence, around: Surroundings, cell: CellSize) -> Choice:
    name = evidence.version or "the terminal"
    denied = next((why for word, why in DENIED.items() if word in name.lower()), "")
    if evidence.kitty and not denied and not evidence.sixel:
        return Choice("kitty", cell, f"{name} answers to kitty's graphics protocol")
    if evidence.kitty and name.lower().startswith(("kitty", "ghostty", "wezterm")):
        return Choice("kitty", cell, f"{name} answers to kitty's graphics protocol")
    if evidence.sixel:
        most = _side_px_max(evidence)
        return Choice("sixel", cell, f"{name} says that it shows sixel", most)
    if "iterm2" in f"{evidence.version} {around.says('LC_TERMINAL')}".lower():
        return Choice("iterm", cell, "iTerm2 shows pictures inline")
    note = f" ({denied})" if denied else ""
    return Choice("half", cell, f"{name} says nothing of pictures{note}")


def _side_px_max(evidence: Evidence) -> int:
    is_cut = evidence.version.startswith("XTerm") and max(evidence.area or (0,)) <= XTERM_PX_MAX
    return XTERM_PX_MAX if is_cut else 0


def cell_size(evidence: Evidence, around: Surroundings) -> CellSize:
    """A cell in pixels: as the terminal says, else by division, else a usual one.

    xterm's window has a border that its size in pixels includes, so its own text area is divided
    first. A side of a window that is larger than its largest picture is divided itself.
    """
    if evidence.cell is not None:
        return evidence.cell
    told_x, told_y = evidence.area or (0, 0)
    width_px = _text_px(told_x, around.width_px)
    height_px = _text_px(told_y, around.height_px)
    return _sane(width_px // max(1, around.columns), height_px // max(1, around.rows)) or CellSize()


def _text_px(told_px: int, window_px: int) -> int:
    """The pixels that text has, of what is told of pictures and of the window; 0 if unknown."""
    is_limit = told_px == XTERM_PX_MAX < window_px or told_px > window_px > 0
    return window_px if is_limit or not told_px else told_px


def cell_resized(cell: CellSize, now: Surroundings) -> CellSize:
    """The cell after the window or its font changed, as far as the window's pixels tell it.

    Terminals count their cells alone, but for xterm: where its window gets another size, a border
    and the rest of a cell come in, and after another font they do not.
    """
    columns, rows = now.columns, now.rows
    if not (columns and rows and now.width_px and now.height_px):
        return cell
    exact = now.width_px % columns == 0 and now.height_px % rows == 0
    beside = (now.width_px - columns * cell.width_px, now.height_px - rows * cell.height_px)
    if not exact and 0 <= beside[0] < 3 * cell.width_px and 0 <= beside[1] < 3 * cell.height_px:
        return cell
    return _sane(now.width_px // columns, now.height_px // rows) or cell


def evidence_lines(
    evidence: Evidence, choice: Choice, around: Surroundings | None = None
) -> list[str]:
    """For ``doctor``: what was found, a sentence a line."""
    cell = choice.cell
    answered = evidence.version or ("it does not say" if evidence.fence else "no answer")
    between: list[str] = []
    if around is not None and around.says("STY"):
        between = ["Between: GNU screen, which passes no pictures on and says nothing of what is "
                   "outside of it. Pictures by the pixel come outside of it."]  # fmt: skip
    elif around is not None and around.says("TMUX"):
        between = sentences(around.outside)
    elif evidence.version.startswith(TMUX):
        between = ["Between: a tmux on another machine, which says nothing of what is outside."]
    return [
        f"Terminal: {answered}; DA1 {';'.join(evidence.attributes) or 'none'}.",
        f"Sixel: {_yes(evidence.sixel)}; kitty's graphics: {_yes(evidence.kitty)}; "
        f"a cell is {cell.width_px}x{cell.height_px} pixels.",
        *between,
        f"Pictures are shown as {choice.way}: {choice.why}.",
    ]


def _printable(text: str) -> str:
    return "".join(char for char in text if char.isprintable())


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"


def _sane(width_px: int, height_px: int) -> CellSize | None:
    is_sane = 1 < width_px <= _SIDE_PX_MAX and 1 < height_px <= _SIDE_PX_MAX
    return CellSize(width_px, height_px) if is_sane else None
