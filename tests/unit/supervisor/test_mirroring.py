"""How often a supervisor starts the mirror."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanflow_tui.supervisor.mirroring import AGAIN_S, OFF, Mirroring, is_wanted


class Started:
    """A mirror that ended, or runs."""

    def __init__(self, code: int | None) -> None:
        self.code = code

    def poll(self) -> int | None:
        return self.code


def starts(code: int | None, *times_s: float) -> int:
    """How often a mirror that answers ``code`` is started by news at these times."""
    started: list[Path] = []

    def start(root: Path) -> Started:
        started.append(root)
        return Started(code)

    mirroring = Mirroring(Path("/root"), start)
    for now_s in times_s:
        mirroring.wake(now_s)
    return len(started)


def test_news_within_a_minute_start_one_mirror() -> None:
    assert starts(0, 5.0, 6.0, 5.0 + AGAIN_S - 1) == 1


def test_later_news_start_another_when_the_first_has_left() -> None:
    assert starts(0, 5.0, 5.0 + AGAIN_S) == 2


def test_a_mirror_that_runs_is_left_alone() -> None:
    assert starts(None, 5.0, 5.0 + AGAIN_S) == 1


def test_a_mirror_that_cannot_be_started_harms_nobody() -> None:
    def start(root: Path) -> Started:
        raise OSError("no more processes")

    Mirroring(Path("/root"), start).wake(1.0)


def test_the_mirror_is_switched_off_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OFF, "1")
    assert not is_wanted()
