"""``scanflow verify``: is the file unaltered, and does it reach a receipt's head?"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from scanflow_tui.cli import output
from scanflow_tui.cli.commands.replay import place_of
from scanflow_tui.contract.errors import DamagedSession, Refused, UsageError

KEYS = ("holds", "sentences", "n", "bad_seq", "covered", "head")
HEAD = re.compile(r"(\d+):([0-9a-f]{64})")


def execute(session: str | None, head: str | None, root: str | None, as_json: bool) -> int:
    """Print the findings; exit 4 where something speaks against the file."""
    if head is not None and HEAD.fullmatch(head) is None:
        raise UsageError(f"{head!r} is no head", hint="SEQ:HASH, as a receipt says it.")
    path = place_of(session, root)
    try:
        found = _of_file(path, head)
    except Refused:
        found = _of_supervisor(path, head)
    if as_json:
        output.write_json(found)
    else:
        for sentence in found["sentences"]:
            output.write(("✔ " if found["holds"] else "✖ ") + sentence)
    return 0 if found["holds"] else DamagedSession.exit_code


def _of_file(path: Path, head: str | None) -> dict[str, Any]:
    from scanflow_tui.session.chain import Head
    from scanflow_tui.session.copy import open_copy
    from scanflow_tui.session.places import SessionFolder
    from scanflow_tui.session.store import open_reader
    from scanflow_tui.session.verify import verify_store

    store = open_copy(SessionFolder(path)) if path.is_dir() else open_reader(path)
    try:
        wanted = Head(int(head.split(":")[0]), head.split(":")[1]) if head else None
        report = verify_store(store, wanted)
    finally:
        store.close()
    last = report.verdict.last
    return {
        "holds": report.holds,
        "sentences": report.sentences(),
        "n": report.verdict.n,
        "bad_seq": report.verdict.bad_seq,
        "covered": report.verdict.covered,
        "head": None if last is None else list(last),
    }


def _of_supervisor(path: Path, head: str | None) -> dict[str, Any]:
    from scanflow_tui.cli.link import Link
    from scanflow_tui.client.live import LiveSource

    source = LiveSource(path, "scanflow verify")
    with Link(source, path) as link:
        told = link.run(source.verify(head))
    return {key: told.get(key) for key in KEYS}
