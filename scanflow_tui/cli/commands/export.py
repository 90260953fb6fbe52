"""``scanflow export``: every event as JSONL, a line each, with its hash."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path

from scanflow_tui.cli import output
from scanflow_tui.cli.commands.replay import place_of
from scanflow_tui.contract.errors import DamagedSession, Missing, Refused
from scanflow_tui.session.chain import Row, link
from scanflow_tui.session.export import lines


def execute(session: str | None, output_path: str, root: str | None, as_json: bool) -> int:
    """Write the export; a file is whole or not there."""
    path = place_of(session, root)
    if output_path == "-":
        with rows(path) as (found, problem):
            for data in lines(found):
                output.write_bytes(data)
        return _code(problem)
    target = Path(output_path)
    draft = target.with_name(target.name + ".part")
    n = 0
    try:
        with rows(path) as (found, problem), open(draft, "wb") as out:
            for data in lines(found):
                out.write(data)
                n += 1
        draft.replace(target)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise Missing(
            f"the export cannot be written: {error.strerror}", where=str(target)
        ) from None
    if as_json:
        output.write_json({"file": str(target), "events": n, "holds": not problem})
    else:
        output.note(f"{n} events in {target}")
    return _code(problem)


def _code(problem: str) -> int:
    """0, or 4 and a sentence where what was exported does not pass ``verify``."""
    if not problem:
        return 0
    output.note(f"scanflow: {problem}. The events are exported as they stand in the file.")
    return DamagedSession.exit_code


@contextlib.contextmanager
def rows(path: Path) -> Iterator[tuple[Iterator[Row], str]]:
    """The stored rows of a session, from its file or its supervisor, and what is wrong with them.

    A supervisor judged its file when it opened it.
    """
    from scanflow_tui.session.copy import open_copy
    from scanflow_tui.session.places import SessionFolder
    from scanflow_tui.session.store import open_reader
    from scanflow_tui.session.verify import verify_store

    try:
        store = open_copy(SessionFolder(path)) if path.is_dir() else open_reader(path)
    except Refused:
        yield _live(path), ""
        return
    try:
        report = verify_store(store)
        yield iter(store.all(0)), "" if report.holds else report.sentences()[0]
    finally:
        store.close()


def _live(path: Path) -> Iterator[Row]:
    """Rows from the supervisor; the hashes are made again from the bodies that it sent."""
    from scanflow_tui.client.tape import RANGE_EVENTS, open_tape
    from scanflow_tui.session import events as ev
    from scanflow_tui.session.chain import first

    previous = ""
    with asyncio.Runner() as runner:
        tape = runner.run(open_tape(path))
        for start in range(0, tape.last + 1, RANGE_EVENTS):
            for body in runner.run(tape.bodies(start, start + RANGE_EVENTS - 1)):
                event = ev.decode(body)
                if isinstance(event.fact, ev.SessionOpened):
                    previous = first(event.fact.session)
                previous = link(previous, body)
                yield Row(event.seq, event.at, event.kind, event.actor, body, previous)
        runner.run(tape.close())
