"""An app whose keys may take a short way: what goes the framework's way is not overtaken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.app import App

if TYPE_CHECKING:
    from scanflow_tui.tui.terminal.direct import Direct


class QuickApp(App[int]):
    """See ``tui/terminal/direct``."""

    direct: Direct

    async def on_event(self, event: events.Event) -> None:
        """As the framework does; a key that comes meanwhile waits for one that is under way."""
        if isinstance(event, events.Key):
            with self.direct.long_way():
                await super().on_event(event)
        else:
            await super().on_event(event)
