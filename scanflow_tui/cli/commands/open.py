"""``scanflow [SESSION]``: the terminal UI on a session, or on the list of sessions."""

from __future__ import annotations

from pathlib import Path

from scanflow_tui.cli import output
from scanflow_tui.cli.choosing import session_folder, sessions_root
from scanflow_tui.client.live import LiveSource
from scanflow_tui.client.source import Source
from scanflow_tui.session import places
from scanflow_tui.tui.app import ScanflowApp
from scanflow_tui.tui.doors import Doors


def execute(session: str | None, root: str | None, screen: str | None, ascii_only: bool) -> int:
    """Open the UI; with one session and no name, on that one."""
    folder = sessions_root(root)
    names = places.session_names(folder)
    if session is not None:
        chosen: Path | None = session_folder(session, root)
    else:
        chosen = folder / names[0] if len(names) == 1 else None
    source = LiveSource(chosen, "scanflow") if chosen is not None else None
    return show(source, folder, chosen.name if chosen else "", screen, ascii_only)


def show(
    source: Source | None, root: Path, name: str, screen: str | None, ascii_only: bool = False
) -> int:
    """Run the UI until it is left; its exit code."""
    app = ScanflowApp(source, root, screen, name=name, doors=doors(root), ascii=ascii_only)
    code = app.run()
    if app.left_running:
        output.note(f"The run goes on; scanflow {name} comes back to it.")
    return code or app.return_code or 0


def doors(root: Path) -> Doors:
    """Ways to sessions that the screens are lent."""
    return Doors(
        open_live=lambda name: LiveSource(root / name, "scanflow"),
        open_replay=lambda name: _recorded(root / name),
        verify=lambda name: _verify(root / name),
        create=lambda: _create(root),
    )


def _recorded(folder: Path) -> Source:
    from scanflow_tui.client.recorded import RecordedSource

    return RecordedSource(folder)


async def _verify(folder: Path) -> str:
    from scanflow_tui.client.tape import open_tape

    tape = await open_tape(folder)
    try:
        return await tape.verdict()
    finally:
        await tape.close()


async def _create(root: Path) -> str:
    import asyncio

    from scanflow_tui.cli.commands.run import create_here

    return (await asyncio.to_thread(create_here, root, None, ".", "auto")).name
