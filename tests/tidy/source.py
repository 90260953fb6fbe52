"""The project's own source, parsed once for all tidy tests."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "scanflow_tui"


@cache
def modules() -> tuple[tuple[str, str, ast.Module], ...]:
    """(path below the root, text, tree) of every module of the package and the pipelines."""
    paths = sorted(PACKAGE.rglob("*.py")) + sorted((ROOT / "pipelines").rglob("*.py"))
    found = []
    for path in paths:
        text = path.read_text(encoding="utf-8")
        found.append((str(path.relative_to(ROOT)), text, ast.parse(text)))
    return tuple(found)
