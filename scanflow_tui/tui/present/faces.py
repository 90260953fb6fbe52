"""The faces of a pane with nothing of its own to show: an error, or still loading. Pure."""

from __future__ import annotations

from rich.text import Text

from scanflow_tui.tui.known import Known
from scanflow_tui.tui.theme import TONES


def waiting(known: Known) -> list[Text]:
    """What stands in the way of any state, or nothing once there is one."""
    if known.error:
        return [Text(""), Text(f"  ✖ {known.error}", TONES["bad"])]
    if known.state is None:
        return [Text(""), Text("  ⠋ loading…", TONES["dim"])]
    return []
