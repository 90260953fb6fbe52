"""Which session a command means: the one that is named, else the only one, else the pipeline's."""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path

from scanflow_tui.contract import ids
from scanflow_tui.contract.errors import UsageError
from scanflow_tui.session import index, places


def sessions_root(root: str | None) -> Path:
    """Where sessions lie."""
    return places.sessions_root(root)


def session_folder(name: str | None, root: str | None) -> Path:
    """The folder of an existing session. Raises UsageError, naming the nearest or all."""
    folder = sessions_root(root)
    if name is not None and _is_here(folder, name):
        return folder / name
    known = {entry.name for entry in index.entries(folder)}
    if name is None:
        return folder / _only(known, folder)
    if name in known:
        return folder / name
    near = get_close_matches(name, known, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else "scanflow sessions lists them."
    raise UsageError(f"there is no session {name!r} in {folder}", hint=hint)


def _is_here(folder: Path, name: str) -> bool:
    """Whether a session lies in a root that may be passed through and not be listed."""
    if os.access(folder, os.R_OK) or not ids.SESSION_NAME.fullmatch(name):
        return False
    return os.access(folder / name / "session.duckdb", os.F_OK)


def _only(known: set[str], folder: Path) -> str:
    if len(known) == 1:
        return next(iter(known))
    here = Path("pipeline.yaml")
    if here.exists():
        from scanflow_tui.workflow.lint import read

        name = read(here.read_text(encoding="utf-8")).name
        if name in known:
            return name
    if not known:
        raise UsageError(f"there is no session in {folder}", hint="scanflow demo makes one.")
    raise UsageError(
        f"{len(known)} sessions lie in {folder}",
        hint="Name one of: " + ", ".join(sorted(known)[:10]) + ".",
    )
