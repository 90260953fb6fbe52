"""What a container's inspection means for its attempt (pure).

An exit code of 0 is not the truth by itself: a container that was never started, or that the engine
stopped, may say 0 too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from scanflow_tui.engine.protocol import Exited, Hit

SIGNAL_BASE = 128
SIGNALS = range(1, 65)
SIGXFSZ = 25
OOM_CODE = 137
RESTART_CODES = frozenset({0, 255, 128 + 9, 128 + 15})
"""What a restart of the engine can leave in the place of the true code."""

NOT_EXECUTABLE, NOT_FOUND = 126, 127
CATATONIT_CODE = 1
"""What Podman's usual init ends with when it cannot run the program, whatever the reason."""
INIT_CODES = frozenset({CATATONIT_CODE, NOT_EXECUTABLE, NOT_FOUND})
ABSENT = "No such file or directory"

_NEVER = "0001-01-01T00:00:00Z"
_INIT_SAID = re.compile(
    rb"\[FATAL tini \(\d+\)\] exec .+? failed: (.+)"
    rb"|catatonit\S* failed to exec pid1: (.+)"
)
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class State:
    """A container's state. Times are microseconds UTC of the engine's clock, 0 for never."""

    status: str
    code: int
    is_oom: bool
    error: str
    started_at: int
    finished_at: int
    program: str = ""

    @property
    def never_ran(self) -> bool:
        """Whether it was created, and no more."""
        return self.started_at == 0

    @property
    def has_ended(self) -> bool:
        return self.status in ("exited", "dead", "removing") and not self.never_ran


@dataclass(frozen=True, slots=True)
class Known:
    """What the adapter knows beside the inspection.

    ``away`` is a sentence where the engine was away while the container ran; ``ran_on`` says that
    it was seen running after that. ``foreign`` are signals that others had the engine send.
    """

    hit: Hit = ""
    is_cancelled: bool = False
    away: str = ""
    ran_on: bool = False
    foreign: tuple[int, ...] = ()
    last_line: bytes = b""
    cpu_s: float | None = None
    rss_bytes: int | None = None
    log_error: str = ""


def state_of(inspection: dict[str, Any]) -> State:
    """Read an inspection; what a different engine leaves out has its empty value."""
    raw = inspection.get("State") or {}
    return State(
        status=str(raw.get("Status") or ""),
        code=int(raw.get("ExitCode") or 0),
        is_oom=bool(raw.get("OOMKilled")),
        error=str(raw.get("Error") or ""),
        started_at=time_us(str(raw.get("StartedAt") or _NEVER)),
        finished_at=time_us(str(raw.get("FinishedAt") or _NEVER)),
        program=_program(inspection),
    )


def time_us(text: str) -> int:
    """A time of the engine (RFC 3339, up to nanoseconds) in microseconds UTC; 0 for its zero."""
    match = _TIME.match(text)
    if match is None or text.startswith("0001-"):
        return 0
    second, fraction, zone = match.groups()
    at = datetime.fromisoformat(second + ("+00:00" if zone == "Z" else zone))
    micros = int((fraction or "").ljust(6, "0")[:6])
    return int(at.astimezone(UTC).timestamp()) * 1_000_000 + micros


def exited(state: State, known: Known) -> Exited:
    """The outcome of a container that has ended."""
    code, number = split_code(state.code)
    exec_error = _exec_error(state, known.last_line)
    if exec_error and state.code == CATATONIT_CODE:
        code = NOT_FOUND if exec_error.endswith(ABSENT) else NOT_EXECUTABLE
    return Exited(
        code=code,
        signal=number,
        claimed_at=state.started_at,
        ended_at=max(state.started_at, state.finished_at),
        hit=_hit(state, known, number),
        cancelled=known.is_cancelled,
        cpu_s=known.cpu_s,
        rss_bytes=known.rss_bytes,
        exec_error=exec_error,
        doubt="" if known.is_cancelled or known.hit else doubt_of(state, known),
        log_error=known.log_error,
    )


def split_code(code: int) -> tuple[int | None, int | None]:
    """The code as init tells it: 128 and a signal's number where a signal ended the step."""
    if code - SIGNAL_BASE in SIGNALS:
        return None, code - SIGNAL_BASE
    return code, None


def doubt_of(state: State, known: Known) -> str:
    """Why the code may not be true; empty where it is."""
    if known.away and (not known.ran_on or state.code in RESTART_CODES):
        return f"{known.away}, so its exit code {state.code} may not be true"
    if known.foreign:
        return (
            f"it was sent signal {known.foreign[-1]} by somebody else "
            f"(an engine that stops, or a person), so its exit code {state.code} is not its own"
        )
    if state.code == 0 and state.error:
        return f"the engine reports 0 and an error: {state.error}"
    return ""


def _hit(state: State, known: Known, number: int | None) -> Hit:
    if known.hit:
        return known.hit
    if state.is_oom:
        return "memory"
    return "disk" if number == SIGXFSZ else ""


def _exec_error(state: State, last_line: bytes) -> str:
    """Init says why a program cannot be run; 126 and 127 alone may be the step's own codes."""
    if state.code not in INIT_CODES:
        return ""
    match = _INIT_SAID.search(last_line.rstrip(b"\n").rpartition(b"\n")[2])
    if match is None:
        return "" if state.code == CATATONIT_CODE else state.error
    reason = (match.group(1) or match.group(2)).decode("utf-8", "replace")
    return f"cannot run {state.program!r}: {reason}"


def _program(inspection: dict[str, Any]) -> str:
    """The program of a container; an engine tells it as a list, or as one text."""
    told = (inspection.get("Config") or {}).get("Entrypoint") or ""
    return str(told[0]) if isinstance(told, list) else str(told)
