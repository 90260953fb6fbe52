"""Names and options of ``scanflow labels``.

As in ``main``, annotations are not postponed.
"""

from typing import Annotated

import typer

from scanflow_tui.cli.calling import Json, Root, RunNumber, do


def add(app: typer.Typer) -> None:
    """Put it beside the other commands."""
    app.command()(labels)


def labels(
    act: Annotated[
        str, typer.Argument(metavar="ACT", help="export, import, imports or undo-import.")
    ],
    session: Annotated[
        str | None, typer.Argument(metavar="SESSION", help="Default: the only one.")
    ] = None,
    file: Annotated[
        str | None,
        typer.Argument(metavar="FILE", help="import: the file of labels. undo-import: which one."),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="NAME",
            help="csv, jsonl, label-studio or coco. Default: by the file's name, else csv.",
        ),
    ] = None,
    out: Annotated[
        str, typer.Option("--out", "-o", metavar="FILE", help="export: where to.")
    ] = "-",
    history: Annotated[
        bool, typer.Option("--history", help="export: also what was superseded or undone.")
    ] = False,
    number: RunNumber = None,
    node: Annotated[
        str | None, typer.Option(metavar="NODE", help="The label node, if there are several.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="import: only say what would be done.")
    ] = False,
    partial: Annotated[
        bool, typer.Option("--partial", help="import: bring in the lines that fit.")
    ] = False,
    sessions: Root = None,
    as_json: Json = False,
) -> None:
    """Write labels for other tools; bring in what others said, or take that back."""
    do(
        "labels",
        act=act,
        session=session,
        file=file,
        form=form,
        out=out,
        history=history,
        number=number,
        node=node,
        dry_run=dry_run,
        partial=partial,
        root=sessions,
        as_json=as_json,
    )
