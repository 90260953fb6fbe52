"""What ``du`` and ``gc`` both look at: each session's events, and the store that they share."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

from scanflow_tui.client.tape import RANGE_EVENTS, open_tape
from scanflow_tui.contract.errors import DamagedSession, ScanflowError
from scanflow_tui.session import keeping, places
from scanflow_tui.session.places import SessionFolder


def folders_of(root: Path) -> list[SessionFolder]:
    """Every session of a root, whatever state it is in."""
    return [SessionFolder(root / name) for name in places.session_names(root)]


def names_of(folder: SessionFolder) -> set[str]:
    """Every hash that a session's events say, the live session's or its file's.

    Raises DamagedSession where they cannot all be read: then what it names is not known.
    """

    async def read() -> set[str]:
        tape = await open_tape(folder.path)
        try:
            verdict = await tape.verdict()
            if verdict.startswith("✖"):
                raise DamagedSession(verdict.removeprefix("✖ "), where=str(folder.path))
            found: set[str] = set()
            at = 0
            while at <= tape.last:
                bodies = await tape.bodies(at, min(tape.last, at + RANGE_EVENTS - 1))
                if not bodies:
                    raise DamagedSession("its events break off", where=str(folder.path))
                found |= keeping.named_in(bodies)
                at += len(bodies)
            return found
        finally:
            await tape.close()

    try:
        return asyncio.run(read())
    except ScanflowError as error:
        raise DamagedSession(
            f"session {folder.name} cannot be read, so what it names is not known: {error.what}",
            where=error.where,
            hint="Mend it or move it out of the folder of sessions first.",
        ) from None


def names_by_session(folders: list[SessionFolder]) -> Iterator[tuple[SessionFolder, set[str]]]:
    """Each session with what it names. Raises DamagedSession."""
    for folder in folders:
        yield folder, names_of(folder)


def size_text(n_bytes: int) -> str:
    """A size for people: ``1.4 GiB``."""
    size = float(n_bytes)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"
