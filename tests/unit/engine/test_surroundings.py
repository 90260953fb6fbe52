"""What steps run in is asked anew for every plan: packages come while a supervisor lives."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scanflow_tui.engine.surroundings import interpreter_digest


def test_a_package_that_is_installed_meanwhile_is_another_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path), "/nowhere/at/all"])
    before = interpreter_digest()
    assert interpreter_digest() == before
    (tmp_path / "numpy-2.0.dist-info").mkdir()
    first = interpreter_digest()
    assert first != before
    (tmp_path / "numpy-2.0.dist-info").rename(tmp_path / "numpy-2.1.dist-info")
    assert interpreter_digest() not in (before, first)
