"""Names and options of the commands about several annotators.

As in ``main``, annotations are not postponed.
"""

from typing import Annotated

import typer

from scanflow_tui.cli.calling import Json, Root, RunNumber, Session, do


def add(app: typer.Typer) -> None:
    """Put them beside the other commands."""
    app.command()(share)
    app.command()(unshare)
    app.command()(agreement)


def share(
    group: Annotated[str, typer.Argument(metavar="GROUP", help="A Unix group.")],
    session: Session = None,
    sessions: Root = None,
    as_json: Json = False,
) -> None:
    """Let the members of a Unix group label and read; all else stays yours."""
    do("share", group=group, session=session, root=sessions, as_json=as_json)


def unshare(session: Session = None, sessions: Root = None, as_json: Json = False) -> None:
    """Keep a session to yourself again; what others said stays."""
    do("share", group=None, session=session, root=sessions, as_json=as_json)


def agreement(
    session: Session = None,
    number: RunNumber = None,
    sessions: Root = None,
    as_json: Json = False,
) -> None:
    """Say how far the annotators agree, what they dispute, and which labels look wrong."""
    do("agreement", session=session, number=number, root=sessions, as_json=as_json)
