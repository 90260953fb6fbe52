"""``scanflow sessions``: every session of a root, from the small file beside each."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

from scanflow_tui.cli import output
from scanflow_tui.contract.states import FACES
from scanflow_tui.session import index, places


def execute(root: str | None, as_json: bool) -> int:
    """List the sessions; DuckDB is not opened."""
    folder = places.sessions_root(root)
    entries = index.entries(folder)
    if as_json:
        output.write_json(
            {"sessions": str(folder), "entries": [asdict(entry) for entry in entries]}
        )
        return 0
    if not entries:
        output.write(f"No sessions in {folder} yet. scanflow demo makes one.")
        return 0
    rows = []
    for entry in entries:
        face = FACES.get(entry.state)
        rows.append(
            (
                face.symbol if face else "✖",
                entry.name,
                entry.summary,
                f"{entry.n_runs} runs",
                f"{entry.n_labels} labels",
                when(entry.at),
            )
        )
    output.table(("", "session", "", "", "", "last event"), rows)
    return 0


def when(at_us: int) -> str:
    """A stored time, local with its zone."""
    if not at_us:
        return ""
    return datetime.fromtimestamp(at_us / 1e6, UTC).astimezone().strftime("%Y-%m-%d %H:%M %Z")
