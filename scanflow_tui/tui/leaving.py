"""Leaving the app, or a session, once what was said is saved. Runs go on without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanflow_tui.contract.errors import DamagedSession

if TYPE_CHECKING:
    from scanflow_tui.tui.app import ScanflowApp


def leave(app: ScanflowApp) -> None:
    """Leave the app; a person is asked first where something is not saved yet."""
    if app.known.unsaved:
        app.run_worker(_leave_saved(app), group="leave", exclusive=True)
    else:
        _exit(app)


async def all_saved(app: ScanflowApp) -> bool:
    """Wait until nothing is unsaved; False where a person rather stays."""
    if not app.known.unsaved:
        return True
    from scanflow_tui.tui.widgets.unsaved import Unsaved

    answer: bool = await app.push_screen_wait(Unsaved(lambda: app.known.unsaved))
    return answer


async def _leave_saved(app: ScanflowApp) -> None:
    if await all_saved(app):
        _exit(app)


def _exit(app: ScanflowApp) -> None:
    known = app.known
    running = known.state is not None and any(
        run.state == "running" for run in known.state.runs.values()
    )
    app.left_running = running and known.writable
    transport = app.transport
    altered = transport is not None and transport.verdict.startswith("✖")
    app.exit(DamagedSession.exit_code if altered else 0)
