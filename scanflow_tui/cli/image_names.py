"""Names and options of ``scanflow images``.

As in ``main``, annotations are not postponed.
"""

from typing import Annotated

import typer

from scanflow_tui.cli.calling import Json, do


def add(app: typer.Typer) -> None:
    """Put it beside the other commands."""
    app.command()(images)


def images(
    act: Annotated[str, typer.Argument(metavar="ACT", help="build, list or prune.")] = "list",
    pipeline: Annotated[
        str, typer.Argument(metavar="PIPELINE", help="build: a pipeline.yaml or its folder.")
    ] = ".",
    base: Annotated[
        str,
        typer.Option(
            metavar="IMAGE", help="build: in place of the Dockerfile's.", envvar="SCANFLOW_BASE"
        ),
    ] = "",
    remove: Annotated[bool, typer.Option("--yes", help="prune: remove it; else show it.")] = False,
    every: Annotated[
        bool, typer.Option("--all", help="prune: the newest of each pipeline, and wheels, too.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Build the image of a pipeline's steps; list or remove those that ScanFlow built."""
    do(
        "images",
        act=act,
        pipeline=pipeline,
        base=base,
        remove=remove,
        every=every,
        as_json=as_json,
    )
