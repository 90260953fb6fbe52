"""Taking screens off the stack, whatever they are at."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from scanflow_tui.tui.screens.place import Place

if TYPE_CHECKING:
    from textual.app import App

MOUNT_S_MAX = 2.0


def pop(app: App[Any]) -> None:
    """Take the screen on top away; what it is looking for, it looks for in widgets that go now."""
    screen = app.screen
    if not isinstance(screen, Place):
        app.workers.cancel_node(screen)
    app.pop_screen()


async def top_is_there(app: App[Any]) -> None:
    """Until the screen on top is mounted: one that is taken away before that ends in an error."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(MOUNT_S_MAX):
            while not app.screen.is_mounted:
                await app.screen._mounted_event.wait()
