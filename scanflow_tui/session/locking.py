"""Taking a lock that somebody holds for a moment: tried again and again, for so long."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable


def taken(
    handle: int, patience_s: float, pause_s: float, is_vain: Callable[[], bool] | None = None
) -> bool:
    """Take the lock of an open file for oneself alone; False where it is held until the end of
    patience, or ``is_vain`` says before that it will be held. Raises OSError.
    """
    until_s = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if (is_vain is not None and is_vain()) or time.monotonic() > until_s:
                return False
            time.sleep(pause_s)
        else:
            return True
