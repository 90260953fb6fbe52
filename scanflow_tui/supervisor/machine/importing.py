"""Labels of a file: judged again, then one event each, in the name of whoever brings them in. Pure.

What the file says of authors and times is kept as its word. All rows of a command are taken, or
none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from scanflow_tui.contract import commands as cmd
from scanflow_tui.contract import limits
from scanflow_tui.contract.errors import InputError, Refused
from scanflow_tui.contract.ids import SHA
from scanflow_tui.labels.interchange.record import ORDER, PLACE_MAX, SEEN
from scanflow_tui.session import events as ev
from scanflow_tui.session.state import ImportView, desk_key
from scanflow_tui.supervisor.machine.stimuli import Commanded
from scanflow_tui.supervisor.machine.turn import Turn

AUTHORS_MAX: Final = 10_000
AHEAD_US_MAX: Final = 86_400_000_000
MS_MAX: Final = 10**9
KINDS: Final = ("class", "unsure", "skip", "invalid", "rejected")
_FORM: Final = re.compile(r"[a-z-]{1,20}")
_SESSION: Final = re.compile(r"([0-9A-HJKMNP-TV-Z]{26})?")


def begin(turn: Turn, given: Commanded, command: cmd.BeginImport) -> None:
    """Record that a file comes, and whom it names; the answer's value is the event's number."""
    known = turn.state.said_authors
    n_settled = len(turn.state.desks[desk_key(command.run, command.node)].settled)
    if command.n_known != len(known) or command.n_settled not in (-1, n_settled):
        raise Refused("another import came between, so nothing was brought in", hint="try again")
    if not SHA.fullmatch(command.file) or not _FORM.fullmatch(command.form):
        raise InputError("an import names the SHA-256 of its file, and its format")
    if len(known) + len(command.authors) > AUTHORS_MAX:
        raise InputError(f"a session knows at most {AUTHORS_MAX} authors of files")
    authors = []
    for number, author in enumerate(command.authors, start=len(known) + 1):
        name, session = _author(author)
        digest = turn.seal(name.encode("utf-8", "replace"))
        authors.append(ev.SaidAuthor(f"a{number}", digest, session))
    fact = ev.ImportBegan(
        command.run,
        command.node,
        command.file,
        command.form,
        max(0, command.n_labels),
        tuple(authors),
        whole=True,
    )
    seq = turn.emit(fact, given.actor, given.id)
    turn.reply(given.id, value=str(seq))


def _author(raw: Any) -> tuple[str, str]:
    if not isinstance(raw, list) or [type(part) for part in raw] != [str, str]:
        raise InputError("an author is a name and a session")
    name, session = raw
    if not name or len(name) > limits.AUTHOR_CHARS_MAX:
        raise InputError(f"an author has a name of 1 to {limits.AUTHOR_CHARS_MAX} characters")
    if not _SESSION.fullmatch(session):
        raise InputError(f"{session[:40]!r} is no session's id")
    return name, session


def take(
    turn: Turn,
    given: Commanded,
    command: cmd.ImportLabels,
    samples: frozenset[str],
    n_classes: int,
) -> None:
    """Take rows of an import that began, each as one event."""
    known = _known(turn, command)
    if known.phase != "coming":
        raise Refused(f"the import that began at event {command.begun} has ended")
    n_rows = len(command.rows)
    if not 0 < n_rows <= limits.IMPORT_ROWS_MAX:
        raise InputError(f"a command brings 1 to {limits.IMPORT_ROWS_MAX} labels, not {n_rows}")
    for number, row in enumerate(command.rows, start=1):
        wrong = _wrong(turn, row, samples, n_classes)
        if wrong:
            raise InputError(f"row {number}: {wrong}")
    for row in command.rows:
        turn.emit(_fact(turn, command, row), given.actor, given.id)
    turn.reply(given.id)


def end(turn: Turn, given: Commanded, command: cmd.EndImport) -> None:
    """Put an import in force, if all of it has come."""
    known = _known(turn, command)
    if known.phase != "coming":
        raise Refused(f"the import that began at event {command.begun} has ended already")
    if known.n_came != known.n_labels:
        raise Refused(f"{known.n_came} labels came of {known.n_labels}: none is in force")
    if len(turn.state.desks[known.desk].settled) != known.n_settled:
        # What was new when the file was judged may be known by now.
        raise Refused("another import came into force, or was taken back, meanwhile")
    turn.emit(ev.ImportEnded(command.run, command.node, command.begun), given.actor, given.id)
    turn.reply(given.id)


def undo(turn: Turn, given: Commanded, command: cmd.UndoImport) -> None:
    """Take an import back, in force or half come."""
    if _known(turn, command).phase == "undone":
        raise Refused(f"the import that began at event {command.begun} was taken back already")
    turn.emit(ev.ImportUndone(command.run, command.node, command.begun), given.actor, given.id)
    turn.reply(given.id)


def _known(turn: Turn, command: cmd.ImportLabels | cmd.EndImport | cmd.UndoImport) -> ImportView:
    known = turn.state.imports.get(command.begun)
    if known is None or known.desk != desk_key(command.run, command.node):
        raise Refused(f"no import to this label node began at event {command.begun}")
    return known


def _wrong(turn: Turn, row: Any, samples: frozenset[str], n_classes: int) -> str:
    """What is wrong with a row, empty where it is right."""
    if not isinstance(row, list) or len(row) != 12:
        return "a label has twelve fields"
    author, sample, kind, value, at, ms, guess, shown, order, undone, note, seen = row
    if type(author) is not int or not 1 <= author <= len(turn.state.said_authors):
        return f"there is no author {author!r}"
    if not isinstance(sample, str) or sample not in samples:
        return f"sample {sample!r} is not in the queue"
    if type(at) is not int or not 0 < at <= turn.at + AHEAD_US_MAX:
        return f"time {at!r} is none, or yet to come"
    if type(ms) is not int or not 0 <= ms <= MS_MAX:
        return f"ms {ms!r} is out of bounds"
    if guess is not None and not _is_class(guess, n_classes):
        return f"guess {guess!r} is no class"
    if shown not in (None, True, False) or not isinstance(undone, bool):
        return "guess shown and undone are true or false"
    if not isinstance(order, str) or not ORDER.fullmatch(order):
        return "the order has another name than one"
    if not _is_seen(seen):
        return "what was on screen is a key, view, place, look, way and picture, or nothing"
    if not isinstance(note, str) or len(note) > limits.NOTE_CHARS_MAX:
        return f"a note is a text of at most {limits.NOTE_CHARS_MAX} characters"
    return _wrong_kind(kind, value, note, n_classes)


def _is_seen(seen: Any) -> bool:
    if seen == []:
        return True
    if not isinstance(seen, list) or len(seen) != 6:
        return False
    key, view, place, look, way, picture = seen
    texts = {"key": key, "view": view, "look": look, "way": way, "picture": picture}
    fits = all(isinstance(said, str) and SEEN[name].fullmatch(said) for name, said in texts.items())
    return fits and type(place) is int and -1 <= place <= PLACE_MAX


def _wrong_kind(kind: Any, value: Any, note: str, n_classes: int) -> str:
    if kind == "note":
        return "" if note and value is None else "a note has a text and no class"
    if kind not in KINDS or note:
        return f"kind {kind!r} is none, or has a note"
    if kind in ("class", "rejected"):
        return "" if _is_class(value, n_classes) else f"class {value!r} is none"
    return "" if value is None else f"kind {kind} has no class"


def _is_class(value: Any, n_classes: int) -> bool:
    return type(value) is int and 0 <= value < n_classes


def _fact(turn: Turn, command: cmd.ImportLabels, row: Sequence[Any]) -> ev.Kind:
    number, sample, kind, value, at, ms, guess, shown, order, undone, note, seen = row
    author = f"a{number}"
    if kind == "note":
        digest = turn.seal(note.encode("utf-8", "replace"))
        return ev.NoteImported(
            command.run, command.node, sample, digest, author, at, command.begun, undone
        )
    return ev.LabelImported(
        command.run,
        command.node,
        sample,
        kind,
        value,
        author,
        at,
        command.begun,
        ms,
        guess,
        shown,
        order,
        undone,
        *seen,
    )
