"""The sessions that lie below a root, from the small file beside each. Opens no database."""

from __future__ import annotations

from pathlib import Path

from scanflow_tui.contract.errors import ScanflowError
from scanflow_tui.session import index, places
from scanflow_tui.session.index import Entry


def sessions(root: Path) -> tuple[list[Entry], str]:
    """Every session, and what went wrong as a sentence (empty where nothing did)."""
    try:
        return (index.entries(root), "")
    except ScanflowError as error:
        return ([], error.sentence())
    except OSError as error:
        return ([], f"{root} cannot be read ({error.strerror})")


def session_names(root: Path) -> list[str]:
    """The names alone, for the palette."""
    try:
        return places.session_names(root)
    except (ScanflowError, OSError):
        return []
