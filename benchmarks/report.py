"""Rows of a benchmark: a claim, its target, the figure found, met or missed; a table and JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Row:
    """One claim. ``met`` is None without a target; ``figures`` are what stands behind it."""

    claim: str
    target: str
    figure: str
    met: bool | None = None
    figures: Any = None


def show(title: str, rows: Sequence[Row]) -> None:
    """Print the rows as a table on standard output."""
    table = Table(title=title, title_justify="left")
    for name in ("claim", "target", "figure", ""):
        table.add_column(name, overflow="fold")
    words = {None: "", True: "met", False: "MISSED"}
    for row in rows:
        table.add_row(row.claim, row.target, row.figure, words[row.met])
    Console(width=170, highlight=False).print(table)


def save(path: Path, rows: Sequence[Row], about: dict[str, Any]) -> None:
    """Write the rows and what they were measured with as JSON."""
    found = {"about": about, "rows": [asdict(row) for row in rows]}
    path.write_text(json.dumps(found, indent=1) + "\n")
