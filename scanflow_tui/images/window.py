"""What is known of a terminal without asking it: its window, the environment, what tmux says."""

from __future__ import annotations

import fcntl
import os
import struct
import termios
from functools import lru_cache

from scanflow_tui.images.outside import FORMAT, Outside, outside
from scanflow_tui.images.probe import Surroundings

PATIENCE_S = 1.0


def surroundings(terminal: int) -> Surroundings:
    """Of an open terminal, by its descriptor; zeros where the system does not know its window."""
    try:
        told = fcntl.ioctl(terminal, termios.TIOCGWINSZ, bytes(8))
    except OSError:
        told = bytes(8)
    rows, columns, width_px, height_px = struct.unpack("HHHH", told)
    lies = _outside(os.environ["TMUX"]) if os.environ.get("TMUX") else None
    return Surroundings(columns, rows, width_px, height_px, os.environ, lies)


@lru_cache(maxsize=1)
def _outside(tmux: str) -> Outside | None:
    """What a tmux (as it names itself to what runs in it) says of the terminal around it."""
    import subprocess  # only inside of tmux

    pane = os.environ.get("TMUX_PANE", "")
    target = ["-t", pane] if pane else []
    command = ["tmux", "-S", tmux.split(",")[0], "display-message", "-p", *target, FORMAT]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_S, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return outside(done.stdout.decode("utf-8", "replace"))
