"""What exit status and outputs come to together."""

from __future__ import annotations

import pytest

from scanflow_tui.engine.protocol import Exited
from scanflow_tui.session.events import StepError
from scanflow_tui.supervisor.machine.outcomes import judge
from scanflow_tui.supervisor.machine.stimuli import Collected


def told(code: int | None, signal: int | None = None, **more: object) -> Collected:
    exit_fields = {key: more.pop(key) for key in list(more) if key in Exited.__dataclass_fields__}
    exited = Exited(code, signal, 1, 2, **exit_fields)  # type: ignore[arg-type]
    return Collected("a", exited, {}, {}, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("collected", "state", "word"),
    [
        (told(0), "done", ""),
        (told(0, problem="it wrote no output 'model'"), "failed", "no output"),
        (told(0, doubt="the daemon was away"), "doubt", "away"),
        (told(3), "failed", "exit code 3"),
        (told(3, last_error_line="no such class"), "failed", "no such class"),
        (told(2, error=StepError("bad shape")), "failed", "bad shape"),
        (told(None, 9), "failed", "SIGKILL"),
        (told(None, 15, hit="time"), "timed_out", "time limit"),
        (told(None, 15, hit="log"), "failed", "log"),
        (told(None, 9, hit="memory"), "failed", "memory"),
        (told(127, exec_error="no program 'nope'"), "failed", "nope"),
        (told(None, 15, cancelled=True), "cancelled", "cancelled"),
        (told(None, None, cancelled=True), "cancelled", "cancelled"),
        (told(0, cancelled=True), "done", ""),
    ],
)
def test_an_exit_is_judged_with_its_outputs(collected: Collected, state: str, word: str) -> None:
    found, reason = judge(collected)
    assert found == state
    assert word in reason
