"""Writes ``docs/cli.md`` from the commands themselves: ``python -m scanflow_tui.cli.reference``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from scanflow_tui.cli.main import app

HEAD = """\
# Commands

Written by `python -m scanflow_tui.cli.reference > docs/cli.md`; a test compares them.

`scanflow` opens the terminal UI on the list of sessions, `scanflow SESSION` on one: a first word
that is a command wins. Results go to stdout, words about them to stderr. `--debug` before a
command shows tracebacks.

## Exit codes

| code | meaning |
|---|---|
| 0 | done |
| 1 | a defect of ScanFlow's own; the traceback lies in the file that is named |
| 2 | usage, or an input (pipeline, batch, labels) with errors |
| 3 | a run failed, or was cancelled |
| 4 | a session file is damaged, was altered, or is none |
| 5 | something needed is missing or unreachable |
| 6 | refused: not permitted |
| 7 | suspended: a person has to act |
| 130 | interrupted; what was acknowledged is kept |
"""


def reference() -> str:
    """The whole page."""
    group: Any = get_command(app)
    parts = [HEAD]
    for name, command in group.commands.items():
        if not command.hidden:
            parts.append("\n".join(_section(name, command)) + "\n")
    return "\n".join(parts)


def _section(name: str, command: Any) -> Iterator[str]:
    named = [item for item in command.params if item.param_type_name == "argument"]
    usage = " ".join(_word(item) for item in named)
    yield f"## scanflow {name} {usage}".rstrip()
    yield ""
    yield (command.help or "").strip()
    options = [item for item in command.params if item.param_type_name == "option"]
    rows = [row for item in (*named, *options) if (row := _row(item))]
    if rows:
        yield ""
        yield "| | |"
        yield "|---|---|"
        yield from rows


def _word(item: Any) -> str:
    name = str(item.metavar or item.name or "").upper()
    return name if item.required else f"[{name}]"


def _row(item: Any) -> str:
    told = str(getattr(item, "help", "") or "")
    default = item.default
    if isinstance(default, str) and default:
        told = f"{told} Default: `{default}`.".strip()
    if item.param_type_name == "argument":
        name = str(item.metavar or item.name or "").upper().replace("|", "\\|")
        return f"| `{name}` | {told} |"
    words = ", ".join(f"`{word}`" for word in item.opts)
    metavar = f" {item.metavar}" if item.metavar else ""
    return f"| {words}{metavar} | {told} |"


if __name__ == "__main__":
    sys.stdout.write(reference())
