"""``scanflow label`` on a terminal: the Label screen, its state asked for while modules load."""

from __future__ import annotations

import gc
from functools import partial

from scanflow_tui.cli.choosing import session_folder
from scanflow_tui.client.early import Early


def execute(session: str | None, root: str | None) -> int:
    """Straight to the queue."""
    folder = session_folder(session, root)
    early = Early(folder, "scanflow")
    gc.disable()
    from scanflow_tui.cli.commands.open import show
    from scanflow_tui.client.live import LiveSource

    gc.freeze()
    gc.enable()
    opens = partial(LiveSource, folder, "scanflow", early)
    return show(None, folder.parent, folder.name, "label", opens=opens)
