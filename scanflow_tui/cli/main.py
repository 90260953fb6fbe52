"""Names and options of every command; what they do stands in ``commands/``, loaded when called.

``scanflow [SESSION]`` opens the terminal UI: a first word that is a command wins, else it is a
session.

Annotations are not postponed here: typer would evaluate the text of each, twice, at every start.
"""

import io
import os
import sys
from copy import copy
from typing import Annotated

import typer
from typer.models import CommandInfo

from scanflow_tui import __version__
from scanflow_tui.cli import image_names, label_names, picture_names, store_names, team_names
from scanflow_tui.cli.at_terminal import open_closed
from scanflow_tui.cli.calling import Engine, Images, Json, Pipeline, Root, RunNumber, Session, do
from scanflow_tui.contract.errors import EXIT_DEFECT, EXIT_INTERRUPTED, ScanflowError

app = typer.Typer(
    name="scanflow",
    help="Find out in a terminal that a model went wrong, and repair it with a human in the loop.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=False,
    add_completion=True,
)


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    if version:
        typer.echo(f"scanflow {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        do("open", session=None, root=None, screen=None, ascii_only=False)


@app.command("open", hidden=True)
def _open(
    session: Session = None,
    sessions: Root = None,
    screen: Annotated[str | None, typer.Option(metavar="NAME")] = None,
    ascii_only: Annotated[bool, typer.Option("--ascii", help="Plain symbols.")] = False,
    images: Images = None,
) -> None:
    """Open the terminal UI on a session."""
    do("open", session=session, root=sessions, screen=screen, ascii_only=ascii_only, images=images)


@app.command()
def demo(
    headless: Annotated[bool, typer.Option(help="A scripted annotator instead of you.")] = False,
    new: Annotated[bool, typer.Option("--new", help="Make another session.")] = False,
    data: Annotated[
        str | None, typer.Option(metavar="DIR", help="MNIST files.", envvar="SCANFLOW_DATA")
    ] = None,
    download: Annotated[bool, typer.Option("--download", help="Fetch MNIST.")] = False,
    corruption: Annotated[
        str, typer.Option(metavar="NAME", help="Of the second batch.")
    ] = "stripe",
    action: Annotated[str, typer.Option(metavar="NAME", help="retrain or filter.")] = "retrain",
    engine: Engine = "auto",
    sessions: Root = None,
    as_json: Json = False,
) -> None:
    """Walk the whole loop on real MNIST images."""
    do(
        "demo",
        headless=headless,
        new=new,
        data=data,
        download=download,
        corruption=corruption,
        action=action,
        engine=engine,
        root=sessions,
        as_json=as_json,
    )


@app.command()
def init(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="Made if it is not there.")] = ".",
    pipeline: Annotated[str, typer.Option(metavar="NAME", help="A shipped pipeline.")] = "mnist",
    data: Annotated[
        str | None, typer.Option(metavar="DIR", help="MNIST files.", envvar="SCANFLOW_DATA")
    ] = None,
    download: Annotated[bool, typer.Option("--download", help="Fetch the data.")] = False,
    as_json: Json = False,
) -> None:
    """Copy a shipped pipeline into a folder of yours and make its data."""
    do("init", folder=folder, pipeline=pipeline, data=data, download=download, as_json=as_json)


@app.command()
def lint(pipeline: Pipeline = ".", as_json: Json = False) -> None:
    """Check a pipeline: every problem with file, line and column."""
    do("lint", pipeline=pipeline, as_json=as_json)


@app.command()
def graph(
    pipeline: Pipeline = ".",
    form: Annotated[
        str, typer.Option("--format", metavar="NAME", help="text, mermaid, dot, json.")
    ] = "text",
    as_json: Json = False,
) -> None:
    """Draw a pipeline's multigraph."""
    do("graph", pipeline=pipeline, form="json" if as_json else form)


@app.command()
def plan(
    session: Session = None,
    batch: Annotated[str | None, typer.Option(metavar="ID", help="Plan for this batch.")] = None,
    sessions: Root = None,
    as_json: Json = False,
) -> None:
    """Say what a run would do, node by node, with the reasons. Runs nothing."""
    do("plan", session=session, batch=batch, root=sessions, as_json=as_json)


@app.command()
def run(
    session: Session = None,
    batch: Annotated[str | None, typer.Option(metavar="ID", help="Check this batch again.")] = None,
    pipeline: Annotated[str, typer.Option(metavar="DIR", help="For a new session.")] = ".",
    detach: Annotated[bool, typer.Option("--detach", help="Do not wait.")] = False,
    engine: Engine = "auto",
    sessions: Root = None,
    as_json: Json = False,
) -> None:
    """Start a run and follow it until it ends or needs a person."""
    do(
        "run",
        session=session,
        batch=batch,
        pipeline=pipeline,
        detach=detach,
        engine=engine,
        root=sessions,
        as_json=as_json,
    )


