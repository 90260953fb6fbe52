"""What stands around a log: whether it is followed, how long it is, why it is empty. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from scanflow_tui.contract.logsearch import Streams
from scanflow_tui.contract.states import ATTEMPT_ENDED
from scanflow_tui.tui.present.times import elapsed, size

if TYPE_CHECKING:
    from scanflow_tui.session.state import AttemptView
    from scanflow_tui.tui.known import Known
    from scanflow_tui.tui.present.logsieve import LogSieve
    from scanflow_tui.tui.present.logwindow import LogWindow

STREAM_WORDS: dict[Streams, str] = {"both": "both", "stdout": "out", "stderr": "ERR"}


class Reading(Protocol):
    """What a reader says of a log."""

    note: str
    problem: str
    is_read: bool


class Viewed(Protocol):
    """What a pane knows of its log."""

    following: bool
    n_lines: int | None
    n_seen: int | None
    window: LogWindow
    sieve: LogSieve | None


def status(view: Viewed) -> str:
    """``ERR only · follow ▼ · 80 lines``."""
    parts = []
    sieve = view.sieve
    if sieve is not None:
        streams = "" if sieve.streams == "both" else STREAM_WORDS[sieve.streams]
        words = f"'{sieve.needle}'" if sieve.needle else ""
        parts.append(" ".join(part for part in (streams, words, "only") if part))
    is_known = view.n_lines is not None and view.n_seen is not None
    missed = (view.n_lines or 0) - (view.n_seen or 0) if is_known else 0
    below = f"▲ {missed:,} new below" if missed else "▲"
    parts.append("follow ▼" if view.following else below)
    parts.append(length(view))
    return " · ".join(parts)


def length(view: Viewed) -> str:
    """How long a log is, or what a filter leaves of it: lines, or bytes until they are counted."""
    sieve = view.sieve
    if sieve is not None:
        return f"{len(sieve.hits):,}{'' if sieve.is_whole else '+'} lines"
    return size(view.window.size) if view.n_lines is None else f"{view.n_lines:,} lines"


def nothing(known: Known) -> str:
    """Why there is no log at all."""
    if known.error:
        return f"✖ {known.error}"
    if known.state is None:
        return "⠋ loading…"
    return "No step has run yet. [w] shows the workflow."


def no_lines(
    attempt: AttemptView, now_us: int, sifted: tuple[str, Streams], reading: Reading
) -> str:
    """Why an attempt's log shows no line."""
    if reading.problem:
        return f"✖ {reading.problem}"
    if reading.note:
        return reading.note
    if sifted != ("", "both"):
        needle, streams = sifted
        words = f" with '{needle}'" if needle else ""
        stream = f" of {STREAM_WORDS[streams]}" if streams != "both" else ""
        return f"no line{words}{stream}: f and s change the filter"
    if attempt.state in ATTEMPT_ENDED:
        return "no output" if reading.is_read else "⠋ loading…"
    since = attempt.claimed_at or attempt.intended_at
    return f"no output yet (running {elapsed((now_us - since) / 1e6)})"
