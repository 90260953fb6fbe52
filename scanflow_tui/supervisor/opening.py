"""Makes or opens a session and serves it: event 0, replay, what an earlier supervisor left.

The caller holds the session's lock. A session that lies at another path than it recorded is not
opened for writing.
"""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections.abc import Callable
from pathlib import Path

from scanflow_tui import __version__
from scanflow_tui.contract import canonical, ids
from scanflow_tui.contract.errors import DamagedSession, InputError, Missing, Refused
from scanflow_tui.engine.choose import AUTO, open_engine
from scanflow_tui.engine.protocol import Unholding
from scanflow_tui.session import chain, contents, places, store
from scanflow_tui.session import events as ev
from scanflow_tui.session.folds import fold
from scanflow_tui.session.places import SessionFolder
from scanflow_tui.session.state import SessionState
from scanflow_tui.session.store import Store
from scanflow_tui.supervisor.effects_plan import read_pipeline
from scanflow_tui.supervisor.life import Supervisor
from scanflow_tui.supervisor.log import Log
from scanflow_tui.supervisor.machine.advance import Machine, open_attempts
from scanflow_tui.supervisor.machine.stimuli import Opened
from scanflow_tui.supervisor.slots import open_slots
from scanflow_tui.supervisor.workplace import Workplace
from scanflow_tui.workflow.lint import read

SOCKET_NAME = "sock"
SLOTS_NAME = "slots"


def serve(
    folder: Path,
    *,
    name: str,
    pipeline: Path | None,
    engine: str,
    idle_s: float,
    ready: Callable[[], None],
) -> None:
    """Open the session (or make it, if it has a ``name``) and serve it to its end.

    Raises the ScanflowError that keeps it from coming up, or the defect that ended it.
    """
    session = SessionFolder(folder)
    if name and not session.database.exists():
        opened = _create(session, name, pipeline, engine)
    else:
        places.make_session(session)
        opened = store.open_writer(session.database)
    try:
        state, last = _replay(opened)
        pipeline_folder = _require_place(opened, state, session)
        wanted = state.engine or AUTO
        # A session that has its engine parses its pipeline when a plan is asked for, not before.
        image, dockerfile = _image(state, pipeline_folder) if wanted == AUTO else ("", "")
        chosen, why = open_engine(
            wanted,
            image,
            pipeline=pipeline_folder if dockerfile else None,
            must_answer=False,
        )
        why = state.engine_reason or why
        capacity = chosen.capacity()
        slots, _ = open_slots(session.path / SLOTS_NAME, state.name, capacity)
        place = Workplace(state.session, session, pipeline_folder, chosen, receipts_folder(), slots)
        budget = slots.capacity if slots is not None else capacity
        machine = Machine(state, budget, f"human:u{os.getuid()}")
        unheld = chosen.unheld if isinstance(chosen, Unholding) else ()
        told = Opened(os.getpid(), chosen.name, why, _recovered(machine, last), unheld)
    except BaseException:
        opened.close()
        raise
    asyncio.run(_serve(place, opened, machine, told, idle_s, ready))


async def _serve(
    place: Workplace,
    opened: Store,
    machine: Machine,
    told: Opened,
    idle_s: float,
    ready: Callable[[], None],
) -> None:
    supervisor = Supervisor(place, Log(opened, place.folder), machine, idle_s=idle_s)
    await supervisor.run(told, place.folder.path / SOCKET_NAME, ready)


def receipts_folder() -> Path:
    """Where heads go that leave the file: the user's state folder."""
    state = os.environ.get("XDG_STATE_HOME", "")
    base = Path(state) if state.startswith("/") else Path.home() / ".local" / "state"
    return base / "scanflow" / "receipts"


def _create(session: SessionFolder, name: str, pipeline: Path | None, engine: str) -> Store:
    """A new session file with event 0. Raises InputError for a pipeline with errors."""
    if pipeline is None:
        raise InputError("a new session needs a pipeline")
    read(read_pipeline(pipeline))
    chosen, _ = open_engine(engine)
    chosen.close()
    places.make_session(session)
    at = time.time_ns() // 1000
    ulid = ids.mint_ulid(at, os.urandom(10))
    folder = contents.text_content(str(session.path), os.urandom(contents.SALT_BYTES))
    source = contents.text_content(str(pipeline.absolute()), os.urandom(contents.SALT_BYTES))
    fact = ev.SessionOpened(
        session=ulid,
        name=name,
        profile=canonical.PROFILE,
        scanflow=__version__,
        folder_content=folder.digest,
        pipeline_content=source.digest,
        engine=engine,
    )
    rows = chain.rows([ev.Event(0, at, "supervisor", fact)], chain.first(ulid))
    return store.create(session.database, rows, [folder, source])


def _replay(opened: Store) -> tuple[SessionState, ev.Event]:
    """The state after every event, and the last event."""
    state = SessionState()
    event: ev.Event | None = None
    # What is folded stays: a search for garbage in a long queue would hold up a label for nothing.
    gc.disable()
    try:
        for row in opened.all():
            if row.seq != state.seq + 1:
                raise DamagedSession(
                    f"event {state.seq + 1} is missing",
                    where=str(opened.path),
                    hint="scanflow verify",
                )
            event = ev.decode(row.body)
            fold(state, event)
    finally:
        gc.freeze()
        gc.enable()
    if event is None or not state.session:
        raise DamagedSession("the file does not open a session", where=str(opened.path))
    return state, event


def _require_place(opened: Store, state: SessionState, session: SessionFolder) -> Path:
    """The pipeline's folder; refuses a session that was moved or copied."""
    folder, pipeline = (
        opened.content(digest) for digest in (state.folder_content, state.pipeline_content)
    )
    if folder is None or pipeline is None:
        raise Missing("where this session belongs was erased", where=str(session.path))
    recorded = folder.data.decode("utf-8", "surrogatepass")
    if Path(recorded).resolve() != session.path.resolve():
        raise Refused(
            f"this session belongs to {recorded}",
            where=str(session.path),
            hint="A moved or copied session opens read-only (scanflow replay).",
        )
    return Path(pipeline.data.decode("utf-8", "surrogatepass"))


def _image(state: SessionState, pipeline: Path) -> tuple[str, str]:
    """The image or Dockerfile that the newest pipeline names, so that an engine can be chosen."""
    try:
        graph = read(state.pipelines[-1] if state.pipelines else read_pipeline(pipeline))
    except (InputError, Missing):
        return "", ""
    return graph.image, graph.dockerfile


def _recovered(machine: Machine, last: ev.Event) -> str:
    """What an earlier supervisor left, in a sentence; empty after a clean end."""
    if last.kind in ("SupervisorLeft", "SessionOpened"):
        return ""
    running = sorted(open_attempts(machine))
    left = f"; {len(running)} attempts are looked for" if running else ""
    return f"the supervisor before ended without a word after event {last.seq}{left}"
