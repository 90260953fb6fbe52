"""What is known of a terminal without asking it: its window, and the environment."""

from __future__ import annotations

import fcntl
import os
import struct
import termios

from scanflow_tui.images.probe import Surroundings


def surroundings(terminal: int) -> Surroundings:
    """Of an open terminal, by its descriptor; zeros where the system does not know its window."""
    try:
        told = fcntl.ioctl(terminal, termios.TIOCGWINSZ, bytes(8))
    except OSError:
        told = bytes(8)
    rows, columns, width_px, height_px = struct.unpack("HHHH", told)
    return Surroundings(columns, rows, width_px, height_px, os.environ)
