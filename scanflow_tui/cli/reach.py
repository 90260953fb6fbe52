"""Ways to a session for a command: to read what is there, or to act through its supervisor."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from scanflow_tui.cli.choosing import session_folder
from scanflow_tui.cli.link import Link
from scanflow_tui.contract.errors import UsageError
from scanflow_tui.session.state import RunView, SessionState


def reading(session: str | None, root: str | None) -> Link:
    """A link that changes nothing and starts nothing: of the live session, else of its file."""
    from scanflow_tui.client.recorded import RecordedSource

    folder = session_folder(session, root)
    return Link(RecordedSource(folder), folder)


def reading_file(path: Path) -> Link:
    """The same for a session file or folder, wherever it lies."""
    from scanflow_tui.client.recorded import RecordedSource

    return Link(RecordedSource(path), path)


def acting(session: str | None, root: str | None) -> Link:
    """A link to the session's supervisor, which is started if none runs."""
    from scanflow_tui.client.live import LiveSource

    folder = session_folder(session, root)
    return Link(LiveSource(folder, "scanflow"), folder)


def run_of(state: SessionState, number: int | None) -> RunView:
    """A run by number, or the latest. Raises UsageError."""
    return latest_run(state, number, lambda run: True)


def latest_run(
    state: SessionState, number: int | None, is_meant: Callable[[RunView], bool]
) -> RunView:
    """A run by number, else the latest that is meant, else the latest. Raises UsageError."""
    if not state.runs:
        raise UsageError(f"session {state.name} has no run yet", hint="scanflow run starts one.")
    if number is None:
        meant = [known for known, run in state.runs.items() if is_meant(run)]
        return state.runs[max(meant or state.runs)]
    if number not in state.runs:
        last = max(state.runs)
        has = f"It has runs 1 to {last}." if last > 1 else "It has run 1 only."
        raise UsageError(f"session {state.name} has no run {number}", hint=has)
    return state.runs[number]
