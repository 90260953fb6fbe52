"""``scanflow du``: what each session takes on the disk, and what no session names."""

from __future__ import annotations

import time
from typing import Any

from scanflow_tui.cli import output
from scanflow_tui.cli.storing import folders_of, names_by_session, size_text
from scanflow_tui.session import keeping, places
from scanflow_tui.session.keeping import Holdings
from scanflow_tui.session.places import SessionFolder


def execute(root: str | None, as_json: bool) -> int:
    """A row a session: its log, its attempts' folders, the artifacts that it names, and alone."""
    folder = places.sessions_root(root)
    held = keeping.holdings(folder)
    names = {
        session.name: (session, found) for session, found in names_by_session(folders_of(folder))
    }
    everything: set[str] = set().union(*(found for _, found in names.values()))
    rows = []
    for name, (session, found) in names.items():
        others = set().union(*(seen for known, (_, seen) in names.items() if known != name))
        rows.append(_row(session, held, found, others))
    gone = keeping.unnamed(folder, held, everything, time.time())
    store = {
        "artifacts": len(held.artifacts),
        "artifacts_bytes": sum(item.n_bytes for item in held.artifacts.values()),
        "results_bytes": sum(item.n_bytes for item in held.results.values()),
        "unnamed": len(gone),
        "unnamed_bytes": sum(item.n_bytes for item in gone),
    }
    if as_json:
        output.write_json({"sessions": str(folder), "entries": rows, "store": store})
        return 0
    if not rows:
        output.write(f"No sessions in {folder} yet.")
    else:
        output.table(
            ("session", "log", "attempts", "artifacts", "its alone"),
            [
                (
                    row["session"],
                    *(size_text(row[key]) for key in ("log", "attempts", "artifacts", "alone")),
                )
                for row in rows
            ],
        )
    output.write(
        f"store: {store['artifacts']} artifacts, {size_text(store['artifacts_bytes'])}; "
        f"{size_text(store['unnamed_bytes'])} in {store['unnamed']} that no session names"
        + (" (scanflow gc)" if gone else "")
    )
    return 0


def _row(
    session: SessionFolder, held: Holdings, named: set[str], others: set[str]
) -> dict[str, Any]:
    own = [item for sha, item in held.artifacts.items() if sha in named]
    alone = [item for item in own if item.name not in others]
    attempts = keeping.size_of(session.runs)
    return {
        "session": session.name,
        "log": keeping.size_of(session.path) - attempts,
        "attempts": attempts,
        "artifacts": sum(item.n_bytes for item in own),
        "alone": sum(item.n_bytes for item in alone),
    }
