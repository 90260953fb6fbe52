"""A supervisor that cannot come up says so to whoever started it, whatever its log can take."""

from __future__ import annotations

import argparse
import errno
import io
from pathlib import Path

import pytest

from scanflow_tui.contract.errors import Missing, ScanflowError
from scanflow_tui.supervisor import __main__ as program
from scanflow_tui.supervisor import opening


class Starter:
    def __init__(self) -> None:
        self.told: list[ScanflowError] = []

    def ready(self) -> None:
        raise AssertionError("it cannot be ready")

    def failed(self, error: ScanflowError) -> None:
        self.told.append(error)


class Full(io.StringIO):
    """A stream onto a full disk."""

    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(("error", "code"), [(Missing("disk full"), 5), (ValueError("x"), 1)])
def test_a_full_disk_under_the_log_does_not_keep_the_reason(
    error: Exception, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def serve(*args: object, **options: object) -> None:
        raise error

    options = argparse.Namespace(create="s", pipeline=tmp_path, engine="process", idle_s=1.0)
    starter = Starter()
    monkeypatch.setattr(opening, "serve", serve)
    monkeypatch.setattr("sys.stderr", Full())
    assert program._serve(tmp_path, options, starter) == code  # type: ignore[arg-type]
    assert [told.exit_code for told in starter.told] == [code]
