"""The list of sessions as rows. Reads the index files through ``session.index``; draws purely."""

from __future__ import annotations

from pathlib import Path


def session_names(root: Path) -> list[str]:
    """The names of the sessions below a root, for the palette."""
    if not root.is_dir():
        return []
    return sorted(path.parent.name for path in root.glob("*/index.json"))
