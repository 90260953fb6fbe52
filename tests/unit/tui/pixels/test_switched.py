"""Terminals differ in how much of one sequence they read: none of ours is longer than all take."""

from __future__ import annotations

import itertools
import re

import pytest

from scanflow_tui.tui.pixels.writing import PARAMETERS_MAX, switched

PLAIN = ""
BOLD = "\x1b[1;38;2;140;200;255;48;2;15;19;25m"
DIM = "\x1b[2;3;38;2;138;148;163;48;2;28;36;48m"
REVERSED = "\x1b[1;7;34;103m"


@pytest.mark.parametrize(
    ("old", "new"), [*itertools.permutations((PLAIN, BOLD, DIM, REVERSED), 2), (BOLD, BOLD[:-1])]
)
def test_no_sequence_is_longer_than_mlterm_reads(old: str, new: str) -> None:
    told = re.findall(r"\x1b\[([\d;]*)m", switched(old, new))
    assert told or new == BOLD[:-1]
    assert all(len(one.split(";")) <= PARAMETERS_MAX for one in told)


def test_a_bold_text_on_a_ground_of_its_own_is_told_in_two() -> None:
    assert switched(PLAIN, BOLD) == "\x1b[1;38;2;140;200;255m\x1b[48;2;15;19;25m"
