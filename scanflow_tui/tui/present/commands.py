"""What a run really started, attempt by attempt: as rows, in full, as a line to copy. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from scanflow_tui.tui.present.attempts import attempts_of
from scanflow_tui.tui.present.times import clock, duration, short
from scanflow_tui.tui.theme import TONES, face

if TYPE_CHECKING:
    from scanflow_tui.session.state import AttemptView, RunView, SessionState
    from scanflow_tui.tui.present.attempts import Named

EMPTY = "Nothing was started in this run: what is cached or skipped runs no command."


def line(attempt: AttemptView) -> str:
    """The command as a shell takes it."""
    return shlex.join(attempt.argv)


def command_rows(run: RunView | None, *, ascii: bool = False) -> list[Text]:
    """A row an attempt, in the order of their starts."""
    named = attempts_of(run)
    wide = max((len(node) for node, _ in named), default=0)
    rows = []
    for node, attempt in named:
        symbol, _, tone = face(attempt.state, ascii=ascii)
        at = clock(attempt.claimed_at or attempt.intended_at, seconds=True)
        row = Text(f" {at} ", TONES["dim"], no_wrap=True, end="")
        row.append(f"{symbol} ", TONES[tone])
        row.append(f"{node} {attempt.number}".ljust(wide + 4), TONES["active"])
        row.append(line(attempt), TONES["plain"])
        rows.append(row)
    return rows


def command_text(state: SessionState, run: RunView, named: Named) -> Text:
    """Everything that an attempt was started with, for reading."""
    node, attempt = named
    text = Text()
    text.append(f"{line(attempt)}\n\n", TONES["strong"])
    for name, value in _facts(state, run, node, attempt):
        text.append(f"{name:<9}", TONES["dim"])
        text.append(f"{value}\n", TONES["plain"])
    text.append("\nscanflow shell ", TONES["key"])
    text.append(attempt.name, TONES["key"])
    text.append("  opens a shell where it ran", TONES["dim"])
    return text


def _facts(
    state: SessionState, run: RunView, node: str, attempt: AttemptView
) -> Sequence[tuple[str, str]]:
    found = [("engine", runs_in(state, run, attempt)), ("name", attempt.name)]
    if run.image:
        found.append(("image", image(run)))
    found.append(("code", f"{short(run.code)}…, environment {short(run.environment)}…"))
    found.append(("folder", f"runs/{run.number}/{node}/{attempt.number} of the session"))
    found += [
        ("in", f"{name} = {attempt.sources.get(name, '')} {short(sha)}…".replace("=  ", "= "))
        for name, sha in attempt.inputs.items()
    ]
    found += [("with", f"{name} = {value}") for name, value in attempt.params.items()]
    found += [("asks", ask) for ask in attempt.asks]
    took = "" if attempt.seconds is None else f", {duration(attempt.seconds)}"
    if attempt.code is not None:
        found.append(("exit", f"{attempt.code}{took}"))
    elif attempt.signal is not None:
        found.append(("signal", f"{attempt.signal}{took}"))
    return found


def runs_in(state: SessionState, run: RunView, attempt: AttemptView) -> str:
    """``docker, container 3fa9c1…`` or ``process 8315``."""
    if not attempt.ref:
        return state.engine
    is_container = bool(run.image) and not attempt.ref.isdigit()
    return f"{state.engine}, {'container' if is_container else 'process'} {attempt.ref[:12]}"


def image(run: RunView) -> str:
    """An image's name and id."""
    digest = run.image_id.removeprefix("sha256:")[:12]
    return f"{run.image} (id {digest}…)" if digest else run.image
