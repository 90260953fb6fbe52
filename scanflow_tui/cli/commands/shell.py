"""``scanflow shell``: a shell where an attempt ran, on a copy of what it left."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from scanflow_tui.cli import output, reach
from scanflow_tui.cli.commands.logs import attempt_of
from scanflow_tui.contract.errors import Missing, UsageError
from scanflow_tui.engine.choose import open_engine
from scanflow_tui.engine.protocol import Enters, Spec
from scanflow_tui.session.places import SessionFolder
from scanflow_tui.session.state import AttemptView, NodeView, RunView, SessionState
from scanflow_tui.supervisor.inside import copy_of
from scanflow_tui.workflow.lint import read

TERMINAL = ("TERM", "COLORTERM", "LINES", "COLUMNS")
"""Variables of the person's terminal, which no step has, and a shell needs."""


def execute(
    attempt: str,
    session: str | None,
    number: int | None,
    try_number: int | None,
    command: str | None,
    keep: bool,
    root: str | None,
    as_json: bool,
) -> int:
    """Open it, or run one command in it; the exit code is the shell's."""
    with reach.reading(session, root) as link:
        state, folder = link.state, SessionFolder(link.folder)
    run, node, view = _find(state, attempt, number, try_number)
    engine, _ = open_engine(state.engine)
    try:
        if not isinstance(engine, Enters):
            raise Missing(f"the {state.engine} engine cannot open a shell where an attempt ran")
        copy = Path(tempfile.mkdtemp(prefix=f"scanflow-{node.id}-"))
        try:
            graph = read(state.pipelines[run.pipeline])
            spec = copy_of(folder, graph, run, node, view, copy)
            entry = engine.enter(spec, _argv(command, is_run=not as_json))
            env = entry.env | {name: os.environ[name] for name in TERMINAL if name in os.environ}
            if as_json:
                keep = True
                output.write_json(
                    {
                        "attempt": view.name,
                        "folder": spec.folder,
                        "step": list(spec.argv),
                        "argv": list(entry.argv),
                        "cwd": entry.cwd,
                        "env": env,
                    }
                )
                return 0
            _say(view, spec, keep)
            return subprocess.run(entry.argv, cwd=entry.cwd, env=env, check=False).returncode
        finally:
            if not keep:
                shutil.rmtree(copy, ignore_errors=True)
    finally:
        engine.close()


def _find(
    state: SessionState, name: str, number: int | None, try_number: int | None
) -> tuple[RunView, NodeView, AttemptView]:
    """By engine name, or by node (the latest try of the latest run that began it)."""
    if name.startswith("sf-"):
        for run in state.runs.values():
            for node in run.nodes.values():
                for view in node.attempts:
                    if view.name == name:
                        return run, node, view
        raise UsageError(f"there is no attempt {name!r}", hint="scanflow runs --json names them.")
    run = reach.latest_run(
        state, number, lambda run: name in run.nodes and bool(run.nodes[name].attempts)
    )
    view = attempt_of(run, name, try_number)
    return run, run.nodes[name], view


def _argv(command: str | None, *, is_run: bool) -> tuple[str, ...]:
    if command is not None:
        return ("/bin/sh", "-c", command)
    if is_run and not sys.stdin.isatty():
        raise UsageError("a shell needs a terminal", hint="-c COMMAND runs one command instead.")
    return (shutil.which("bash") or "/bin/sh",)


def _say(view: AttemptView, spec: Spec, keep: bool) -> None:
    output.note(f"attempt {view.name}: {view.outcome or view.state}")
    output.note(f"its folder, copied: {spec.folder}" + ("" if keep else " (removed at the end)"))
    output.note(f"the step was: {shlex.join(spec.argv)}")
