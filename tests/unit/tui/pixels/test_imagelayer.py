"""Frames with pictures: sent once, anew where rewritten, in parts where something covers them."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable

import numpy as np
import pytest
from rich.color import ColorSystem
from rich.segment import Segment
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from scanflow_tui.images.probe import Surroundings
from scanflow_tui.images.protocol import BLANK, Box, CellSize, Painting, Way
from scanflow_tui.tui.pixels.imagelayer import ImageLayer
from scanflow_tui.tui.pixels.sheets import N_CODES, Sheets
from scanflow_tui.tui.pixels.showing import Showing
from tests.tidy.source import ROOT
from tests.unit.images.sixel_decoder import decode

SIZE = (20, 6)
CELL = CellSize(10, 20)
PIXELS = np.random.default_rng(3).integers(0, 256, (20, 20), dtype=np.uint8)
SIXEL = re.compile(rb"\x1bP.*?\x1b\\", re.DOTALL)
BOX = Box(4, 2)


def shown(way: Way) -> tuple[Showing, ImageLayer]:
    made = Showing(way, is_plain=False)
    replies = ("\x1b[6;20;10t", "\x1b[?62;4c")
    made.answered(replies, Surroundings(20, 6))
    assert made.layer is not None
    return made, made.layer


def screen(strips: tuple[Strip, ...], x: int = 2, y: int = 1) -> LayoutUpdate:
    """A whole screen with a picture on it."""
    rows: list[Iterable[Strip]] = []
    for row in range(SIZE[1]):
        if y <= row < y + len(strips):
            strip = strips[row - y]
            right = SIZE[0] - x - strip.cell_length
            rows.append([Strip([Segment("." * x), *strip, Segment("." * right)])])
        else:
            rows.append([Strip([Segment("." * SIZE[0])])])
    return LayoutUpdate(rows, Region(0, 0, *SIZE))


def part(text: str, x: int, y: int) -> ChopsUpdate:
    """A few cells of one line."""
    strip = Strip([Segment(text)], len(text))
    chops: list[dict[int, Strip | None]] = [{} for _ in range(SIZE[1])]
    ends: list[list[int]] = [[] for _ in range(SIZE[1])]
    chops[y], ends[y] = {x: strip}, [x + len(text)]
    return ChopsUpdate(chops, [(y, x, x + len(text))], ends)


def sent(layer: ImageLayer, update: LayoutUpdate | ChopsUpdate) -> bytes:
    return layer.painted(update, SIZE, ColorSystem.TRUECOLOR).encode()


def test_a_picture_is_sent_at_its_place_and_once() -> None:
    showing, layer = shown("sixel")
    strips, _ = showing.strips(PIXELS, BOX)
    first = sent(layer, screen(strips))
    (picture,) = SIXEL.findall(first)
    assert b"\x1b[2;3H\x1bP" in first
    assert np.abs(decode(picture)[..., 0].astype(int) - np.kron(PIXELS, np.ones((2, 2)))).max() <= 1
    assert sent(layer, screen(strips)) == b""


def test_no_private_character_is_ever_written() -> None:
    showing, layer = shown("sixel")
    strips, _ = showing.strips(PIXELS, BOX)
    assert all(ord(char) < 0xF0000 for char in sent(layer, screen(strips)).decode())


def test_text_beside_a_picture_sends_no_picture() -> None:
    showing, layer = shown("sixel")
    strips, _ = showing.strips(PIXELS, BOX)
    sent(layer, screen(strips))
    assert sent(layer, part("x", 0, 2)) == b"\x1b[3;1Hx"


def test_what_a_dialog_covered_is_sent_when_it_goes() -> None:
    showing, layer = shown("sixel")
    strips, _ = showing.strips(PIXELS, BOX)
    whole = screen(strips)
    sent(layer, whole)
    assert not SIXEL.findall(sent(layer, part("##", 2, 1)))
    (picture,) = SIXEL.findall(sent(layer, whole))
    assert decode(picture).shape[:2] == (40, 40)


def test_a_picture_that_is_partly_covered_is_sent_in_parts() -> None:
    showing, layer = shown("sixel")
    strips, _ = showing.strips(PIXELS, BOX)
    whole = screen(strips)
    rows: list[Iterable[Strip]] = [list(line) for line in whole.strips]
    line = Strip.join(rows[1])
    rows[1] = [line.crop(0, 2), Strip([Segment("##")], 2), line.crop(4)]
    shapes = [
        decode(picture).shape[:2]
        for picture in SIXEL.findall(sent(layer, LayoutUpdate(rows, whole.region)))
    ]
    assert sorted(shapes) == [(20, 20), (20, 40)]


def test_kitty_gets_a_picture_once_and_its_place_anew() -> None:
    showing, layer = shown("kitty")
    strips, _ = showing.strips(PIXELS, BOX)
    first = sent(layer, screen(strips))
    moved = sent(layer, screen(strips, x=5))
    assert first.count(b"a=t,") == 1 and first.count(b"a=p,") == 1
    assert b"a=t," not in moved and moved.count(b"a=d,") >= 1 and moved.count(b"a=p,") == 1


def test_kitty_takes_a_covered_picture_back() -> None:
    showing, layer = shown("kitty")
    strips, _ = showing.strips(PIXELS, BOX)
    sent(layer, screen(strips))
    covered = sent(layer, part("##", 2, 1))
    assert covered.count(b"a=d,") == 1 and covered.count(b"a=p,") == 2
    gone = sent(layer, screen(()))
    assert gone.count(b"a=d,") == 2 and b"a=p," not in gone


@pytest.mark.parametrize("way", ["sixel", "kitty", "iterm"])
def test_everything_is_sent_after_something_else_wrote(way: Way) -> None:
    showing, layer = shown(way)
    strips, _ = showing.strips(PIXELS, BOX)
    sent(layer, screen(strips))
    before = layer.n_images
    layer.forget(*SIZE)
    assert sent(layer, screen(strips)) and layer.n_images == before + 1


def test_characters_go_round_and_the_oldest_picture_is_forgotten() -> None:
    sheets = Sheets()
    painting = Painting(((BLANK,) * 100,) * 100, b"x")
    numbers = [
        sheets.lay(PIXELS, painting, Box(100, 100), CELL)[0] for _ in range(N_CODES // 10_000 + 1)
    ]
    assert sheets.sheet(numbers[0]) is None
    assert all(sheets.sheet(number) is not None for number in numbers[1:])
    number, strips = sheets.lay(PIXELS, Painting(((BLANK,) * 3,) * 2, b"x"), Box(3, 2), CELL)
    piece = sheets.piece_of(strips[1].text[2])
    assert piece is not None and (piece.picture, piece.column, piece.row) == (number, 2, 1)


def test_half_blocks_until_the_terminal_has_answered() -> None:
    showing = Showing("auto", is_plain=False)
    showing.asked(0.0)
    assert showing.is_asking(0.5) and not showing.is_asking(4.0)
    assert not showing.has_pixels and showing.strips(PIXELS, BOX)[1] == 0
    assert not showing.answered(("\x1b[6;20;10t",), Surroundings(80, 24))
    assert showing.answered(("\x1b[6;20;10t", "\x1b[?62;4c"), Surroundings(80, 24))
    assert showing.has_pixels and showing.generation == 1 and not showing.is_asking(0.5)


@pytest.mark.parametrize(("way", "has_pixels"), [("half", False), ("sixel", True)])
def test_a_wish_is_kept_without_an_answer(way: Way, has_pixels: bool) -> None:
    assert Showing(way, is_plain=False).has_pixels is has_pixels


def test_without_colours_there_are_shades_whatever_is_wished() -> None:
    showing = Showing("sixel", is_plain=True)
    assert showing.choice.way == "ascii"
    showing.answered(("\x1b[?62;4c",), Surroundings(80, 24))
    assert showing.choice.way == "ascii"


def test_a_frame_without_pictures_loads_no_encoder() -> None:
    program = (
        "import sys\n"
        "from tests.unit.tui.plain_frame import painted\n"
        "assert painted().startswith('\\x1b[1;1H')\n"
        "assert 'numpy' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


def test_another_font_makes_pictures_another_size() -> None:
    showing = Showing("auto", is_plain=False)
    replies = ("\x1b[6;20;10t", "\x1b[?62;4c")
    showing.answered(replies, Surroundings(80, 24, 800, 480))
    before = showing.layer
    assert not showing.resized(Surroundings(40, 12, 400, 240))
    assert showing.layer is before
    assert showing.resized(Surroundings(50, 15, 400, 240))
    assert showing.choice.cell == CellSize(8, 16) and showing.generation == 2
    assert showing.layer is not before


def test_a_large_picture_is_no_larger_than_xterm_shows() -> None:
    showing = Showing("auto", is_plain=False)
    replies = ("\x1bP>|XTerm(379)\x1b\\", "\x1b[?2;0;1000;1000S", "\x1b[?63;1;4c")
    showing.answered(replies, Surroundings(200, 80, 1600, 1280))
    assert showing.choice.cell == CellSize(8, 16)
    assert showing.large(100, 100, Box(190, 75)) == Box(113, 57)


def test_without_pixels_another_font_changes_nothing() -> None:
    showing = Showing("half", is_plain=False)
    showing.answered(("\x1b[?62c",), Surroundings(80, 24, 800, 480))
    assert not showing.resized(Surroundings(100, 30, 800, 480))


def test_in_tmux_a_picture_is_characters_and_its_pixels_go_past_it_once() -> None:
    showing, layer = shown("placeholders")
    strips, _ = showing.strips(PIXELS, BOX)
    first = sent(layer, screen(strips))
    assert first.count(b"\x1bPtmux;") == 1 and b"U=1" in first
    assert first.count("\U0010eeee".encode()) == BOX.columns * BOX.rows
    assert sent(layer, screen(strips)) == b""
    assert "\U0010eeee".encode() not in sent(layer, part("dialog", 1, 1))
    again = sent(layer, screen(strips))
    assert b"Ptmux" not in again and again.count("\U0010eeee".encode()) == BOX.columns * BOX.rows
    assert layer.ended().count("a=d,d=I") == 1 and layer.ended() == ""


def test_in_tmux_all_is_sent_again_when_all_is_drawn_anew() -> None:
    showing, layer = shown("placeholders")
    strips, _ = showing.strips(PIXELS, BOX)
    before = sent(layer, screen(strips))
    gone = layer.forget(*SIZE)
    assert gone.startswith("\x1bPtmux;") and "a=d,d=a" not in gone
    assert sent(layer, screen(strips)) == before
