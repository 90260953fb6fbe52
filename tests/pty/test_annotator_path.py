"""From opening to 50 labels and the end, by somebody who has read nothing but the screen."""

from __future__ import annotations

import re
import sys

import pytest

from tests.pty.terminal import Terminal

PROGRAM = [sys.executable, "-m", "tests.pty.annotator"]
NAMED = {"space": " ", "enter": "\r", "esc": "\x1b"}
ANSWERS = ("\x1b[?1;2c",)
"""What a terminal without pictures says of itself."""

N_LABELS = 50

pytestmark = [pytest.mark.pty, pytest.mark.slow]


class Newcomer:
    """Presses only what the screen says, by the words beside the key."""

    def __init__(self, terminal: Terminal) -> None:
        self.it = terminal
        self.pressed: list[str] = []

    def key_for(self, words: str) -> str:
        """The key that stands before these words, as ``key words`` or ``[key] words``."""
        said = rf"(?:^|\s)\[?([a-z]+|\S)\]? {re.escape(words)}(?=\s|$)"
        return self.it.until_match(said)[1]

    def press(self, words: str) -> None:
        key = self.key_for(words)
        self.pressed.append(key)
        self.it.keys(NAMED.get(key, key))

    def sees(self, n: int) -> None:
        """Wait for the count in the top bar, and for an image that has no label."""
        self.it.until_match(rf"\b{n} of 70 ·")
        self.it.until("no label yet")
        self.it.whole()

    def guess(self) -> str | None:
        """The class that the model guesses, as the screen names it; None where it does not."""
        return self.it.until_match(r"guess\s+(?:hidden|\S+ (\w+) \.?\d)")[1]


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
def test_every_key_from_opening_to_fifty_labels_is_on_screen(size: tuple[int, int]) -> None:
    columns, lines = size
    with Terminal(PROGRAM, columns, lines, ANSWERS) as it:
        one = Newcomer(it)
        it.until("needs you", "opens the images to label")
        one.press("opens the images to label")
        it.until("> Label", "no label yet", "the next image comes by itself")
        for n in range(N_LABELS):
            one.sees(n)
            guess = one.guess()
            if guess is None:
                one.press("three")
            elif n % 3:
                one.press("accept guess")
            else:
                one.press(guess)
            one.sees(n + 1)
        one.press("undo")
        one.sees(N_LABELS - 1)
        one.press("skip")
        one.sees(N_LABELS)
        one.press("finish")
        it.until(f"{N_LABELS - 1} labelled", "1 skipped", "20 left")
        one.press("finish labelling")
        it.until("Nothing to label", "[enter] evidence")
        assert len(one.pressed) == N_LABELS + 5
