"""``scanflow replay``: a recorded session again, read only."""

from __future__ import annotations

import sys
from pathlib import Path

from scanflow_tui.cli import output
from scanflow_tui.cli.at_terminal import need_terminal
from scanflow_tui.cli.choosing import session_folder
from scanflow_tui.cli.link import Link
from scanflow_tui.cli.shipped import shipped_sessions
from scanflow_tui.client.recorded import RecordedSource
from scanflow_tui.contract.errors import DamagedSession, Missing
from scanflow_tui.session import events as ev

RANGE_EVENTS = 1000


def place_of(session: str | None, root: str | None) -> Path:
    """A session file or folder by its path, or a session by name; None is the only one."""
    if session is None:
        return session_folder(None, root)
    path = Path(session)
    if path.suffix == ".duckdb" or (path / "session.duckdb").exists() or "/" in session:
        if not path.exists():
            raise Missing("there is no session file here", where=session)
        # Beside a file of that name lie its lock and perhaps its supervisor.
        return path.parent if path.name == "session.duckdb" else path
    return session_folder(session, root)


def _shipped() -> Path:
    for path in shipped_sessions():
        return path
    raise Missing("no recorded session is shipped with this installation")


def execute(
    session: str | None, text: bool, root: str | None, as_json: bool, images: str | None = None
) -> int:
    """The replay screens on a terminal; otherwise the events, a line each. Exit 4 if altered."""
    shows = not text and not as_json and sys.stdout.isatty()
    if shows:
        need_terminal("--text prints the events, a line each")
    path = _shipped() if session is None else place_of(session, root)
    source = RecordedSource(path)
    if shows:
        from scanflow_tui.cli.commands.open import show
        from scanflow_tui.cli.picture_wish import wish_of

        name = path.stem if path.is_file() else path.name
        return show(source, path.parent, name, None, images=wish_of(images))
    with Link(source, path) as link:
        output.note(source.verdict)
        first = 0
        while first <= source.last:
            for event in link.run(source.events(first, first + RANGE_EVENTS - 1)):
                _write(event, as_json)
            first += RANGE_EVENTS
    return DamagedSession.exit_code if source.verdict.startswith("✖") else 0


def _write(event: ev.Event, as_json: bool) -> None:
    if as_json:
        output.write_bytes(ev.encode(event) + b"\n")
        return
    fact = event.fact
    shown = fact.raw if isinstance(fact, ev.Unknown) else ev.fields_of(fact)
    where = " ".join(f"{key}={shown[key]}" for key in ("run", "node", "attempt") if key in shown)
    said = next(
        (str(shown[key]) for key in ("reason", "state", "action", "text") if shown.get(key)), ""
    )
    said = said.splitlines()[0] if said else ""
    output.write(
        f"{event.seq:6} {clock(event.at)} {event.actor:16} {event.kind:18} {where} {said}".rstrip()
    )


def clock(at_us: int) -> str:
    """A time of the log, UTC to the second."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at_us / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
