"""Whether a person sits at this program: the screens need a terminal, for input and output."""

from __future__ import annotations

import os
import sys

from scanflow_tui.contract.errors import UsageError


def need_terminal(hint: str) -> None:
    """Raises UsageError without a terminal; ``hint`` names what works there."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("the screens need a terminal, for input and output", hint=hint)


def open_closed() -> None:
    """Give a standard stream that was closed (``<&-``) nothing to read and nowhere to write.

    Else the next file that is opened would be taken for it.
    """
    for handle, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            nothing = os.open(os.devnull, os.O_RDWR)
            if nothing != handle:
                os.dup2(nothing, handle)
                os.close(nothing)
            setattr(sys, name, open(handle, mode, encoding="utf-8"))  # noqa: SIM115