@app.command("add-batch")
def add_batch(
    path: Annotated[str, typer.Argument(metavar="PATH", help="A file or folder of images.")],
    session: Session = None,
    wait: Annotated[bool, typer.Option("--wait", help="Until it is checked.")] = False,
    sessions: Root = None,
    as_json: Json = False,
) -> None:
    """Hand a production batch to a session; it is copied and checked."""
    do("add_batch", path=path, session=session, wait=wait, root=sessions, as_json=as_json)


@app.command()
def sessions(
    sessions: Root = None,
    as_json: Json = False,
) -> None:
    """List the sessions."""
    do("sessions", root=sessions, as_json=as_json)


@app.command()
def label(
    session: Session = None,
    labels: Annotated[
        str | None, typer.Option("--labels", metavar="FILE", help="JSONL: id, label or kind.")
    ] = None,
    finish: Annotated[bool, typer.Option("--finish", help="End the labelling.")] = False,
    reopen: Annotated[
        bool, typer.Option("--reopen", help="Label on, until a decision is taken.")
    ] = False,
    images: Images = None,
    sessions: Root = None,
    as_json: Json = False,
) -> None:
    """Label the queue from the keyboard; or print it, or take labels from a file."""
    if not (labels or finish or reopen or as_json) and sys.stdout.isatty():
        do("label_screen", session=session, root=sessions, images=images)
        return
    do(
        "label", session=session, labels=labels, finish=finish, reopen=reopen, root=sessions,
        as_json=as_json,
    )  # fmt: skip


@app.command()
def status(session: Session = None, sessions: Root = None, as_json: Json = False) -> None:
    """Where a session stands; exit 7 when a person has to act."""
    do("status", session=session, root=sessions, as_json=as_json)


@app.command()
def decide(
    option: Annotated[
        str | None, typer.Argument(metavar="OPTION", help="Absent: show them.")
    ] = None,
    session: Annotated[str | None, typer.Option("--session", metavar="NAME")] = None,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; required to decide.")] = "",
    sessions: Root = None,
    as_json: Json = False,
) -> None:
    """Show the evidence, or choose an option with a reason."""
    do("decide", option=option, session=session, reason=reason, root=sessions, as_json=as_json)


@app.command()
def approve(
    session: Session = None,
    discard: Annotated[bool, typer.Option("--discard", help="Do not promote.")] = False,
    show: Annotated[bool, typer.Option("--show", help="Only print the evaluation.")] = False,
    reason: Annotated[str, typer.Option(metavar="TEXT")] = "",
    sessions: Root = None,
    as_json: Json = False,
) -> None:
    """Promote the candidate that was evaluated, or discard it."""
    do(
        "approve",
        session=session,
        discard=discard,
        show=show,
        reason=reason,
        root=sessions,
        as_json=as_json,
    )


@app.command()
def rollback(
    session: Session = None,
    to: Annotated[
        int | None, typer.Option(metavar="VERSION", help="Default: the one before.")
    ] = None,
    reason: Annotated[str, typer.Option(metavar="TEXT")] = "",
    sessions: Root = None,
    as_json: Json = False,
) -> None:
    """Put an earlier version of the model back into production."""
    do("rollback", session=session, to=to, reason=reason, root=sessions, as_json=as_json)


@app.command()
def runs(
    session: Session = None,
    number: RunNumber = None,
    sessions: Root = None,
    as_json: Json = False,
) -> None:
    """List the runs of a session, or the nodes of one."""
    do("runs", session=session, number=number, root=sessions, as_json=as_json)


@app.command()
def logs(
    node: Annotated[str, typer.Argument(metavar="NODE", help="A node of the run.")],
    session: Annotated[str | None, typer.Option("--session", metavar="NAME")] = None,
    number: RunNumber = None,
    attempt: Annotated[int | None, typer.Option(metavar="N", help="Default: the latest.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Until the step ends.")] = False,
    sessions: Root = None,
    as_json: Json = False,
) -> None:
    """Print the log of a step."""
    do(
        "logs",
        node=node,
        session=session,
        number=number,
        attempt=attempt,
        follow=follow,
        root=sessions,
        as_json=as_json,
    )


@app.command()
def cancel(
    session: Session = None,
    number: RunNumber = None,
    node: Annotated[str | None, typer.Option(metavar="NODE", help="Only this node.")] = None,
    sessions: Root = None,
    as_json: Json = False,
) -> None:
    """Cancel a run, or one of its nodes."""
    do("cancel", session=session, number=number, node=node, root=sessions, as_json=as_json)


@app.command()
def retry(
    node: Annotated[
        str | None, typer.Argument(metavar="NODE", help="Absent: all that ended badly.")
    ] = None,
    session: Annotated[str | None, typer.Option("--session", metavar="NAME")] = None,
    number: RunNumber = None,
    code: Annotated[
        str, typer.Option(metavar="WHICH", help="If it changed: frozen (the plan's) or new.")
    ] = "",
    again: Annotated[
        bool, typer.Option("--again", help="Also if it was made, and what hangs on it.")
    ] = False,
    sessions: Root = None,
    as_json: Json = False,
) -> None:
    """Try again what ended badly, or resume a cancelled run; what succeeded stays."""
    do(
        "retry",
        node=node,
        session=session,
        number=number,
        code=code,
        again=again,
        root=sessions,
        as_json=as_json,
    )


