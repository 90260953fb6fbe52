"""Names and options of the commands about what lies on the disk: ``du``, ``gc``, ``shell``."""

from __future__ import annotations

from typing import Annotated

import typer

from scanflow_tui.cli.calling import Json, Root, do


def add(app: typer.Typer) -> None:
    """Put them beside the other commands."""
    app.command()(du)
    app.command()(gc)


def du(sessions: Root = None, as_json: Json = False) -> None:
    """Say what each session takes on the disk, and what no session names."""
    do("du", root=sessions, as_json=as_json)


def gc(
    remove: Annotated[bool, typer.Option("--yes", help="Remove it; else only show it.")] = False,
    age: Annotated[int, typer.Option(metavar="MINUTES", help="Leave what is younger.")] = 60,
    sessions: Root = None,
    as_json: Json = False,
) -> None:
    """Show what no session names, and remove it with --yes."""
    do("gc", remove=remove, age_min=age, root=sessions, as_json=as_json)
