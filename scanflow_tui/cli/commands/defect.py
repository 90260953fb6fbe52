"""Where the traceback of a defect goes: a file under the user's state folder."""

from __future__ import annotations

import os
import traceback
from pathlib import Path


def write_traceback(error: BaseException) -> Path:
    """Write the traceback down; the file's path."""
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    folder = state / "scanflow"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"defect-{os.getpid()}.log"
    path.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    return path
