"""Where what ScanFlow ships lies: pipelines and a recorded session, in a checkout or in the
wheel.
"""

from __future__ import annotations

from pathlib import Path

import scanflow_tui


def shipped(kind: str) -> Path:
    """The folder of shipped ``pipelines`` or ``sessions``."""
    package = Path(scanflow_tui.__file__).parent
    inside = package / "_shipped" / kind
    return inside if inside.is_dir() else package.parent / kind


def shipped_pipelines() -> dict[str, Path]:
    """Each shipped pipeline by name."""
    return {
        path.parent.name: path.parent
        for path in sorted(shipped("pipelines").glob("*/pipeline.yaml"))
    }


def shipped_sessions() -> list[Path]:
    """Each shipped recorded session, a file."""
    return sorted(shipped("sessions").glob("*.duckdb"))