@app.command()
def doctor(engine: Engine = "auto", sessions: Root = None, as_json: Json = False) -> None:
    """Say what was found on this machine, and which limits really hold."""
    do("doctor", engine=engine, root=sessions, as_json=as_json)


@app.command()
def replay(
    session: Annotated[
        str | None, typer.Argument(metavar="SESSION|FILE", help="Default: the shipped session.")
    ] = None,
    text: Annotated[bool, typer.Option("--text", help="Print the events, a line each.")] = False,
    images: Images = None,
    sessions: Root = None,
    as_json: Json = False,
) -> None:
    """Show a recorded session again, read only."""
    do("replay", session=session, text=text, root=sessions, as_json=as_json, images=images)


@app.command()
def verify(
    session: Annotated[str | None, typer.Argument(metavar="SESSION|FILE")] = None,
    head: Annotated[
        str | None, typer.Option(metavar="SEQ:HASH", help="A receipt that the file has to reach.")
    ] = None,
    sessions: Root = None,
    as_json: Json = False,
) -> None:
    """Check a session's hash chain, and against a receipt that its tail is there."""
    do("verify", session=session, head=head, root=sessions, as_json=as_json)


@app.command()
def export(
    session: Annotated[str | None, typer.Argument(metavar="SESSION|FILE")] = None,
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="Default: -")] = "-",
    sessions: Root = None,
    as_json: Json = False,
) -> None:
    """Write every event as JSONL, a line each, with its hash."""
    do(
        "export",
        session=session,
        output_path=output,
        root=sessions,
        as_json=as_json,
    )


store_names.add(app)
image_names.add(app)
label_names.add(app)
picture_names.add(app)
team_names.add(app)


def _name(command: CommandInfo) -> str:
    return command.name or str(getattr(command.callback, "__name__", ""))


def command_names() -> tuple[str, ...]:
    """Every command's name; a session may not be called so."""
    names = (_name(command) for command in app.registered_commands)
    return tuple(sorted(name for name in names if name != "open"))


def program(argv: list[str]) -> typer.Typer:
    """The app with no command but the one that is called, or with all where none is.

    Typer makes the options of every command that it holds before it reads the first argument.
    """
    word = next((word for word in argv if word != "--debug"), "")
    called = [command for command in app.registered_commands if _name(command) == word]
    if not called:
        return app
    one = copy(app)
    one.registered_commands = called
    return one


def arguments(argv: list[str]) -> list[str]:
    """The arguments with ``open`` in front where the first word is not a command.

    ``--sessions DIR`` may stand before the command too.
    """
    at = next((i for i, word in enumerate(argv) if word != "--debug"), len(argv))
    root, rest = argv[at : at + 2], argv[at + 2 :]
    if len(root) == 2 and root[0] == "--sessions":
        command = rest[0] if rest and rest[0] in command_names() else "open"
        return [*argv[:at], command, *root, *(rest if command == "open" else rest[1:])]
    if at == len(argv) or argv[at].startswith("-"):
        return argv
    if argv[at] in command_names() or argv[at] == "open":
        return argv
    return [*argv[:at], "open", *argv[at:]]


def main() -> None:
    """The command ``scanflow``."""
    argv = sys.argv[1:]
    if None in (sys.stdin, sys.stdout, sys.stderr):
        open_closed()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        args = arguments(argv)
        code = program(args)(args=args, prog_name="scanflow", standalone_mode=False)
    except SystemExit:
        raise
    except BaseException as error:
        sys.exit(_leave(error, "--debug" in argv))
    sys.exit(code if isinstance(code, int) else 0)


def _leave(error: BaseException, debug: bool) -> int:
    """Say what went wrong in one sentence; the exit code. A defect's traceback goes to a file."""
    from scanflow_tui.cli import output

    if isinstance(error, KeyboardInterrupt | typer.Abort):
        output.note("interrupted; what was acknowledged is kept")
        return EXIT_INTERRUPTED
    if isinstance(error, ScanflowError) and not debug:
        output.show_error(error)
        return error.exit_code
    if isinstance(error, BrokenPipeError):
        # Whoever read has gone: what Python still holds for it must not be tried again at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    usage = getattr(error, "format_message", None)
    if usage is not None:
        output.note(f"scanflow: {usage()} See: scanflow --help")
        return int(getattr(error, "exit_code", 2))
    if debug:
        raise error
    from scanflow_tui.cli.commands.defect import write_traceback

    output.note(f"scanflow: this is a defect of ScanFlow's own; see {write_traceback(error)}")
    return EXIT_DEFECT
