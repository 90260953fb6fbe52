"""``scanflow demo``: the whole loop on real MNIST images, in the TUI or with a scripted annotator.

The demo plays production (it draws batches and corrupts one) and, without a person, the annotator.
It knows the true labels of the stream; no batch, step or session holds them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from scanflow_tui.cli import output
from scanflow_tui.cli.choosing import sessions_root
from scanflow_tui.cli.commands.approve import print_table
from scanflow_tui.cli.commands.init import copy_pipeline, make_data
from scanflow_tui.cli.playing import N_BATCHES, Demo, Script
from scanflow_tui.client.live import LiveSource
from scanflow_tui.client.starting import create_session
from scanflow_tui.contract.errors import RunFailed, UsageError
from scanflow_tui.contract.evidence import to_json
from scanflow_tui.engine.choose import DOCKER
from scanflow_tui.session import places
from scanflow_tui.session.state import SessionState

NAME = "mnist-demo"


def execute(
    headless: bool,
    new: bool,
    data: str | None,
    download: bool,
    corruption: str,
    action: str,
    engine: str,
    root: str | None,
    as_json: bool,
) -> int:
    """Make or resume the demo's session and walk the loop."""
    if action not in ("retrain", "filter", "ignore"):
        raise UsageError(f"there is no action {action!r}", hint="retrain, filter or ignore")
    folder = sessions_root(root)
    name = _name(folder, new)
    demo = Demo(folder / name, folder / ".demo" / name, corruption)
    if not demo.session.joinpath("session.duckdb").exists():
        with output.progress("making the pipeline and its data") as tell:
            _prepare(demo, data, download, tell)
        if engine == DOCKER:
            # Imported here: it loads the docker package.
            from scanflow_tui.cli.commands.images import have_image

            have_image(demo.pipeline)
        create_session(folder, name, demo.pipeline, engine)
    if not headless and not as_json and sys.stdout.isatty() and sys.stdin.isatty():
        return _with_a_person(demo, folder)
    return _headless(demo, action, as_json)


def _name(root: Path, new: bool) -> str:
    names = places.session_names(root)
    if NAME not in names or not new:
        return NAME
    number = 2
    while f"{NAME}-{number}" in names:
        number += 1
    return f"{NAME}-{number}"


def _prepare(demo: Demo, data: str | None, download: bool, tell: output.Progress) -> None:
    """The user's copy of the pipeline with its data; done once a session."""
    if not (demo.pipeline / "pipeline.yaml").exists():
        copy_pipeline("mnist", demo.pipeline)
    tell(None, "reading MNIST")
    said = make_data(demo.pipeline, demo.truth, data, download)
    tell(None, said)
    # Drawn now, so that a corruption that does not exist is said before anything is trained.
    demo.batch(N_BATCHES)


def _with_a_person(demo: Demo, root: Path) -> int:
    """The TUI, with production played beside it."""
    from scanflow_tui.cli.commands.open import doors, run
    from scanflow_tui.cli.picture_wish import wish_of
    from scanflow_tui.tui.app import ScanflowApp

    source = LiveSource(demo.session, "scanflow demo")
    name = demo.session.name
    app = ScanflowApp(source, root, "workflow", name=name, doors=doors(root), images=wish_of(None))
    with demo.production():
        code = run(app)
    output.note(f"The session is {name}: scanflow {name} comes back to it, and so does the demo.")
    return code


def _headless(demo: Demo, action: str, as_json: bool) -> int:
    """The scripted annotator walks the loop; the result table, and what each step cost."""
    with output.progress("starting") as tell:
        state = Script(demo, action, tell).play()
    run = state.runs[max(state.runs)]
    decided = [known for known in state.runs.values() if known.decision is not None]
    if as_json:
        output.write_json(_result(state))
    else:
        _print(state)
    if run.state == "failed":
        raise RunFailed(f"run {run.number} failed: {run.reason}")
    return 0 if decided or action == "ignore" else 3


def _print(state: SessionState) -> None:
    for run in state.runs.values():
        verdict = f"{run.check.finding.sentence}" if run.check else ""
        output.write(f"run {run.number} {run.batch or 'train'}: {run.state} {verdict}".rstrip())
        for node in run.nodes.values():
            last = node.attempts[-1] if node.attempts else None
            if last is not None:
                cpu = f"{last.cpu_s:.1f} s CPU" if last.cpu_s is not None else ""
                output.write(f"  {node.id:10} {node.state:8} {last.seconds or 0:6.1f} s  {cpu}")
        if run.decision is not None:
            output.write(f"  decided: {run.decision.action} ({run.decision.actor})")
        if run.table is not None:
            print_table(run.table, as_json=False)
    output.write(f"version {state.champion} of {len(state.versions)} is in production")


def _result(state: SessionState) -> dict[str, Any]:
    return {
        "session": state.name,
        "champion": state.champion,
        "runs": [
            {
                "run": run.number,
                "batch": run.batch,
                "state": run.state,
                "verdict": run.check.finding.verdict if run.check else None,
                "p": run.check.finding.p if run.check else None,
                "action": run.decision.action if run.decision else None,
                "table": to_json(run.table) if run.table else None,
                "steps": [
                    {
                        "node": node.id,
                        "state": node.state,
                        "seconds": node.attempts[-1].seconds,
                        "cpu_s": node.attempts[-1].cpu_s,
                    }
                    for node in run.nodes.values()
                    if node.attempts
                ],
            }
            for run in state.runs.values()
        ],
    }
