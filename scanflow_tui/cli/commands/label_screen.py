"""``scanflow label`` on a terminal: the Label screen, its state asked for while modules load."""

from __future__ import annotations

import gc
from functools import partial

from scanflow_tui.cli.at_terminal import need_terminal
from scanflow_tui.cli.choosing import session_folder
from scanflow_tui.client.early import Early


def execute(session: str | None, root: str | None, images: str | None = None) -> int:
    """Straight to the queue. Raises UsageError on an unknown way to show pictures, and where the
    input is no terminal.
    """
    need_terminal("--json prints the queue, --labels FILE takes labels")
    if images is not None:
        from scanflow_tui.cli.picture_wish import wish_of

        wish_of(images)
    folder = session_folder(session, root)
    early = Early(folder, "scanflow")
    gc.disable()
    from scanflow_tui.cli.commands.open import show
    from scanflow_tui.cli.picture_wish import wish_of
    from scanflow_tui.client.live import LiveSource

    gc.freeze()
    gc.enable()
    opens = partial(LiveSource, folder, "scanflow", early)
    return show(None, folder.parent, folder.name, "label", opens=opens, images=wish_of(images))
