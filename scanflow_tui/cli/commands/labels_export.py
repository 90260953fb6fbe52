"""``scanflow labels export``: the labels of a label node in another tool's format."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from scanflow_tui.cli import output
from scanflow_tui.cli.commands.replay import place_of
from scanflow_tui.cli.guests import refuse_early
from scanflow_tui.cli.label_records import desk_named, desk_of, records_of
from scanflow_tui.cli.link import Link
from scanflow_tui.client.recorded import RecordedSource
from scanflow_tui.contract.errors import DamagedSession, Missing
from scanflow_tui.labels.interchange import formats
from scanflow_tui.labels.interchange.record import NOTE

PIECE_CHARS = 1_000_000


def export(
    session: str | None,
    form: str | None,
    out: str,
    history: bool,
    number: int | None,
    node: str | None,
    root: str | None,
    as_json: bool,
) -> int:
    """Write the file, whole or not at all. Exit 4 where the session's chain does not hold."""
    form = formats.known(form or formats.of_name(Path(out).suffix) or "csv")
    path = place_of(session, root)
    source = RecordedSource(path)
    with output.progress("reading the session") as tell, Link(source, path) as link:
        found_desk = desk_named(link.state, number, node)
        refuse_early(link.state, found_desk, "what all said")
        desk = desk_of(link, found_desk)
        tell(0.5, "reading the labels")
        found, n_erased = records_of(link, source, desk)
        records = [record for record in found if history or record.state == "in_force"]
        tell(0.8, "writing")
        pieces = _pieces(formats.write(form, records, desk.samples, desk.classes))
        if out == "-":
            for piece in pieces:
                output.write_bytes(piece)
        else:
            _write(Path(out), pieces)
    n_notes = sum(record.kind == NOTE for record in records)
    n_labels = len(records) - n_notes
    authors = len({(record.author, record.session) for record in records})
    if n_erased:
        output.note(f"{n_erased} notes were erased and are left out")
    if as_json and out != "-":
        output.write_json(
            {
                "file": out,
                "format": form,
                "run": desk.run.number,
                "node": desk.node,
                "labels": n_labels,
                "notes": n_notes,
                "authors": authors,
                "samples": len(desk.samples),
                "holds": not source.verdict.startswith("✖"),
            }
        )
    else:
        output.note(f"run {desk.run.number}: {n_labels} labels, {n_notes} notes, {authors} authors")
    if source.verdict.startswith("✖"):
        output.note(f"{source.verdict}. The labels are exported as they stand in the file.")
        return DamagedSession.exit_code
    return 0


def _pieces(texts: Iterable[str]) -> Iterable[bytes]:
    """Texts gathered into pieces that are worth a write."""
    gathered: list[str] = []
    size = 0
    for text in texts:
        gathered.append(text)
        size += len(text)
        if size > PIECE_CHARS:
            yield "".join(gathered).encode("utf-8")
            gathered, size = [], 0
    yield "".join(gathered).encode("utf-8")


def _write(target: Path, pieces: Iterable[bytes]) -> None:
    draft = target.with_name(target.name + ".part")
    try:
        with open(draft, "wb") as file:
            for piece in pieces:
                file.write(piece)
        draft.replace(target)
    except OSError as error:
        draft.unlink(missing_ok=True)
        told = f"the labels cannot be written: {error.strerror}"
        raise Missing(told, where=str(target)) from None
