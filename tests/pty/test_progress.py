"""Progress on a real terminal shows what foreign programs print, and obeys nothing of it."""

from __future__ import annotations

import os
import pty
import sys

import pytest

from tests.tidy.source import ROOT

pytestmark = pytest.mark.pty

PROGRAM = """
from scanflow_tui.cli import output
with output.progress("building") as tell:
    tell(0.5, 'step 3: ADD [/b] \\x1b[31mred ' + "y" * 300)
"""


def on_a_terminal(program: str) -> tuple[int, str]:
    """Exit code and output of a Python program that has a terminal."""
    pid, terminal = pty.fork()
    if pid == 0:
        env = {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLUMNS": "80"}
        os.execve(sys.executable, [sys.executable, "-c", program], env)
    said = b""
    try:
        while data := os.read(terminal, 65536):
            said += data
    except OSError:
        # Linux answers so once the other side is closed.
        pass
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said.decode("utf-8")


def test_what_a_build_prints_is_no_markup_and_no_escape() -> None:
    code, said = on_a_terminal(PROGRAM)
    assert code == 0, said
    assert "[/b] \\x1b[31mred" in said
    assert "\x1b[31mred" not in said
    assert "0:00:00" in said.rsplit("step 3", 1)[1], "the clock is not pushed out"
