"""Which commands are made for a start: the one called, else all."""

from __future__ import annotations

from typing import Any

import pytest
from typer.main import get_command

from scanflow_tui.cli.main import app, arguments, command_names, program


def commands(argv: list[str]) -> dict[str, Any]:
    group: Any = get_command(program(arguments(argv)))
    return dict(group.commands)


@pytest.mark.parametrize("name", command_names())
def test_a_command_alone_takes_what_it_takes_among_all(name: str) -> None:
    everything: Any = get_command(app)
    alone = commands([name])
    assert list(alone) == [name]
    assert [item.opts for item in alone[name].params] == [
        item.opts for item in everything.commands[name].params
    ]


def test_a_session_s_name_and_a_flag_before_a_command_call_one_command() -> None:
    assert list(commands(["mnist-demo"])) == ["open"]
    assert list(commands(["--debug", "lint"])) == ["lint"]


@pytest.mark.parametrize("argv", [[], ["--help"], ["--version"], ["--bogus"]])
def test_all_are_there_where_none_is_called(argv: list[str]) -> None:
    assert set(commands(argv)) == {*command_names(), "open"}


def test_the_app_keeps_its_commands() -> None:
    program(["lint"])
    assert len(app.registered_commands) == len(command_names()) + 1
