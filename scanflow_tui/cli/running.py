"""A run on the command line, once its session is known: start it, follow it, say how it ended."""

from __future__ import annotations

from pathlib import Path

from scanflow_tui.cli import output, reach
from scanflow_tui.cli.commands.status import ACTS, run_json
from scanflow_tui.cli.figures import engine_line, why
from scanflow_tui.cli.following import Follower, end_of
from scanflow_tui.cli.link import Link
from scanflow_tui.client.source import Ref
from scanflow_tui.contract.commands import StartRun
from scanflow_tui.contract.errors import PersonNeeded, RunFailed, UsageError
from scanflow_tui.session.state import SessionState
from scanflow_tui.session.unreached import state_shown

AUTO = "auto"
HERE = "."


def run(
    folder: Path,
    *,
    is_new: bool,
    batch: str | None,
    pipeline: str,
    detach: bool,
    engine: str,
    as_json: bool,
) -> int:
    """Plan, start, follow. Exit 3 where it failed, 7 where a person has to act."""
    with reach.acting(folder.name, str(folder.parent)) as link:
        if is_new and (line := engine_line(link.state)):
            output.note(line)
        if not is_new:
            _require_same(link, pipeline, engine)
        number = int(link.send(StartRun(batch)).value)
        if not detach:
            follow(link, number)
        state = link.state
    return report(state, number, as_json, detach)


def _require_same(link: Link, pipeline: str, engine: str) -> None:
    """Raises UsageError where a session that is there has another engine or pipeline."""
    state = link.state
    if engine not in (AUTO, state.engine):
        raise UsageError(
            f"session {state.name} runs its steps with the {state.engine} engine, and keeps it",
            hint=f"scanflow run NEWNAME --engine {engine} makes another session.",
        )
    if pipeline == HERE:
        return
    folder = Path(link.read(Ref("content", state.pipeline_content)).data.decode("utf-8"))
    given = Path(pipeline).resolve()
    if folder.resolve() not in (given, given.parent):
        raise UsageError(
            f"session {state.name} is of the pipeline in {folder}, not {pipeline}",
            hint=f"scanflow run NEWNAME --pipeline {pipeline} makes another session.",
        )


def follow(link: Link, number: int) -> None:
    """Follow a run until it ends or needs a person; progress goes to stderr."""
    with output.progress(f"run {number}") as tell:
        follower = Follower(number, tell)
        link.wait(lambda state: end_of(state, number), follower.seen)


def report(state: SessionState, number: int, as_json: bool, detached: bool) -> int:
    """Print what the run came to; the exit code."""
    run = state.runs[number]
    asked = [node for node in run.nodes.values() if node.state == "needs_you"]
    if as_json:
        output.write_json(run_json(state, number))
    else:
        for node in run.nodes.values():
            output.write(f"  {state_shown(run, node):10} {node.id:12} {why(run, node)}")
        n_run = sum(bool(node.attempts) for node in run.nodes.values())
        if run.state == "done" and n_run == 0:
            output.write(f"run {number}: nothing to do, every step is cached or skipped")
        else:
            output.write(f"run {number}: {run.state} {run.reason}".rstrip())
    if detached:
        return 0
    if asked:
        output.note(
            f"node {asked[0].id} needs you: {ACTS[asked[0].form].format(session=state.name)}"
        )
        return PersonNeeded.exit_code
    return RunFailed.exit_code if run.state in ("failed", "cancelled") else 0


def require_number(text: str) -> int:
    """A run's number from a reply. Raises UsageError."""
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"{text!r} is no run") from None
