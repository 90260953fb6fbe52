"""Ways to a session for a command: to read what is there, or to act through its supervisor."""

from __future__ import annotations

from pathlib import Path

from scanflow_tui.cli.choosing import session_folder
from scanflow_tui.cli.link import Link
from scanflow_tui.contract.errors import UsageError
from scanflow_tui.session.state import RunView, SessionState


def reading(session: str | None, root: str | None) -> Link:
    """A link that changes nothing and starts nothing: live if a supervisor runs, else the file."""
    folder = session_folder(session, root)
    return Link(source_for_reading(folder), folder)


def source_for_reading(folder: Path) -> Link | object:
    raise AssertionError


def acting(session: str | None, root: str | None) -> Link:
    """A link to the session's supervisor, which is started if none runs."""
    from scanflow_tui.client.live import LiveSource

    folder = session_folder(session, root)
    return Link(LiveSource(folder, "scanflow"), folder)


def run_of(state: SessionState, number: int | None) -> RunView:
    """A run by number, or the latest. Raises UsageError."""
    if not state.runs:
        raise UsageError(f"session {state.name} has no run yet", hint="scanflow run starts one.")
    if number is None:
        return state.runs[max(state.runs)]
    if number not in state.runs:
        raise UsageError(
            f"session {state.name} has no run {number}", hint=f"It has 1 to {max(state.runs)}."
        )
    return state.runs[number]
