"""The only writer of stdout and stderr. Results go to stdout (text or JSON), errors to stderr.

What others wrote (a step, a file's name) may hold escape sequences: no text leaves here with one.

Colour only on a terminal and never under NO_COLOR; rich is loaded only for progress there.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from scanflow_tui.contract.errors import InputError, ScanflowError

Progress = Callable[[float | None, str], None]
BAR_CELLS = 20

# What JSON leaves as it is and a terminal may obey: C1 controls and marks that turn the text.
_UNSAFE_IN_JSON = re.compile("[\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def safe(text: str) -> str:
    """The text with every control but the newline shown as an escape (``\\x1b``)."""
    if text.isprintable():
        return text
    # Imported here: most text has nothing to show, and commands have to start fast.
    from scanflow_tui.contract.loglines import sanitise

    return "\n".join(sanitise(line.encode("utf-8", "surrogateescape")) for line in text.split("\n"))


def _json(value: Any, indent: int | None) -> str:
    text = json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)
    return _UNSAFE_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def write(text: str) -> None:
    """A line of result."""
    sys.stdout.write(safe(text) + "\n")


def write_json(value: Any) -> None:
    """One JSON value as the whole result."""
    sys.stdout.write(_json(value, 2) + "\n")


def write_line(value: Any) -> None:
    """One JSON value as a line, for streams of them."""
    sys.stdout.write(_json(value, None) + "\n")


def flush() -> None:
    """Let go of every result written so far."""
    sys.stdout.flush()


def write_bytes(data: bytes) -> None:
    """Raw bytes of a result (a log, an export)."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def note(text: str) -> None:
    """A line that is not part of the result: what is done, where things lie."""
    sys.stderr.write(safe(text) + "\n")
    sys.stderr.flush()


def show_error(error: ScanflowError) -> None:
    """The error as one sentence, and each finding of a document on its line."""
    findings = error.findings if isinstance(error, InputError) else ()
    for finding in findings:
        note(finding)
    if not findings or error.what not in "\n".join(findings):
        note(f"scanflow: {error.sentence()}")


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A plain table: columns as wide as their cells, two blanks between them."""
    lines = [[" ".join(safe(str(cell)).split("\n")) for cell in row] for row in rows]
    widths = [
        max([len(name), *(len(line[at]) for line in lines)]) for at, name in enumerate(header)
    ]
    for line in [list(header), *lines]:
        write(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        )


@contextmanager
def progress(title: str) -> Iterator[Progress]:
    """Progress of long work: a bar on a terminal, a line whenever the text changes elsewhere."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar
        from rich.table import Column

        console = Console(stderr=True)
        # What others print is shown here too: never as markup, and on one line.
        width = max(BAR_CELLS, console.width - 2 * BAR_CELLS)
        one_line = Column(no_wrap=True, overflow="ellipsis", max_width=width)
        said_now = TextColumn("{task.description}", markup=False, table_column=one_line)
        columns = (said_now, BarColumn(BAR_CELLS), TimeElapsedColumn())
        with Bar(*columns, console=console, transient=True) as bar:
            task = bar.add_task(title, total=None)
            yield lambda share, text: bar.update(
                task,
                total=None if share is None else 1.0,
                completed=share or 0.0,
                description=safe(text or title),
            )
        return
    said = [title]
    note(title)

    def tell(share: float | None, text: str) -> None:
        if text and text != said[-1]:
            said.append(text)
            note(text)

    yield tell
