"""``scanflow [SESSION]``: the terminal UI on a session, or on the list of sessions."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from scanflow_tui.cli import output
from scanflow_tui.cli.at_terminal import need_terminal
from scanflow_tui.cli.choosing import session_folder, sessions_root
from scanflow_tui.cli.picture_wish import wish_of
from scanflow_tui.session import places
from scanflow_tui.tui.app import ScanflowApp
from scanflow_tui.tui.doors import Doors

if TYPE_CHECKING:
    from scanflow_tui.client.source import Source
    from scanflow_tui.tui.pixels.showing import Wish


def execute(
    session: str | None,
    root: str | None,
    screen: str | None,
    ascii_only: bool,
    images: str | None = None,
) -> int:
    """Open the UI; with one session and no name, on that one."""
    how = wish_of(images)
    folder = sessions_root(root)
    names = places.session_names(folder)
    if session is not None:
        chosen: Path | None = session_folder(session, root)
    else:
        chosen = folder / names[0] if len(names) == 1 else None
    need_terminal("scanflow sessions, status and runs print what is known; --help lists all")
    if chosen is None:
        return show(None, folder, "", screen, ascii_only, images=how)
    opens = partial(_live, chosen)
    return show(None, folder, chosen.name, screen, ascii_only, opens=opens, images=how)


def show(
    source: Source | None,
    root: Path,
    name: str,
    screen: str | None,
    ascii_only: bool = False,
    *,
    opens: Callable[[], Source] | None = None,
    images: Wish | None = None,
) -> int:
    """Run the UI until it is left; its exit code. ``opens`` makes the source, after the paint."""
    app = ScanflowApp(
        source, root, screen, name=name, opens=opens, doors=doors(root), ascii=ascii_only,
        images=images or wish_of(None),
    )  # fmt: skip
    code = run(app)
    if app.left_running:
        output.note(f"The run goes on; scanflow {name} comes back to it.")
    return code


def run(app: ScanflowApp) -> int:
    """Run the UI until it is left; its exit code. Raises the defect that ended it."""
    # With a mouse GNU screen keeps an escape back until the next key comes.
    code = app.run(mouse=not os.environ.get("STY"))
    if app.defect is not None:
        raise app.defect
    return code or app.return_code or 0


def doors(root: Path) -> Doors:
    """Ways to sessions that the screens are lent."""
    return Doors(
        open_live=lambda name: _live(root / name),
        open_replay=lambda name: _recorded(root / name),
        verify=lambda name: _verify(root / name),
        create=lambda: _create(root),
    )


def _live(folder: Path) -> Source:
    # The wire, the commands and the events: nothing of them is painted first.
    from scanflow_tui.client.live import LiveSource

    return LiveSource(folder, "scanflow")


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
