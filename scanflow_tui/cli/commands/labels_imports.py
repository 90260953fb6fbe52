"""``scanflow labels imports`` and ``undo-import``: files that were brought in, and the way back."""

from __future__ import annotations

from scanflow_tui.cli import output, reach
from scanflow_tui.cli.commands.replay import clock
from scanflow_tui.cli.label_records import desk_named
from scanflow_tui.contract.commands import UndoImport
from scanflow_tui.contract.errors import Refused, UsageError
from scanflow_tui.session.state import ImportView, LabelDesk, SessionState, desk_key

PHASES = {"coming": "broke off", "here": "in force", "undone": "taken back"}


def show(
    session: str | None, number: int | None, node: str | None, root: str | None, as_json: bool
) -> int:
    """Every file that was brought to a label node, oldest first."""
    with reach.reading(session, root) as link:
        desk = desk_named(link.state, number, node)
        found = imports_of(link.state, desk)
    if as_json:
        rows = [
            {
                "import": begun,
                "time": one.at,
                "by": one.actor,
                "format": one.form,
                "file_sha256": one.file,
                "labels": one.n_labels,
                "came": one.n_came,
                "phase": one.phase,
            }
            for begun, one in found.items()
        ]
        output.write_json({"run": desk.run, "node": desk.node, "imports": rows})
        return 0
    if not found:
        output.write(f"run {desk.run}: no file of labels was brought in")
        return 0
    output.table(
        ("import", "time", "by", "format", "labels", "file", "now"),
        [
            (
                str(begun),
                clock(one.at),
                one.actor.removeprefix("human:"),
                one.form,
                f"{one.n_labels:,}",
                one.file[:12],
                PHASES[one.phase],
            )
            for begun, one in found.items()
        ],
    )
    return 0


def take_back(
    session: str | None,
    which: str | None,
    number: int | None,
    node: str | None,
    root: str | None,
    as_json: bool,
) -> int:
    """Take one import back, the latest that is in force if none is named."""
    with reach.acting(session, root) as link:
        desk = desk_named(link.state, number, node)
        begun = _meant(imports_of(link.state, desk), which)
        n_labels = link.state.imports[begun].n_labels
        link.send(UndoImport(desk.run, desk.node, begun))
    if as_json:
        output.write_json({"run": desk.run, "node": desk.node, "undone": begun, "labels": n_labels})
    else:
        output.write(
            f"run {desk.run}: import {begun} ({n_labels:,} labels) was taken back; "
            "words given here stay"
        )
    return 0


def imports_of(state: SessionState, desk: LabelDesk) -> dict[int, ImportView]:
    """The imports of a label node by number, oldest first."""
    key = desk_key(desk.run, desk.node)
    return {begun: one for begun, one in state.imports.items() if one.desk == key}


def _meant(known: dict[int, ImportView], which: str | None) -> int:
    in_force = [begun for begun, one in known.items() if one.phase == "here"]
    if which is None:
        if not in_force:
            raise Refused("no import is in force here", hint="scanflow labels imports lists them.")
        return max(in_force)
    if not which.isascii() or not which.isdigit() or int(which) not in known:
        raise UsageError(
            f"there is no import {which!r} here", hint="scanflow labels imports lists them."
        )
    return int(which)
