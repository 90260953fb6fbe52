"""``scanflow show`` on a terminal: sixel where it is told of, half-blocks where nothing is said."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.pty.terminal import SIXEL_ANSWERS, Terminal
from tests.unit.images.sixel_decoder import decode

pytestmark = pytest.mark.pty

SCANFLOW = str(Path(sys.executable).with_name("scanflow"))


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    Image.fromarray(np.eye(9, dtype=np.uint8) * 255).save(tmp_path / "eye.png")
    return tmp_path / "eye.png"


def test_a_terminal_with_sixel_is_shown_the_picture_by_the_pixel(picture: Path) -> None:
    with Terminal([SCANFLOW, "show", str(picture)], answers=SIXEL_ANSWERS) as terminal:
        assert terminal.ended() == 0
        found = re.search(rb"\x1bP[\d;]*q.*?\x1b\\", terminal.raw, re.DOTALL)
        assert found is not None
        shown = decode(found[0])
        side = shown.shape[0] // 9
        assert (shown[::side, ::side, 0] > 200).tolist() == np.eye(9, dtype=bool).tolist()


def test_a_terminal_that_says_nothing_gets_half_blocks(picture: Path) -> None:
    with Terminal([SCANFLOW, "show", str(picture)]) as terminal:
        assert terminal.ended() == 0
        assert "eye.png · 9x9 · L" in terminal.text()
        assert "▀" in terminal.text()
        assert b"\x1bP" not in terminal.raw
