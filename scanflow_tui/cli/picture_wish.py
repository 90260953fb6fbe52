"""How pictures are wanted: by ``--images``, else by ``SCANFLOW_IMAGES``, else as it is best."""

from __future__ import annotations

import os

from scanflow_tui.contract.errors import UsageError
from scanflow_tui.tui.pixels.showing import WISHES, Wish


def wish_of(images: str | None) -> Wish:
    """The wish as a word. Raises UsageError."""
    word = images or os.environ.get("SCANFLOW_IMAGES") or "auto"
    for wish in WISHES:
        if word == wish:
            return wish
    raise UsageError(
        f"{word!r} is no way to show pictures", hint=f"--images takes {', '.join(WISHES)}"
    )
