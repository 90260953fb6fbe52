"""``scanflow labels import``: what others said, judged line by line before any of it comes in."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scanflow_tui.cli import output, reach
from scanflow_tui.cli.label_records import Desk, desk_named, desk_of, records_of
from scanflow_tui.cli.link import Link
from scanflow_tui.client.recorded import RecordedSource
from scanflow_tui.contract import limits
from scanflow_tui.contract.commands import BeginImport, EndImport, ImportLabels
from scanflow_tui.contract.errors import InputError, Missing, Refused, ScanflowError
from scanflow_tui.labels.interchange import formats
from scanflow_tui.labels.interchange.judge import Ground, Judged, judge, said
from scanflow_tui.labels.interchange.record import Record
from scanflow_tui.tui.present.numbers import count

FILE_BYTES_MAX = 512 * limits.MIB
TOLD_PROBLEMS = 1000
TOLD_LABELS = 10_000
"""How many labels lie between two words of progress where there is no bar."""


def bring_in(
    session: str | None,
    file: str,
    form: str | None,
    number: int | None,
    node: str | None,
    dry_run: bool,
    partial: bool,
    root: str | None,
    as_json: bool,
) -> int:
    """Judge a file and import it: all of it, or nothing; with ``partial`` what fits.

    Exit 2 where a line does not match, each said on stderr.
    """
    data = _read(Path(file))
    form = formats.known(form or formats.of_file(Path(file).suffix, data))
    with output.progress(f"reading {file}") as tell:
        tell(None, "reading what the session says already")
        with reach.reading(session, root) as link:
            assert isinstance(link.source, RecordedSource)
            desk = desk_of(link, desk_named(link.state, number, node))
            _refuse_unasked(desk)
            heard, _ = records_of(link, link.source, desk)
        ground = Ground(
            {sample.id: sample.digest for sample in desk.samples},
            desk.classes,
            time.time_ns() // 1000,
            frozenset(map(said, heard)),
        )
        found = judge(
            formats.read(form, data), ground, lambda n: tell(None, f"judging: {n:,} labels")
        )
        begun: int | None = None
        is_wanted = bool(found.records) and not dry_run and (partial or not found.problems)
        if is_wanted:
            with reach.acting(session, root) as link:
                digest = hashlib.sha256(data).hexdigest()
                begun = _send(link, desk, digest, form, found.records, tell)
    told = found.problems[:TOLD_PROBLEMS]
    if told:
        output.note("\n".join(problem.place(file) for problem in told))
    if len(found.problems) > len(told):
        more = count(len(found.problems) - len(told), "more problem")
        output.note(f"{more}: --json names them all")
    _say(desk, file, found, formats.unread(form, data), begun, dry_run, as_json)
    return InputError.exit_code if found.problems else 0


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > FILE_BYTES_MAX:
            most = FILE_BYTES_MAX // limits.MIB
            raise InputError(f"a file of labels has at most {most} MiB", where=str(path))
        return path.read_bytes()
    except OSError as error:
        told = f"the labels cannot be read: {error.strerror}"
        raise Missing(told, where=str(path)) from None


def _refuse_unasked(desk: Desk) -> None:
    node = desk.run.nodes.get(desk.node)
    if node is None or node.state != "needs_you":
        raise Refused(f"node {desk.node} of run {desk.run.number} asks for no labels now")


def _send(
    link: Link, desk: Desk, digest: str, form: str, records: Sequence[Record], tell: output.Progress
) -> int:
    """Give the commands, 500 labels each, in the order of the labels' times; the import's number.

    Nothing is in force before the last of them: an import that breaks off has brought nothing.
    """
    numbers = {author: at for at, author in enumerate(desk.authors, start=1)}
    new: list[list[str]] = []
    for record in records:
        if (record.author, record.session) not in numbers:
            numbers[record.author, record.session] = len(desk.authors) + len(new) + 1
            new.append([record.author, record.session])
    run, node = desk.run.number, desk.node
    n_done = 0
    n_known, n_settled = len(desk.authors), desk.n_settled
    answer = link.send(BeginImport(run, node, digest, form, len(records), n_known, new, n_settled))
    begun = int(answer.value)
    for first in range(0, len(records), limits.IMPORT_ROWS_MAX):
        part = records[first : first + limits.IMPORT_ROWS_MAX]
        rows = [_row(record, numbers) for record in part]
        _give(link, ImportLabels(run, node, begun, rows))
        n_done += len(part)
        told = n_done - n_done % TOLD_LABELS
        over = f"over {told:,} of " if told else ""
        tell(n_done / len(records), f"importing: {over}{count(len(records), 'label')}")
    _give(link, EndImport(run, node, begun))
    return begun


def _give(link: Link, command: ImportLabels | EndImport) -> None:
    """Give a command of an import that began."""
    try:
        link.send(command)
    except ScanflowError as error:
        sentence = f"{error.what}; nothing of the file is in force"
        raise type(error)(sentence, where=error.where, hint="import the file again") from None


def _row(record: Record, numbers: dict[tuple[str, str], int]) -> list[Any]:
    return [
        numbers[record.author, record.session],
        record.sample,
        record.kind,
        record.value,
        record.at,
        record.ms,
        record.guess,
        record.guess_shown,
        record.order,
        record.state == "undone",
        record.note,
        _seen(record),
    ]


def _seen(record: Record) -> list[Any]:
    seen = [record.key, record.view, record.place, record.look, record.way, record.picture]
    return [] if seen == ["", "", -1, "", "", ""] else seen


def _say(
    desk: Desk,
    file: str,
    found: Judged,
    unread: tuple[str, ...],
    begun: int | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    is_done = begun is not None
    n_new, n_bad = len(found.records), len(found.problems)
    if as_json:
        problems = [
            {"line": one.line, "column": one.column or None, "what": one.text}
            for one in found.problems
        ]
        output.write_json(
            {
                "run": desk.run.number,
                "node": desk.node,
                "imported": n_new if is_done else 0,
                "import": begun,
                "fit": n_new,
                "known": found.n_known,
                "problems": problems,
                "unread": list(unread),
                "dry_run": dry_run,
            }
        )
        return
    if unread:
        output.note(f"not read: column {', '.join(unread)}")
    known = f", {found.n_known:,} here already" if found.n_known else ""
    bad = f", {count(n_bad, 'problem')}" if n_bad else ""
    labels = count(n_new, "label")
    if is_done:
        output.write(f"run {desk.run.number}: {labels} imported{known}{bad}")
        output.note(f"scanflow labels undo-import {desk.name} {begun} takes all of them back")
    elif dry_run:
        output.write(f"run {desk.run.number}: {labels} would fit{known}{bad}; nothing was done")
    elif n_bad:
        hint = "; --partial brings in those that fit" if n_new else ""
        output.note(
            f"scanflow: nothing was imported of {file}: {count(n_bad, 'problem')}, "
            f"{labels} would fit{known}{hint}"
        )
    else:
        output.write(f"run {desk.run.number}: nothing new{known}")
