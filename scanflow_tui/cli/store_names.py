"""Names and options of the commands about what lies on the disk: ``du``, ``gc``, ``shell``.

As in ``main``, annotations are not postponed.
"""

from typing import Annotated

import typer

from scanflow_tui.cli.calling import Json, Root, RunNumber, do


def add(app: typer.Typer) -> None:
    """Put them beside the other commands."""
    app.command()(du)
    app.command()(gc)
    app.command()(shell)


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


def shell(
    attempt: Annotated[
        str, typer.Argument(metavar="ATTEMPT", help="A node, or an attempt's engine name.")
    ],
    session: Annotated[str | None, typer.Option("--session", metavar="NAME")] = None,
    number: RunNumber = None,
    try_number: Annotated[
        int | None, typer.Option("--attempt", metavar="N", help="Default: the latest.")
    ] = None,
    command: Annotated[
        str | None, typer.Option("--command", "-c", metavar="TEXT", help="Run this instead.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the copy.")] = False,
    sessions: Root = None,
    as_json: Json = False,
) -> None:
    """Open a shell where an attempt ran: same code, inputs and variables, on a copy."""
    do(
        "shell",
        attempt=attempt,
        session=session,
        number=number,
        try_number=try_number,
        command=command,
        keep=keep,
        root=sessions,
        as_json=as_json,
    )
