"""Options that several commands share, and how a command's module is called."""

from __future__ import annotations

import gc
from importlib import import_module
from typing import Annotated, Any

import typer

from scanflow_tui.contract import plain_asyncio

Root = Annotated[
    str | None,
    typer.Option(
        "--sessions", metavar="DIR", help="Where sessions lie.", envvar="SCANFLOW_SESSIONS"
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Session = Annotated[str | None, typer.Argument(metavar="SESSION", help="Default: the only one.")]
Images = Annotated[
    str | None,
    typer.Option(
        "--images", metavar="HOW", help="Pictures: auto, kitty, sixel, iterm, half, ascii or off."
    ),
]
Engine = Annotated[str, typer.Option(metavar="NAME", help="auto, docker or process.")]
Pipeline = Annotated[str, typer.Argument(metavar="FILE", help="A pipeline.yaml or its folder.")]
RunNumber = Annotated[int | None, typer.Option("--run", metavar="N", help="Default: the latest.")]


def do(module: str, **options: Any) -> None:
    """Run a command's module and leave with the exit code that it returns."""
    if module == "open":
        plain_asyncio.load()
    command = import_module(f"scanflow_tui.cli.commands.{module}")
    gc.freeze()  # what is loaded by now stays to the end: the search for garbage passes it over
    gc.enable()
    code = command.execute(**options)
    if code:
        raise typer.Exit(code)
