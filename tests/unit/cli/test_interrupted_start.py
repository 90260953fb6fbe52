"""Ctrl-C while the command line is still being loaded: no traceback, the shell's own code."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import ModuleType

import pytest

from scanflow_tui import __main__ as command


class Interrupting:
    """A finder in whose time somebody presses ctrl+c."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> None:
        if name == "scanflow_tui.cli.main":
            raise KeyboardInterrupt


def test_an_interrupt_while_loading_ends_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "scanflow_tui.cli.main", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Interrupting(), *sys.meta_path])
    monkeypatch.setattr(command.gc, "disable", lambda: None)
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == command.INTERRUPTED
