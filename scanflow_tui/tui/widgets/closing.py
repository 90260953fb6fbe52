"""How a dialog closes: once, whatever keys were on their way to it."""

from __future__ import annotations

from typing import TypeVar

from textual.screen import ModalScreen

T = TypeVar("T")


def close(dialog: ModalScreen[T], result: T) -> None:
    """Close it with a result; nothing where it is closed: that would close what is below it."""
    if dialog.is_current:
        dialog.dismiss(result)
