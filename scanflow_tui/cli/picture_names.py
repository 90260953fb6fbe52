"""Names and options of ``scanflow show``.

As in ``main``, annotations are not postponed.
"""

from typing import Annotated

import typer

from scanflow_tui.cli.calling import Images, Json, Root, do


def add(app: typer.Typer) -> None:
    """Put it beside the other commands."""
    app.command()(show)


def show(
    pictures: Annotated[
        list[str],
        typer.Argument(metavar="IMAGE...", help="Files; of a session, samples or digests."),
    ],
    session: Annotated[
        str | None, typer.Option("--session", metavar="NAME|FILE", help="Where samples are.")
    ] = None,
    images: Images = None,
    sessions: Root = None,
    as_json: Json = False,
) -> None:
    """Print pictures: by the pixel where the terminal has that, else by the cell."""
    do(
        "show",
        pictures=pictures,
        session=session,
        images=images,
        root=sessions,
        as_json=as_json,
    )
