"""``scanflow run``: start a run and follow it until it ends or needs a person.

What it needs to talk with a supervisor is loaded while that one comes up.
"""

from __future__ import annotations

from pathlib import Path

from scanflow_tui.cli.choosing import session_folder, sessions_root
from scanflow_tui.client.starting import Making, begin, begin_session
from scanflow_tui.contract import plain_asyncio
from scanflow_tui.contract.limits import PIPELINE_BYTES_MAX
from scanflow_tui.session import places

HERE = "."
PIPELINE_FILE = "pipeline.yaml"


def create_here(root: Path, name: str | None, pipeline: str, engine: str) -> Path:
    """Make a session from a pipeline's folder; its name is the pipeline's, if none is given."""
    return begin_here(root, name, pipeline, engine).finish()


def begin_here(root: Path, name: str | None, pipeline: str, engine: str) -> Making:
    """The same without waiting for the supervisor that makes it."""
    # Imported here: the command's own module, which tests load alone.
    from scanflow_tui.cli.main import command_names

    name = name or _name_of(pipeline)
    places.check_name(name, command_names())
    _require_readable(pipeline)
    folder = Path(pipeline) if Path(pipeline).is_dir() else Path(pipeline).parent
    if engine == "docker":
        # Imported here: it loads the docker package.
        from scanflow_tui.cli.commands.images import have_image

        have_image(folder)
    return begin_session(root, name, folder, engine)


def execute(
    session: str | None,
    batch: str | None,
    pipeline: str,
    detach: bool,
    engine: str,
    root: str | None,
    as_json: bool,
) -> int:
    """Choose or make the session, then run. Exit 3 where it failed, 7 where a person has to act."""
    folder, making = _folder(session, pipeline, engine, root)
    plain_asyncio.load()
    # Imported here: meanwhile the supervisor comes up.
    from scanflow_tui.cli import running

    if making is not None:
        making.finish()
    return running.run(
        folder,
        is_new=making is not None,
        batch=batch,
        pipeline=pipeline,
        detach=detach,
        engine=engine,
        as_json=as_json,
    )


def _folder(
    session: str | None, pipeline: str, engine: str, root: str | None
) -> tuple[Path, Making | None]:
    """The session's folder, its supervisor on its way up; and the making of it, if it is new."""
    lie_in = sessions_root(root)
    names = places.session_names(lie_in)
    is_here = Path(pipeline, PIPELINE_FILE).exists()
    if session in names or (session is None and names and pipeline == HERE and not is_here):
        found = session_folder(session, root)
    else:
        name = session or _name_of(pipeline)
        if name not in names:
            return lie_in.resolve() / name, begin_here(lie_in, name, pipeline, engine)
        found = session_folder(name, root)
    begin(found)
    return found, None


def _name_of(pipeline: str) -> str:
    # Imported here: a run whose session is named reads no pipeline.
    from scanflow_tui.cli.commands.lint import pipeline_text
    from scanflow_tui.workflow.lint import read

    text, where = pipeline_text(pipeline)
    return read(text, where).name


def _require_readable(pipeline: str) -> None:
    """Raises Missing, InputError where a pipeline is absent or no text; its rules are not asked."""
    path = Path(pipeline, PIPELINE_FILE) if Path(pipeline).is_dir() else Path(pipeline)
    try:
        data = path.read_bytes()
        is_text = len(data) <= PIPELINE_BYTES_MAX and data.decode("utf-8") is not None
    except (OSError, UnicodeDecodeError):
        is_text = False
    if not is_text:
        # Imported here, as above.
        from scanflow_tui.cli.commands.lint import pipeline_text

        pipeline_text(pipeline)
