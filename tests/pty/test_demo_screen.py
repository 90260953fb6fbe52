"""The real program on the shipped session, in a pseudo-terminal, from the first frame to the exit
code."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.pty.terminal import Terminal

SHIPPED = Path(__file__).parents[2] / "sessions" / "mnist-demo.duckdb"
REPLAY = [sys.executable, "-m", "scanflow_tui", "replay", str(SHIPPED)]

pytestmark = [pytest.mark.pty, pytest.mark.slow]


def test_the_shipped_session_is_walked_through_by_keys_and_left_with_0() -> None:
    with Terminal(REPLAY) as it:
        it.until("ScanFlow > mnist-demo > Workflow", "READ ONLY", "✔ verified", "run 3 of 3")
        it.keys("r")
        it.until("> Result", "v2 in production", "drifted", "clean")
        it.keys("e")
        it.until("> Decide", "decided: retrain", "reason: scripted: retrain")
        it.keys("<")
        it.until("version 2 is in production")
        it.keys("<")
        it.until("✔ decide  decided: retrain")
        it.keys("d")
        it.until("> Drift > b0002", "alarm limit .01", "held-out")
        it.keys("[")
        it.until("> Drift > b0001", "no alarm")
        it.keys("?")
        it.until("Help: Drift")
        it.keys("q")
        it.until_gone("Help: Drift")
        it.keys("w")
        it.until("> Workflow", "decide · human node")
        it.keys("q")
        assert it.ended() == 0


@pytest.mark.parametrize("size", [(80, 24), (60, 16)])
def test_the_first_frame_fits_small_terminals(size: tuple[int, int]) -> None:
    columns, lines = size
    with Terminal(REPLAY, columns, lines) as it:
        it.until("ScanFlow > mnist-demo", "verified", "? help")
        it.keys("q")
        assert it.ended() == 0


def test_a_key_that_would_change_something_is_refused_in_a_replay() -> None:
    with Terminal(REPLAY) as it:
        it.until("READ ONLY", "✔ verified")
        it.keys("x")
        it.until("read only: this is a replay")
        it.keys("q")
        assert it.ended() == 0


def test_a_file_that_is_no_session_is_said_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "broken.duckdb"
    path.write_bytes(os.urandom(4096))
    with Terminal([*REPLAY[:-1], str(path)]) as it:
        it.until("✖")
        it.keys("q")
        assert it.ended() != 1
        assert "Traceback" not in it.text()
