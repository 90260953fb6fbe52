"""Asks the terminal what it can show, and waits for it: for ``doctor``, never before a screen."""

from __future__ import annotations

import os
import select
import sys
import termios
import time
import tty
from typing import TYPE_CHECKING, Literal

from scanflow_tui.images.probe import (
    QUERIES,
    SILENT_TERMS,
    Evidence,
    choose,
    evidence_lines,
    read,
)
from scanflow_tui.images.window import surroundings

if TYPE_CHECKING:
    from scanflow_tui.images.protocol import Choice, Way

PATIENCE_S = 2.0
SLOW_S = 0.15
"""A round trip as long as this is a link on which compression helps."""

READ_BYTES = 4096
ANSWERS_MAX = 65_536
"""More than this is no answer, and is read away until it ends."""
QUIET_S = 0.3


def sentences() -> list[str]:
    """What the terminal answered, and how pictures will be shown; nothing without a terminal."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return []
    if os.environ.get("TERM", "") in SILENT_TERMS:
        return [f"Terminal: not asked (TERM is {os.environ.get('TERM') or 'not set'})."]
    text, took_s = asked(sys.stdin.fileno(), sys.stdout.fileno())
    evidence = read([text])
    around = surroundings(sys.stdout.fileno())
    choice = choose(evidence, around)
    said = evidence_lines(evidence, choice, around)
    if evidence.fence and took_s > SLOW_S and "SSH_CONNECTION" in os.environ:
        said.append(
            f"The terminal answers after {took_s * 1e3:.0f} ms: over such a link `ssh -C` makes "
            "pictures about four times smaller."
        )
    return said


def chosen(wish: Way | Literal["auto"]) -> Choice:
    """How pictures go to the terminal on stdout; it is asked only where it decides."""
    around = surroundings(sys.stdout.fileno())
    may_ask = sys.stdin.isatty() and os.environ.get("TERM", "") not in SILENT_TERMS
    needs_to = wish not in ("half", "ascii") and not (wish == "auto" and around.says("NO_COLOR"))
    if not (may_ask and needs_to):
        return choose(Evidence(), around, wish)
    return choose(read([asked(sys.stdin.fileno(), sys.stdout.fileno())[0]]), around, wish)


def asked(source: int, sink: int) -> tuple[str, float]:
    """All that is answered up to the fence, or until patience ends, and the seconds it took."""
    before = termios.tcgetattr(source)
    begun_s = time.monotonic()
    text = ""
    try:
        tty.setraw(source, termios.TCSANOW)
        os.write(sink, QUERIES.encode())
        while (is_noise := len(text) >= ANSWERS_MAX) or not read([text]).fence:
            left_s = PATIENCE_S - (time.monotonic() - begun_s)
            wait_s = min(left_s, QUIET_S) if is_noise else left_s
            if left_s <= 0 or not select.select([source], [], [], wait_s)[0]:
                break
            data = os.read(source, READ_BYTES)
            if not data:
                break
            text += "" if is_noise else data.decode("utf-8", "replace")
    finally:
        # What came of a terminal that answers in no known way is not left to the shell.
        is_known = read([text]).fence
        termios.tcsetattr(source, termios.TCSANOW if is_known else termios.TCSAFLUSH, before)
    return text, time.monotonic() - begun_s
