"""A command runs with the search for garbage on, whatever its start switched off."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
import typer

from scanflow_tui.cli import calling
from scanflow_tui.cli.commands import lint


@pytest.fixture
def garbage_off() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


def test_a_command_runs_with_the_search_for_garbage_on(
    garbage_off: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    monkeypatch.setattr(lint, "execute", lambda: seen.append(gc.isenabled()) or 0)
    calling.do("lint")
    assert seen == [True]


def test_a_command_s_code_is_left_with(garbage_off: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lint, "execute", lambda: 2)
    with pytest.raises(typer.Exit) as left:
        calling.do("lint")
    assert left.value.exit_code == 2
