"""``scanflow label``: straight to the queue; or print it, or take labels from a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scanflow_tui.cli import output, reach
from scanflow_tui.cli.guests import is_guest, own_queue
from scanflow_tui.cli.link import Link
from scanflow_tui.contract.commands import FinishLabelling, GiveLabel, ReopenLabelling
from scanflow_tui.contract.errors import InputError, Missing, PersonNeeded, Refused
from scanflow_tui.contract.evidence import QueueEntry, to_json
from scanflow_tui.session.folds import needs
from scanflow_tui.session.state import RunView, SessionState
from scanflow_tui.tui.present.label_order import is_hidden
from scanflow_tui.workflow.lint import read

KINDS = ("unsure", "skip", "invalid")
SHARES = ("share", "probability", "stratum")


def execute(
    session: str | None,
    labels: str | None,
    finish: bool,
    reopen: bool,
    root: str | None,
    as_json: bool,
) -> int:
    """The queue, or labels from a file; on a terminal the screen (``label_screen``) is opened."""
    if reopen:
        return _reopen(session, root, as_json)
    if labels is None and not finish:
        with _reading(session, root) as link:
            run, node = _asked(link.state)
            _print_queue(run, own_queue(link, run, node), as_json)
        return PersonNeeded.exit_code
    with reach.acting(session, root) as link:
        run, node = _asked(link.state)
        classes = read(link.state.pipelines[run.pipeline]).classes
        given = []
        if labels is not None:
            given = read_labels(Path(labels), own_queue(link, run, node), classes)
        for sample, kind, value in given:
            link.send(GiveLabel(run.number, node, sample, kind, value, guess_shown=False))  # type: ignore[arg-type]
        if finish:
            link.send(FinishLabelling(run.number, node))
    if as_json:
        output.write_json({"run": run.number, "labels": len(given), "finished": finish})
    else:
        output.write(f"run {run.number}: {len(given)} labels given{', finished' if finish else ''}")
    return 0


def _reading(session: str | None, root: str | None) -> Link:
    """A link that only reads; a guest's asks for a part of the queue."""
    with reach.reading(session, root) as link:
        if not is_guest(link.state):
            return reach.reading(session, root)
    return reach.acting(session, root)


def _asked(state: SessionState) -> tuple[RunView, str]:
    for run, node, form in needs(state):
        if form == "label":
            return state.runs[run], node
    raise Refused(f"session {state.name} asks for no labels now")


def _reopen(session: str | None, root: str | None, as_json: bool) -> int:
    """Label on where labelling was finished last, as long as no decision was taken."""
    with reach.acting(session, root) as link:
        found = [
            (run.number, node.id)
            for run in link.state.runs.values()
            for node in run.nodes.values()
            if node.form == "label" and node.state == "done"
        ]
        if not found:
            raise Refused(f"session {link.state.name} has no labelling that was finished")
        number, node_id = max(found)
        link.send(ReopenLabelling(number, node_id))
    if as_json:
        output.write_json({"run": number, "reopened": True})
    else:
        output.write(f"run {number}: labelling is open again")
    return 0


def _print_queue(run: RunView, entries: Sequence[QueueEntry], as_json: bool) -> None:
    if as_json:
        output.write_json({"run": run.number, "queue": [shown_of(entry) for entry in entries]})
        return
    output.table(("sample", "index"), [(entry.id, str(entry.index)) for entry in entries])


def shown_of(entry: QueueEntry) -> dict[str, Any]:
    """What a person may know of a sample before it has a label, as on the Label screen.

    Which samples are the audit share stays unsaid: they, and some others, have no guess.
    """
    if is_hidden(entry):
        return {"id": entry.id, "index": entry.index, "guess_hidden": True}
    named = {key: value for key, value in to_json(entry).items() if key not in SHARES}
    return named | {"guess_hidden": False}


def read_labels(
    path: Path, queue: Sequence[QueueEntry], classes: Sequence[str]
) -> list[tuple[str, str, int | None]]:
    """Labels from JSONL, all judged before one is given; a class by its number or its name.

    Raises InputError with every bad line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Missing(f"the labels cannot be read: {error}", where=str(path)) from None
    known = {entry.id for entry in queue}
    given: list[tuple[str, str, int | None]] = []
    bad: list[str] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            raw = json.loads(line)
            sample, kind, value = str(raw["id"]), raw.get("kind", "class"), raw.get("label")
        except (ValueError, KeyError, TypeError, AttributeError):
            bad.append(f"{path}:{number}: not an object with an id")
            continue
        if isinstance(value, str) and value in classes:
            value = classes.index(value)
        if sample not in known:
            bad.append(f"{path}:{number}: sample {sample!r} is not in your queue")
        elif kind == "class" and (type(value) is not int or not 0 <= value < len(classes)):
            bad.append(f"{path}:{number}: label {value!r} is not one of the {len(classes)} classes")
        elif kind != "class" and (kind not in KINDS or value is not None):
            bad.append(f"{path}:{number}: kind {kind!r} with label {value!r} is no label")
        else:
            given.append((sample, kind, value))
    if bad:
        raise InputError("no label was given", where=str(path), findings=tuple(bad))
    return given
