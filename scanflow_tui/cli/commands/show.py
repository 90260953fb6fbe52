"""``scanflow show``: pictures printed outside of the screens, in the way that fits where they go.

On a terminal it is asked what it can show; into a pipe go shades, which hold no escape sequence.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scanflow_tui.cli import output, reach, sixel_package, terminal_answers
from scanflow_tui.cli.picture_wish import wish_of
from scanflow_tui.client.source import Ref
from scanflow_tui.contract.errors import InputError, Missing, ScanflowError
from scanflow_tui.images.opening import FILE_BYTES_MAX, Opened, open_image
from scanflow_tui.images.protocol import Box, CellSize, Choice

if TYPE_CHECKING:
    from scanflow_tui.cli.link import Link
    from scanflow_tui.images.protocol import Painting
    from scanflow_tui.tui.pixels.showing import Wish

ROWS_LEFT = 2
"""Of the screen's rows, for the picture's name and the prompt."""


def execute(
    pictures: list[str], session: str | None, images: str | None, root: str | None, as_json: bool
) -> int:
    """Print each picture under its name; all that can be read, then what cannot."""
    wish = wish_of(images)
    choice = _choice(wish)
    found: list[dict[str, Any]] = []
    bad: list[str] = []
    with ExitStack() as stack:
        link = stack.enter_context(_link(session, root)) if session is not None else None
        for name in pictures:
            try:
                data = _content(link, name) if link is not None else _file(name)
                opened = open_image(data)
            except ScanflowError as error:
                bad.append(error.sentence())
                continue
            if not isinstance(opened, Opened):
                bad.append(f"{name}: {opened.reason}")
                continue
            way = choice.way if wish != "off" else "off"
            if as_json:
                found.append(_facts(name, data, opened, way))
                continue
            note = f" · {opened.note}" if opened.note else ""
            width, height = opened.size
            output.write(f"{name} · {width}x{height} · {opened.mode}{note}")
            if wish != "off":
                _print(opened, choice)
    if as_json:
        output.write_json({"images": found, "errors": bad})
    if bad:
        raise InputError(f"{len(bad)} of {len(pictures)} cannot be shown", findings=tuple(bad))
    return 0


def _choice(wish: Wish) -> Choice:
    """How to print: as wished; a terminal is asked; anything else gets shades."""
    from scanflow_tui.images.probe import Evidence, Surroundings, choose

    if wish == "off":
        return Choice("ascii", CellSize(), "pictures are off")
    if wish == "auto" and not sys.stdout.isatty():
        return Choice("ascii", CellSize(), "not a terminal")
    if sys.stdout.isatty():
        choice = terminal_answers.chosen(wish)
    else:
        choice = choose(Evidence(), Surroundings(*shutil.get_terminal_size()), wish)
    if choice.way == "sixel" and (absent := sixel_package.why_not()) is not None:
        if wish == "sixel":
            raise absent
        output.note(absent.sentence())
        return Choice("half", choice.cell, absent.what)
    return choice


def _link(session: str, root: str | None) -> Link:
    path = Path(session)
    return reach.reading_file(path) if path.exists() else reach.reading(session, root)


def _file(name: str) -> bytes:
    """The bytes of a file, one more than may be at most."""
    try:
        with Path(name).open("rb") as file:
            return file.read(FILE_BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise Missing(f"cannot be read: {why}", where=name) from None


def _content(link: Link, name: str) -> bytes:
    """The picture of a sample, of the latest check that has one, or of a digest."""
    digest = name
    for run in link.state.runs.values():
        if run.check is not None:
            digest = run.check.thumbnails.get(name, digest)
    chunk = link.read(Ref("content", digest))
    if not chunk.data:
        raise Missing(chunk.note or "no picture of this name is kept", where=name)
    return chunk.data


def _facts(name: str, data: bytes, opened: Opened, way: str) -> dict[str, Any]:
    return {
        "image": name,
        "width": opened.size[0],
        "height": opened.size[1],
        "mode": opened.mode,
        "note": opened.note,
        "digest": hashlib.sha256(data).hexdigest(),
        "way": way,
    }


def _print(opened: Opened, choice: Choice) -> None:
    columns, rows = shutil.get_terminal_size()
    room = Box(columns, max(1, rows - ROWS_LEFT))
    if choice.way == "sixel":
        from scanflow_tui.images.scaling import fitted_to, nearest

        shown = nearest(opened.pixels, *fitted_to(opened.pixels, room, choice.cell))
        output.write_bytes(sixel_package.printed(shown) + b"\n")
        return
    from scanflow_tui.images.ways import encoder_of

    painting = encoder_of(choice.way).paint(opened.pixels, room, choice.cell)
    if choice.way == "kitty":
        from scanflow_tui.images import kitty

        output.write_bytes(kitty.show(painting.payload) + b"\n")
    elif choice.way == "placeholders":
        _print_placeholders(painting)
    elif choice.way == "iterm":
        output.write_bytes(painting.payload + b"\n" * painting.rows)
    else:
        _print_cells(painting, is_coloured=choice.way == "half")


def _print_placeholders(painting: Painting) -> None:
    """The pixels past tmux, and the characters that stand for them."""
    from scanflow_tui.images import placeholders

    number = int.from_bytes(hashlib.sha256(painting.payload).digest()[:4])
    box = Box(painting.columns, painting.rows)
    lines = (placeholders.line(number, row, 0, box.columns) for row in range(box.rows))
    output.write_bytes(placeholders.transmit(number, painting.payload, box))
    output.write_bytes("".join(f"{line}\x1b[0m\n" for line in lines).encode())


def _print_cells(painting: Painting, *, is_coloured: bool) -> None:
    """Cells line by line; with colours in as many as the terminal says that it has."""
    if not is_coloured:
        for row in painting.cells:
            output.write("".join(cell.char for cell in row).rstrip())
        return
    from rich.color import Color, ColorSystem
    from rich.style import Style

    has_all = os.environ.get("COLORTERM", "") in ("truecolor", "24bit") or not sys.stdout.isatty()
    colours = ColorSystem.TRUECOLOR if has_all else ColorSystem.EIGHT_BIT
    lines = []
    for row in painting.cells:
        parts = []
        for cell, same in groupby(row):
            style = Style.from_color(
                None if cell.fg is None else Color.from_rgb(*cell.fg),
                None if cell.bg is None else Color.from_rgb(*cell.bg),
            )
            parts.append(style.render(cell.char * len(list(same)), color_system=colours))
        lines.append("".join(parts))
    output.write_bytes(("\n".join(lines) + "\n").encode())
